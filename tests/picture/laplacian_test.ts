import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import {
  fromPyramid,
  pyramidGradient,
  pyramidSides,
  toPyramid,
} from "../../lib/picture/laplacian.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { tensorsLeft } from "../helpers/stub.ts";

const noise = (height: number, width: number, seed = 1) =>
  tf.tensor4d(uniformNoise(height * width * 3, 0, 255, seededRandom(seed)), [1, height, width, 3]);

Deno.test("pyramidSides() halves without fractions, and ends before a side falls below 2", () => {
  assertEquals(
    pyramidSides({ height: 13, width: 22 }, 8).map(({ height, width }) => [height, width]),
    [[13, 22], [6, 11], [3, 5]],
  );
  assertEquals(pyramidSides({ height: 64, width: 64 }, 2).length, 3);
});

useEachEngine(
  "toPyramid() of one colour is that colour on the last level and 0 on the others",
  async () => {
    const bands = toPyramid(tf.fill([1, 12, 17, 3], 90), 2);
    assertEquals(bands.map(({ shape }) => shape), [[1, 12, 17, 3], [1, 6, 8, 3], [1, 3, 4, 3]]);
    const [fine, middle, last] = await Promise.all(bands.map((band) => band.data()));
    for (const band of [fine!, middle!]) {
      assertAllClose(band, band.map(() => 0), { rtol: 0, atol: 1e-4 });
    }
    assertAllClose(last!, last!.map(() => 90), { rtol: 1e-6 });
  },
);

useEachEngine(
  "toPyramid() of a checkerboard: halving by two sees only its mean, by hand",
  async () => {
    const board = Array.from({ length: 16 }, (_, i) => (i + (i >> 2)) % 2 === 0 ? 0 : 100);
    const [fine, last] = toPyramid(tf.tensor4d(board, [1, 4, 4, 1]), 1) as [
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    assertAllClose(await last.data(), [50, 50, 50, 50], { rtol: 1e-6 });
    assertAllClose(await fine.data(), board.map((value) => value - 50), { rtol: 1e-6 });
  },
);

useEachEngine("fromPyramid() undoes toPyramid()", async () => {
  const picture = noise(37, 22);
  const again = fromPyramid(toPyramid(picture, 8));
  assertAllClose(await again.data(), await picture.data(), { rtol: 0, atol: 1e-3 });
});

useEachEngine("pyramidGradient() is the adjoint of fromPyramid()", async () => {
  const bands = toPyramid(noise(13, 22), 3).map((band, i) => tf.mul(band, i + 1) as tf.Tensor4D);
  const g = tf.sub(noise(13, 22, 2), 128) as tf.Tensor4D;
  const dot = async (a: tf.Tensor, b: tf.Tensor) => (await tf.sum(tf.mul(a, b)).data())[0]!;
  const left = await dot(fromPyramid(bands), g);
  const parts = pyramidGradient(g, 3);
  let right = 0;
  for (const [i, band] of bands.entries()) right += await dot(band, parts[i]!);
  assertAlmostEquals(right / left, 1, 1e-4);
});

useEachEngine("the functions of the pyramid leave their results only", async () => {
  const picture = noise(9, 10);
  const left = await tensorsLeft(() => {
    const bands = toPyramid(picture, 2);
    fromPyramid(bands).dispose();
    tf.dispose([bands, pyramidGradient(picture, 2)]);
  });
  assertEquals(left, 0);
  // A picture too small to be halved has one level, itself.
  assertEquals(await tensorsLeft(() => tf.dispose(toPyramid(noise(3, 3), 5))), 1);
});
