import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import {
  contentLoss,
  DENOISE_SHAPES,
  type DenoiseForm,
  denoiseLoss,
  meanSquaredError,
} from "../../lib/loss/losses.ts";
import {
  gramMatrices,
  gramMatrix,
  normalizedGramMatrix,
  styleLoss,
} from "../../lib/loss/style/gram.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";

const noise = (shape: [number, number, number, number], seed: number) =>
  tf.tensor4d(uniformNoise(shape.reduce((a, b) => a * b), -1, 1, seededRandom(seed)), shape);

useEachEngine("meanSquaredError() of [1, 2, 5] and [1, 4, 2] is 13/3", async () => {
  // (0² + 2² + 3²) / 3
  const loss = meanSquaredError(tf.tensor1d([1, 2, 5]), tf.tensor1d([1, 4, 2]));
  assertAllClose(await loss.data(), [13 / 3], { rtol: 1e-6 });
});

useEachEngine("gramMatrix() of all-ones features is the number of positions", async () => {
  const gram = gramMatrix(tf.ones([1, 3, 5, 2]));
  assertEquals(gram.shape, [2, 2]);
  assertAllClose(await gram.data(), [15, 15, 15, 15], { rtol: 1e-6 });
});

useEachEngine("gramMatrix() agrees with a plain float64 sum", async () => {
  const features = noise([1, 5, 7, 6], 1);
  const values = await features.data();
  const expected = Array.from({ length: 36 }, (_, at) => {
    let sum = 0;
    for (let p = 0; p < 35; p++) sum += values[p * 6 + (at % 6)]! * values[p * 6 + (at / 6 | 0)]!;
    return sum;
  });
  assertAllClose(await gramMatrix(features).data(), expected, { rtol: 1e-5, scale: "rms" });
});

useEachEngine("gramMatrix() does not change when positions are shuffled", async () => {
  const features = noise([1, 4, 6, 3], 2);
  const mirrored = tf.reverse(features, [1, 2]);
  const gram = await gramMatrix(features).data();
  assertAllClose(await gramMatrix(mirrored).data(), gram, { rtol: 1e-5, scale: "rms" });
});

useEachEngine(
  "contentLoss() and styleLoss() are means over layers and 0 at the target",
  async () => {
    const features = { a: noise([1, 4, 4, 2], 1), b: noise([1, 2, 2, 3], 2) };
    const other = { a: noise([1, 4, 4, 2], 3), b: noise([1, 2, 2, 3], 4) };
    assertEquals(Array.from(await contentLoss(features, features).data()), [0]);
    assertEquals(Array.from(await styleLoss(features, gramMatrices(features)).data()), [0]);
    const [one] = await contentLoss(features, { a: other.a }).data();
    const [two] = await contentLoss(features, { b: other.b }).data();
    assertAllClose(await contentLoss(features, other).data(), [(one! + two!) / 2], { rtol: 1e-6 });
  },
);

useEachEngine("denoiseLoss() adds up the differences of a hand-made picture", async () => {
  // Two rows of three pixels, equal channels: 0 1 3 / 2 2 2.
  // Down: |2-0| + |2-1| + |2-3| = 4; right: 1 + 2 + 0 + 0 = 3; three channels: 21.
  const values = [0, 1, 3, 2, 2, 2].flatMap((value) => [value, value, value]);
  const loss = denoiseLoss(tf.tensor4d(values, [1, 2, 3, 3]));
  assertAllClose(await loss.data(), [21], { rtol: 1e-6 });
});

useEachEngine("denoiseLoss() of a picture that tiles has the border, too", async () => {
  // One row: 1 4 6, of each colour. Down there is only itself; right |4-1| + |6-4| + |1-6| = 10.
  const row = tf.tensor4d([1, 1, 1, 4, 4, 4, 6, 6, 6], [1, 1, 3, 3]);
  const value = async (form: DenoiseForm) => Array.from(await denoiseLoss(row, form).data());
  assertEquals(await value({ circular: true }), [3 * 10]);
  assertEquals(await value({ circular: true, power: 2 }), [3 * (9 + 4 + 25)]);
  assertEquals(await value({}), [3 * 5]);
});

