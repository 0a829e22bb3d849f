import { assertAlmostEquals, assertEquals } from "@std/assert";
import { useEachEngine } from "../../helpers/engines.ts";
import { noisePicture, tensorsLeft } from "../../helpers/stub.ts";
import { patchDirections, shadowDistance, shadowsOf } from "../../../lib/run/judge/patches.ts";

const plain = (width: number, height: number, level: number) => ({
  width,
  height,
  data: new Float32Array(width * height * 3).fill(level),
});

Deno.test("patchDirections() are 96, each of length 1, and the same at every call", () => {
  const directions = patchDirections();
  assertEquals(directions.length, 96 * 147);
  for (let first = 0; first < directions.length; first += 147) {
    const squares = directions.subarray(first, first + 147).reduce((sum, v) => sum + v * v, 0);
    assertAlmostEquals(squares, 1, 1e-6);
  }
  assertEquals(patchDirections(), directions);
});

useEachEngine("shadows of two plain pictures are apart by their levels", async () => {
  // A patch of level v falls on v · (sum of the direction): the mean of |sum| times 30 levels.
  const directions = patchDirections();
  let expected = 0;
  for (let first = 0; first < directions.length; first += 147) {
    expected += Math.abs(directions.subarray(first, first + 147).reduce((sum, v) => sum + v, 0));
  }
  expected *= 30 / 96;
  const [a, b] = [await shadowsOf(plain(40, 33, 100)), await shadowsOf(plain(28, 61, 130))];
  assertAlmostEquals(shadowDistance(a, b) / expected, 1, 1e-5);
});

useEachEngine("shadows do not see where a patch is", async () => {
  // Columns repeat every 4 pixels: moved by 4 and filled up, a picture has the same patches.
  const { data } = noisePicture(4, 64, 5);
  const repeated = (width: number) => ({
    width,
    height: 64,
    data: Float32Array.from({ length: width * 64 * 3 }, (_, i) => {
      const [y, x, c] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
      return data[(y * 4 + x % 4) * 3 + c]!;
    }),
  });
  const distance = async (width: number) =>
    shadowDistance(await shadowsOf(repeated(46)), await shadowsOf(repeated(width)));
  const different = shadowDistance(
    await shadowsOf(repeated(46)),
    await shadowsOf(noisePicture(46, 64, 6)),
  );
  // 40 and 80 columns of patches at full size, 17 and 37 at half: not a multiple of their period.
  if (!(await distance(86) < 0.05 * different)) {
    throw new Error(`${await distance(86)} where ${different} is far`);
  }
});

useEachEngine("shadows leave no tensor behind", async () => {
  const picture = noisePicture(30, 30);
  await shadowsOf(picture);
  assertEquals(await tensorsLeft(() => shadowsOf(picture)), 0);
});
