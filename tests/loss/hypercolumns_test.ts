import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import {
  centered,
  cosineDistance,
  hypercolumns,
  inverseLengths,
  rowDots,
  unitRows,
} from "../../lib/loss/hypercolumns.ts";
import { regularGrid } from "../../lib/picture/bilinear.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { tensorsLeft } from "../helpers/stub.ts";

const rows = (values: number[][]) => tf.tensor2d(values);
const noise = (n: number, c: number, seed: number) =>
  tf.tensor2d(uniformNoise(n * c, -1, 1, seededRandom(seed)), [n, c]);

useEachEngine(
  "hypercolumns() puts layers of different sizes at the same places, by hand",
  async () => {
    const features = {
      fine: tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]),
      coarse: tf.tensor4d([10, 20], [1, 1, 1, 2]),
    };
    const [fine, coarse] = hypercolumns(features, ["fine", "coarse"], regularGrid(1, 2), [1, 0.5]);
    assertAllClose(await fine!.data(), [2, 3], { rtol: 1e-6 }); // means of 1 and 3, of 2 and 4
    assertAllClose(await coarse!.data(), [5, 10, 5, 10], { rtol: 1e-6 });
    assertEquals([fine!.shape, coarse!.shape], [[2, 1], [2, 2]]);
  },
);

useEachEngine(
  "rowDots(), inverseLengths(), unitRows(), centered() by hand, over parts",
  async () => {
    // Rows (3, 4 | 0) and (0, 0 | 2): lengths 5 and 2.
    const columns = [rows([[3, 4], [0, 0]]), rows([[0], [2]])];
    assertAllClose(await rowDots(columns, columns).data(), [25, 4], { rtol: 1e-6 });
    assertAllClose(await inverseLengths(columns).data(), [0.2, 0.5], { rtol: 1e-6 });
    const [left, right] = unitRows(columns);
    assertAllClose(await left!.data(), [0.6, 0.8, 0, 0], { rtol: 1e-6 });
    assertAllClose(await right!.data(), [0, 1], { rtol: 1e-6 });
    assertAllClose(await centered(columns)[0]!.data(), [1.5, 2, -1.5, -2], { rtol: 1e-6 });
  },
);

useEachEngine("cosineDistance() is 0 along the targets, 2 against them, 1 across", async () => {
  const columns = [rows([[2, 0], [0, 5], [3, 0]])];
  const toward = (target: number[][]) => cosineDistance(columns, () => [rows(target)]).data();
  assertAllClose(await toward([[1, 0], [0, 1], [1, 0]]), [0], { rtol: 0, atol: 1e-6 });
  assertAllClose(await toward([[-1, 0], [0, -1], [-1, 0]]), [2], { rtol: 1e-6 });
  assertAllClose(await toward([[0, 1], [1, 0], [0, 1]]), [1], { rtol: 1e-6 });
});

useEachEngine(
  "cosineDistance() does not change with the length of rows, nor with their order",
  async () => {
    const [x, target] = [noise(6, 4, 1), unitRows([noise(6, 4, 2)])[0]!];
    const value = async (x: tf.Tensor2D, target: tf.Tensor2D) =>
      (await cosineDistance([x], () => [target]).data())[0]!;
    const first = await value(x, target);
    assertAlmostEquals(await value(tf.mul(x, 7), target), first, 1e-5);
    const order = [5, 2, 0, 1, 4, 3];
    assertAlmostEquals(await value(tf.gather(x, order), tf.gather(target, order)), first, 1e-5);
  },
);

useEachEngine("cosineDistance() has the slope of its gradient, in all parts", async () => {
  const target = unitRows([noise(20, 3, 3), noise(20, 2, 4)]);
  const value = (x: tf.Tensor4D) => {
    const all = tf.reshape(x, [20, 5]);
    const parts = [tf.slice(all, [0, 0], [-1, 3]), tf.slice(all, [0, 3], [-1, 2])] as tf.Tensor2D[];
    return cosineDistance(parts, () => target);
  };
  const error = await slopeError(value, tf.reshape(tf.mul(noise(20, 5, 5), 100), [1, 4, 5, 5]));
  assertAllClose([error], [0], { rtol: 0, atol: 2e-3 });
});

useEachEngine("the functions of hypercolumns leave their results only", async () => {
  const [x, target] = [noise(6, 4, 1), unitRows([noise(6, 4, 2)])[0]!];
  const left = await tensorsLeft(() => {
    tf.tidy(() => cosineDistance([x], () => [target])).dispose();
    tf.tidy(() => tf.grad((x: tf.Tensor) => cosineDistance([x as tf.Tensor2D], () => [target]))(x))
      .dispose();
  });
  assertEquals(left, 0);
});
