import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { bilinear, randomGrid, regularGrid, spread } from "../../lib/picture/bilinear.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { tensorsLeft } from "../helpers/stub.ts";

const noise = (shape: [number, number, number, number], seed = 1) =>
  tf.tensor4d(uniformNoise(tf.util.sizeFromShape(shape), -1, 1, seededRandom(seed)), shape);
const dot = async (a: tf.Tensor, b: tf.Tensor) => (await tf.sum(tf.mul(a, b)).data())[0]!;

useEachEngine("bilinear() blends neighbours by distance, by hand", async () => {
  // Two rows 0 4 8 and 10 14 18; the pixel centres of 3 columns lie at 1/6, 1/2, 5/6.
  const x = tf.tensor4d([0, 4, 8, 10, 14, 18], [1, 2, 3, 1]);
  const places = bilinear(x, { rows: [0.25, 0.5, 1], columns: [0, 1 / 3, 1 / 2, 0.95] });
  assertEquals(places.shape, [1, 3, 4, 1]);
  // Half way between the first two columns is 2; outside the outermost centres nothing changes.
  const row = [0, 2, 4, 8];
  const expected = [row, row.map((v) => v + 5), row.map((v) => v + 10)].flat();
  assertAllClose(await places.data(), expected, { rtol: 0, atol: 1e-5 });
});

useEachEngine("bilinear() on the regular grid of the same size changes nothing", async () => {
  const x = noise([1, 5, 7, 3]);
  assertAllClose(await bilinear(x, regularGrid(5, 7)).data(), await x.data(), { rtol: 1e-6 });
});

useEachEngine("bilinear() resizes as PyTorch's interpolate(align_corners=False)", async () => {
  // torch 2.13: F.interpolate(torch.arange(12.).view(1, 1, 3, 4) ** 2, (2, 5), mode="bilinear")
  const x = tf.tensor4d(Array.from({ length: 12 }, (_, i) => i * i), [1, 3, 4, 1]);
  const found = await bilinear(x, regularGrid(2, 5)).data();
  const expected = [4.0, 6.1, 9.5, 14.1, 19.0, 52.0, 62.5, 75.5, 89.7, 103.0];
  assertAllClose(found, expected, { rtol: 1e-5, atol: 1e-5 });
});

useEachEngine("spread() is the adjoint of bilinear(), and its gradient", async () => {
  for (const grid of [regularGrid(3, 9), randomGrid(6, 5, 12, seededRandom(2))]) {
    const x = noise([1, 6, 5, 4]);
    const y = noise([1, grid.rows.length, grid.columns.length, 4], 2);
    const shared = spread(y, grid, { height: 6, width: 5 });
    assertAlmostEquals(await dot(bilinear(x, grid), y), await dot(x, shared), 1e-5);
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(bilinear(x as tf.Tensor4D, grid), y)))(
      x,
    );
    assertAllClose(await gradient.data(), await shared.data(), { rtol: 1e-5, atol: 1e-6 });
  }
});

useEachEngine("bilinear() and spread() leave their results only", async () => {
  const [x, y] = [noise([1, 6, 5, 2]), noise([1, 2, 3, 2])];
  const grid = regularGrid(2, 3);
  const left = await tensorsLeft(() => {
    bilinear(x, grid).dispose();
    spread(y, grid, { height: 6, width: 5 }).dispose();
    tf.grad((x: tf.Tensor) => tf.sum(bilinear(x as tf.Tensor4D, grid)))(x).dispose();
  });
  assertEquals(left, 0);
});

Deno.test("randomGrid() has one place in each strip, as many as asked for, never more than pixels", () => {
  const { rows, columns } = randomGrid(100, 400, 1024, seededRandom(1));
  assertEquals([rows.length, columns.length], [16, 64]);
  rows.forEach((row, i) => assert(row >= i / 16 && row < (i + 1) / 16));
  const small = randomGrid(4, 8, 1024, seededRandom(1));
  assertEquals([small.rows.length, small.columns.length], [4, 8]);
  assert(
    randomGrid(4, 8, 9, seededRandom(1)).rows[0] !== randomGrid(4, 8, 9, seededRandom(2)).rows[0],
  );
});
