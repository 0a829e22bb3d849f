/**
 * Losses and units of gradients as one program on WebGPU beside TensorFlow.js' operations on the processor.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { useEngine } from "../../../lib/engine/engine.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { denoiseLoss, meanSquaredError } from "../../../lib/loss/losses.ts";
import { selfProduct } from "../../../lib/loss/style/measure.ts";
import { addScaled } from "../../../lib/optimizers/add_scaled.ts";
import { nextUnit } from "../../../lib/optimizers/unit.ts";
import { ENGINES } from "../../helpers/engines.ts";

const ignore = !ENGINES.includes("webgpu"); // `engines.ts` prints why

function randomValues(shape: number[], seed: number): tf.Tensor {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random() - 0.3);
  return tf.tensor(values, shape);
}

/** Functions to a scalar, and the shapes of what they take. */
const LOSSES: Record<string, [(...x: tf.Tensor[]) => tf.Scalar, ...number[][]]> = {
  "mean squared error": [(a, b) => meanSquaredError(a!, b!), [1, 5, 7, 4], [1, 5, 7, 4]],
  "mean squared error, scaled": [(a, b) => meanSquaredError(a!, b!, 0.3), [33, 33], [33, 33]],
  "mean squared error to one number": [(a, b) => meanSquaredError(a!, b!), [2, 3], []],
  "total variation": [(x) => denoiseLoss(x as tf.Tensor4D), [1, 13, 17, 3]],
  "total variation, a mean": [
    (x) => denoiseLoss(x as tf.Tensor4D, { reduce: "mean" }),
    [1, 4, 5, 3],
  ],
  "total variation of a row": [(x) => denoiseLoss(x as tf.Tensor4D), [1, 1, 6, 3]],
  "total variation of a column": [(x) => denoiseLoss(x as tf.Tensor4D), [1, 6, 1, 3]],
  "total variation of flat parts": [
    (x) => denoiseLoss(tf.round(tf.mul(x!, 2)) as tf.Tensor4D),
    [1, 9, 9, 3],
  ],
  "a product with itself, not looked at symmetrically": [
    (x, w) => tf.sum(tf.mul(selfProduct(x!), w!)) as tf.Scalar,
    [20, 9],
    [9, 9],
  ],
};

/** A loss and its gradients with respect to all inputs. */
async function numbersOf(
  engine: "webgpu" | "cpu",
  [loss, ...shapes]: typeof LOSSES[string],
): Promise<number[][]> {
  await useEngine(engine);
  const inputs = shapes.map((shape, i) => randomValues(shape, i + 1));
  const before = tf.memory().numTensors;
  const { value, grads } = tf.valueAndGrads(loss as never)(inputs);
  assertEquals(tf.memory().numTensors, before + 1 + inputs.length);
  const numbers = await Promise.all([value, ...grads].map(async (x) => Array.from(await x.data())));
  tf.dispose([value, ...grads, ...inputs]);
  return numbers;
}

for (const [name, loss] of Object.entries(LOSSES)) {
  Deno.test({
    name: `${name} on WebGPU is that of the processor, with its gradients`,
    ignore,
    fn: async () => {
      const [found, wanted] = [await numbersOf("webgpu", loss), await numbersOf("cpu", loss)];
      for (const [i, numbers] of wanted.entries()) {
        const scale = Math.max(...numbers.map(Math.abs), 1e-6);
        const worst = Math.max(...numbers.map((value, j) => Math.abs(value - found[i]![j]!)));
        assert(
          worst < 2e-6 * scale,
          `${i === 0 ? "value" : `gradient ${i}`}: ${worst / scale} off`,
        );
      }
    },
  });
}

Deno.test({
  name: "the unit of a gradient on WebGPU is that of the processor",
  ignore,
  fn: async () => {
    const sizes = [0, 1e-30, 2 ** -25, 2 ** -24, 1, 2 ** 24, 2 ** 47, 2 ** 48, 1e20, 3e38, NaN];
    const units = [1, 2 ** -32, 2 ** 32, 2 ** 96];
    const all: Record<string, number[]> = {};
    for (const engine of ["webgpu", "cpu"] as const) {
      await useEngine(engine);
      all[engine] = [];
      for (const size of sizes) {
        for (const unit of units) {
          const chosen = tf.tidy(() => nextUnit(tf.scalar(size), tf.scalar(unit)));
          all[engine].push((await chosen.data())[0]!);
          chosen.dispose();
        }
      }
    }
    assertEquals(all.webgpu, all.cpu);
  },
});

Deno.test({
  name: "addScaled() on WebGPU is x + weight · y",
  ignore,
  fn: async () => {
    await useEngine("webgpu");
    const sum = addScaled(tf.tensor1d([1, 2, 3]), tf.tensor1d([4, 8, -16]), 0.25);
    assertEquals(Array.from(await sum.data()), [2, 4, -1]);
  },
});