useEachEngine("denoiseLoss() takes both differences together, where there are both", async () => {
  // 0 3 / 4 9: of the first position 3 to the right and 4 down: 25^1.25 = 55.9017; of three colours.
  const values = [0, 3, 4, 9].flatMap((value) => [value, value, value]);
  const image = tf.tensor4d(values, [1, 2, 2, 3]);
  const loss = denoiseLoss(image, { shape: "joint", power: 2.5 });
  assertAllClose(await loss.data(), [3 * 25 ** 1.25], { rtol: 1e-5 });
  // As in a picture that tiles: 3 and 4, 3 and 6, 5 and 4, 5 and 6, sums of squares 25, 45, 41, 61.
  const tiles = denoiseLoss(image, { shape: "joint", power: 2, circular: true, reduce: "mean" });
  assertAllClose(await tiles.data(), [(25 + 45 + 41 + 61) / 4], { rtol: 1e-5 });
});

useEachEngine("denoiseLoss() of nine points is 4/9 in the mean for the row 0 1", async () => {
  // Right 1 of 2 values: 2/3 · 1/2. With its edge repeated 0 0 1 1, three rows: along each diagonal
  // 0 1 0 twice, of 6: 1/6 · (2 + 2) / 6.
  const image = tf.tensor4d([0, 0, 0, 1, 1, 1], [1, 1, 2, 3]);
  const form = { shape: "nine", power: 2 } as const;
  const mean = denoiseLoss(image, { ...form, reduce: "mean" });
  assertAllClose(await mean.data(), [4 / 9], { rtol: 1e-5 });
  assertAllClose(await denoiseLoss(image, form).data(), [3 * (2 / 3 + 4 / 6)], { rtol: 1e-5 });
});

useEachEngine("the gradient of denoiseLoss() fits finite differences in every shape", async () => {
  for (const shape of DENOISE_SHAPES) {
    for (const circular of [false, true]) {
      for (const power of [2, 2.5] as const) {
        const value = (x: tf.Tensor4D) => denoiseLoss(x, { shape, power, circular });
        const error = await slopeError(value, noise([1, 4, 5, 3], 9));
        if (!(error < 1e-3)) throw new Error(`relative error ${error} of ${shape}, ${power}`);
      }
    }
  }
});

useEachEngine("contentLoss() averages or adds up", async () => {
  // (1 - 0)² + (1 - 3)² = 5
  const [features, target] = [[1, 1], [0, 3]].map((v) => ({ a: tf.tensor4d(v, [1, 1, 2, 1]) }));
  assertAllClose(await contentLoss(features!, target!).data(), [2.5], { rtol: 1e-6 });
  assertAllClose(await contentLoss(features!, target!, "sum").data(), [5], { rtol: 1e-6 });
});

useEachEngine("denoiseLoss() of a single pixel is 0", async () => {
  assertEquals(Array.from(await denoiseLoss(tf.ones([1, 1, 1, 3])).data()), [0]);
});

useEachEngine("normalizedGramMatrix() does not change when the picture is tiled", async () => {
  const features = noise([1, 4, 5, 3], 6);
  const once = await normalizedGramMatrix(features).data();
  const tiled = tf.tile(features, [1, 2, 3, 1]);
  assertAllClose(await normalizedGramMatrix(tiled).data(), once, { rtol: 1e-5, scale: "rms" });
});

useEachEngine("the gradient of gramMatrix() fits finite differences", async () => {
  const weights = noise([1, 1, 3, 3], 7).reshape([3, 3]);
  const value = (x: tf.Tensor4D) => tf.sum(tf.mul(gramMatrix(x), weights)) as tf.Scalar;
  const error = await slopeError(value, noise([1, 4, 5, 3], 8));
  if (!(error < 1e-3)) throw new Error(`relative error ${error}`);
});
