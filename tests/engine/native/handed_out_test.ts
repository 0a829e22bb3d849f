import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { useEngine } from "../../../lib/engine/engine.ts";
import type { NativeBackend } from "../../../lib/engine/native/backend.ts";
import { featuresOf } from "../../../lib/network/features.ts";
import { NETWORKS } from "../../helpers/native_networks.ts";

const SIDE = 48;
const noise = (shape: number[], seed: number) => {
  const size = shape.reduce((a, b) => a * b);
  return tf.tensor(uniformNoise(size, -1, 1, seededRandom(seed)), shape);
};

/**
 * A gradient that goes through two wanted layers; that of the first, larger than that of the second, is
 * written over its features. `look` sees those and their own gradient, on the way.
 */
async function gradientOf(
  look: (features: tf.Tensor2D, gradient?: tf.Tensor2D) => void,
  columns = 32,
): Promise<Float32Array> {
  const network = NETWORKS["3x3 convolutions in whole blocks"]!();
  const x = tf.tidy(() => tf.variable(noise([1, SIDE, SIDE, 3], 1).mul(100)));
  const matrix = noise([columns, columns], 2) as tf.Tensor2D;
  // Half of its gradient is the features times the matrix: a product that is put off.
  const product = tf.customGrad((features, save) => {
    (save as tf.GradSaveFunc)([features as tf.Tensor]);
    look(features as tf.Tensor2D);
    return {
      value: tf.sum(features as tf.Tensor),
      gradFunc: (_, saved) => {
        const gradient = tf.matMul((saved as tf.Tensor2D[])[0]!, matrix) as tf.Tensor2D;
        look((saved as tf.Tensor2D[])[0]!, gradient);
        return gradient;
      },
    };
  });
  const dx = tf.grad((x: tf.Tensor) => {
    const { a, b } = featuresOf(network, x as tf.Tensor4D, ["a", "b"]);
    return tf.add(product(tf.reshape(a!, [-1, columns])), tf.sum(tf.square(b!)));
  })(x);
  const values = await dx.data() as Float32Array;
  tf.dispose([x, matrix, dx]);
  network.dispose();
  return values;
}

const bucketOf = ({ dataId }: tf.Tensor) => (tf.backend() as NativeBackend).data.get(dataId);

Deno.test("a gradient is written over features; whoever has kept them finds them as they were", async () => {
  await useEngine("native");
  const before = tf.memory();
  const kept: { features?: tf.Tensor2D; gradient?: tf.Tensor2D } = {};
  let early: Float32Array | undefined;
  let product: Float32Array | undefined;
  const over = await gradientOf((features, gradient) => {
    if (gradient) kept.gradient = tf.keep(gradient);
    else kept.features = tf.keep(tf.clone(features));
  });
  assertEquals(bucketOf(kept.features!).values, undefined, "the buffer is the gradient's");
  assertEquals(bucketOf(kept.gradient!).values, undefined);
  // The same, read on the way: the product is there, and the features are somebody else's as well.
  const beside = await gradientOf((features, gradient) => {
    if (gradient) product = gradient.dataSync() as Float32Array;
    else {
      early = features.dataSync() as Float32Array;
      // A plain kernel may keep a view of them.
      tf.dispose(tf.tidy(() => tf.tanh(features)));
    }
  });
  assertEquals(over, beside);
  assertEquals(kept.features!.dataSync(), early);
  assertEquals(kept.gradient!.dataSync(), product);
  assertEquals(kept.features!.dataSync(), early, "and stay");
  tf.dispose([kept.features, kept.gradient]);
  const after = tf.memory();
  assertEquals([after.numTensors, after.numDataBuffers], [
    before.numTensors,
    before.numDataBuffers,
  ]);
});

Deno.test("features that something else is still to be made from are not written over", async () => {
  await useEngine("native");
  const other = noise([32, 32], 3) as tf.Tensor2D;
  let later: tf.Tensor | undefined;
  let expected: Float32Array | undefined;
  await gradientOf((features, gradient) => {
    if (gradient) return;
    later = tf.keep(tf.matMul(features, other)); // put off
    expected = tf.tidy(() => tf.matMul(features, other).dataSync()) as Float32Array;
  });
  assertEquals(bucketOf(later!).values, undefined, "nobody has read it so far");
  assertEquals(later!.dataSync(), expected);
  tf.dispose([later!, other]);
});

Deno.test("nor those that the gradient needs at other places than it writes", async () => {
  await useEngine("native");
  let features: tf.Tensor | undefined;
  await gradientOf((seen) => features ??= tf.keep(tf.clone(seen)), 64); // two pixels in a row
  assert(bucketOf(features!).values !== undefined);
  features!.dispose();
});

Deno.test("a second gradient of the same picture finds features of its own", async () => {
  await useEngine("native");
  const network = NETWORKS["convolutions that are pooled at once"]!();
  const x = tf.tidy(() => noise([1, SIDE, SIDE, 3], 1).mul(100)) as tf.Tensor4D;
  const loss = (x: tf.Tensor) => {
    const features = featuresOf(network, x as tf.Tensor4D, ["a", "b", "c"]);
    return tf.addN(Object.values(features).map((layer) => tf.sum(tf.square(layer))));
  };
  const gradients = [1, 2].map(() => tf.grad(loss)(x));
  const [first, second] = gradients.map((gradient) => gradient.dataSync());
  assert(first!.some((value) => value !== 0));
  assertEquals(first, second);
  tf.dispose([x, ...gradients]);
  network.dispose();
});
