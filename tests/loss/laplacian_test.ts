import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { laplacian, laplacianOf } from "../../lib/loss/laplacian.ts";
import { createObjective } from "../../lib/loss/objective.ts";
import { seeThrough } from "../../lib/network/features.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const file = new URL("../golden/measures.json", import.meta.url);
const golden: {
  laplacian: {
    shape: [number, number, number];
    seeds: [number, number];
    value: number;
    gradient: number[];
  };
} = JSON.parse(await Deno.readTextFile(file));

/** The loss of a term that needs no network. */
function lossOf(content: Picture, pool: number[]) {
  const network = stubNetwork();
  const bound = laplacianOf(content, { pool }).bind(seeThrough(network), {});
  network.dispose();
  return (image: tf.Tensor4D) => bound.value({ image, features: {}, evaluation: 0 });
}

useEachEngine("laplacian() of a single point is 4 in its place and -1 beside it", async () => {
  const point = tf.buffer([1, 5, 5, 3]);
  point.set(1, 0, 2, 2, 1);
  const found = laplacian(point.toTensor() as tf.Tensor4D, 1);
  assertEquals([...await found.data()], [0, -1, 0, -1, 4, -1, 0, -1, 0]);
});

useEachEngine("laplacian() of a ramp is 0, and pooling takes means", async () => {
  const ramp = tf.tile(tf.reshape(tf.range(0, 12), [1, 1, 12, 1]), [1, 12, 1, 3]) as tf.Tensor4D;
  for (const pool of [1, 2, 4]) {
    const found = laplacian(ramp, pool);
    assertEquals(found.shape, [12 / pool - 2, 12 / pool - 2]);
    assert((await found.data()).every((value) => Math.abs(value) < 1e-4));
  }
});

useEachEngine("the Laplacian loss and its gradient equal PyTorch's", async () => {
  const { shape: [height, width], seeds, value, gradient } = golden.laplacian;
  const [x, content] = seeds.map((seed): Picture => ({
    width,
    height,
    data: uniformNoise(height * width * 3, 0, 255, seededRandom(seed)),
  }));
  const loss = lossOf(content!, [3]);
  const found = tf.valueAndGrad((x: tf.Tensor) => loss(x as tf.Tensor4D))(toTensor(x!));
  assertAllClose(await found.value.data(), [value], { rtol: 1e-3 });
  assertAllClose(await found.grad.data(), gradient, { rtol: 1e-3, scale: "rms" });
});

useEachEngine(
  "laplacianOf() is 0 for the content and for one that is lighter all over",
  async () => {
    const content = noisePicture(14, 15, 1);
    const loss = lossOf(content, [1, 4]);
    const x = toTensor(content);
    const [far] = await loss(toTensor(noisePicture(14, 15, 2))).data();
    for (const shift of [0, 30]) {
      const [near] = await loss(tf.add(x, shift)).data();
      assert(near! < 1e-6 * far!, `${near} of ${far}`);
    }
    const error = await slopeError(loss, toTensor(noisePicture(14, 15, 2)));
    assert(error < 1e-3, `relative error ${error}`);
  },
);

useEachEngine("laplacianOf() leaves no tensor behind", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const once = async () => {
    const objective = createObjective(see, [laplacianOf(noisePicture(16, 12, 1))]);
    const x = toTensor(noisePicture(16, 12, 2));
    const evaluation = objective.evaluate(x);
    await evaluation.total.data();
    tf.dispose([evaluation, x]);
    objective.dispose();
  };
  await once();
  assertEquals(await tensorsLeft(once), 0);
  network.dispose();
});

Deno.test("laplacianOf() refuses a picture that is too small, and no side at all", () => {
  const message = "at least three squares of 4 pixels in each direction: current value is [20, 11]";
  const x = tf.zeros([1, 11, 20, 3]) as tf.Tensor4D;
  assertThrows(() => laplacian(x, 4), RangeError, message);
  x.dispose();
  assertThrows(
    () => laplacianOf(noisePicture(8, 8), { pool: [] }),
    RangeError,
    "at least one side",
  );
});
