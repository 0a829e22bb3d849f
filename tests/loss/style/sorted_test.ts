import { assert, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { histogram } from "../../../lib/loss/style/histogram.ts";
import { sliced } from "../../../lib/loss/style/sliced.ts";
import { sortedDistance, sortRows } from "../../../lib/loss/style/sorted.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { useEachEngine } from "../../helpers/engines.ts";

const noise = (shape: [number, number, number, number], seed: number) =>
  tf.tensor4d(uniformNoise(shape.reduce((a, b) => a * b), 0, 100, seededRandom(seed)), shape);

useEachEngine("sortedDistance() of 3 1 2 and 5 1 1 compares smallest with smallest", async () => {
  // Sorted 3 2 1 and 5 1 1: ((3 - 5)² + (2 - 1)² + 0) / 3; the slope at each is 2 / 3 of its difference.
  const wanted = sortRows(tf.tensor2d([[5, 1, 1]]));
  const f = (x: tf.Tensor) => sortedDistance(x as tf.Tensor2D, wanted);
  const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d([[3, 1, 2]]));
  assertAllClose(await value.data(), [5 / 3], { rtol: 1e-6 });
  assertAllClose(await grad.data(), [-4 / 3, 0, 2 / 3], { rtol: 1e-6, atol: 1e-6 });
});

useEachEngine(
  "sortedDistance() brings fewer and more numbers to as many by the nearest",
  async () => {
    // 4 2 stand for 4 4 2 2, and the other way round 4 3 2 1 for 3 1.
    const two = sortRows(tf.tensor2d([[2, 4]]));
    const four = sortRows(tf.tensor2d([[4, 3, 2, 1]]));
    assertAllClose(await sortedDistance(four, two).data(), [(0 + 1 + 0 + 1) / 4], { rtol: 1e-6 });
    assertAllClose(await sortedDistance(two, four).data(), [(1 + 1) / 2], { rtol: 1e-6 });
  },
);

useEachEngine(
  "sliced() of two points is the squared distance over the channels, on average",
  async () => {
    // One position each, apart by (3, 0, 4): the mean of (d · θ)² over directions is |d|² / C = 25 / 3.
    const measure = sliced({ directions: 20000 });
    const wanted = measure.describe(tf.tensor4d([1, 2, 3], [1, 1, 1, 3]));
    const distance = measure.distance(
      tf.tensor4d([4, 2, 7], [1, 1, 1, 3]),
      wanted,
      seededRandom(1),
    );
    assertAllClose(await distance.data(), [25 / 3], { rtol: 2e-2 });
  },
);

useEachEngine(
  "sliced() sees new directions with every seed, and the same with the same",
  async () => {
    const measure = sliced({ directions: 4, positions: 10 });
    const wanted = measure.describe(noise([1, 6, 5, 3], 1));
    const of = async (seed: number) =>
      (await measure.distance(noise([1, 5, 5, 3], 2), wanted, seededRandom(seed)).data())[0]!;
    const [a, b, again] = [await of(1), await of(2), await of(1)];
    assert(a === again && a !== b, `${a}, ${b}, ${again}`);
  },
);

useEachEngine("histogram() moves each channel to the style's values in their order", async () => {
  // Two channels at two positions: 1, 9 to 5, 3 and 4, 2 to 8, 8. Sorted: 9 5, 1 3; 4 8, 2 8.
  const measure = histogram();
  const wanted = measure.describe(tf.tensor4d([5, 8, 3, 8], [1, 1, 2, 2]));
  const f = (x: tf.Tensor) => measure.distance(x as tf.Tensor4D, wanted, seededRandom(1));
  const { value, grad } = tf.valueAndGrad(f)(tf.tensor4d([1, 4, 9, 2], [1, 1, 2, 2]));
  assertAllClose(await value.data(), [(16 + 4 + 16 + 36) / 4], { rtol: 1e-6 });
  assertAllClose(await grad.data(), [-2 / 2, -4 / 2, 4 / 2, -6 / 2], { rtol: 1e-6 });
});

useEachEngine(
  "histogram() of a sample gives its gradient to the positions it looked at",
  async () => {
    const measure = histogram({ positions: 7 });
    const wanted = measure.describe(noise([1, 6, 5, 3], 1));
    const f = (x: tf.Tensor) => measure.distance(x as tf.Tensor4D, wanted, seededRandom(1));
    const gradient = tf.grad(f)(noise([1, 5, 5, 3], 2));
    const moved = await tf.sum(tf.sign(tf.sum(tf.abs(gradient), 3))).data();
    assertAllClose(moved, [7], { rtol: 1e-6 });
  },
);

Deno.test("sliced() and histogram() refuse no positions and no directions", () => {
  assertThrows(
    () => sliced({ directions: 0 }),
    RangeError,
    "directions must be a positive integer",
  );
  assertThrows(
    () => histogram({ positions: 0 }),
    RangeError,
    "positions must be a positive integer",
  );
});
