import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Picture } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { type KernelName, resizePicture } from "../../lib/picture/resize.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { GOLDEN, scene, unpack } from "../helpers/picture_golden.ts";

function constant(width: number, height: number, value: number): Picture {
  return { width, height, data: new Float32Array(width * height * 3).fill(value) };
}

/** Compares every n-th pixel of `picture`, rounded as Pillow's are, to the golden samples. */
function differences(picture: Picture, name: string): { mean: number; max: number } {
  const { width, height, every, rgb } = GOLDEN.resized[name]!;
  assertEquals([picture.width, picture.height], [width, height]);
  const expected = unpack(rgb, "uint8");
  const found: number[] = [];
  for (let y = 0; y < height; y += every) {
    for (let x = 0; x < width; x += every) {
      const at = (y * width + x) * 3;
      found.push(...picture.data.subarray(at, at + 3).map(Math.round));
    }
  }
  assertEquals(found.length, expected.length);
  const all = found.map((value, i) => Math.abs(value - expected[i]!));
  return { mean: all.reduce((sum, d) => sum + d, 0) / all.length, max: Math.max(...all) };
}

Deno.test("readPicture() with maxSize 300 reads a photograph as Pillow's load_image does", async () => {
  const url = new URL(`../../${GOLDEN.photograph}`, import.meta.url);
  const { mean, max } = differences(await readPicture(url, { maxSize: 300 }), "photograph");
  assert(mean < 0.6 && max <= 4, `mean ${mean}, max ${max}`);
});

Deno.test("resizePicture() is within one level of Pillow's Lanczos, down and up", () => {
  const down = differences(resizePicture(scene(97, 61), { maxSize: 30 }), "scene-down");
  const up = differences(resizePicture(scene(23, 17), { maxSize: 60 }), "scene-up");
  for (const { mean, max } of [down, up]) {
    assert(mean < 0.3 && max <= 1, `mean ${mean}, max ${max}`);
  }
});

Deno.test("resizePicture() truncates the sides, 680x453 at maxSize 300 is 300x199, and enlarges too", () => {
  const size = (width: number, height: number, maxSize: number) => {
    const picture = resizePicture(constant(width, height, 1), { maxSize });
    return [picture.width, picture.height];
  };
  assertEquals(size(680, 453, 300), [300, 199]); // 453 * 300 / 680 = 199.85
  assertEquals(size(453, 680, 300), [199, 300]);
  assertEquals(size(10, 5, 40), [40, 20]);
  assertEquals(size(1, 2000, 300), [1, 300]); // not 0x300
  assertEquals(size(2000, 1, 300), [300, 1]);
  assertEquals(size(1, 1, 8), [8, 8]);
});

Deno.test("resizePicture() keeps a constant picture constant: the weights of a pixel sum to 1", () => {
  for (const [width, height] of [[1, 2000], [7, 3], [40, 41], [13, 13], [1, 1]] as const) {
    const { data } = resizePicture(constant(13, 13, 97.5), { width, height });
    assertAllClose(data, new Float32Array(width * height * 3).fill(97.5), { rtol: 1e-6 });
  }
});

Deno.test("resizePicture() of a mirrored picture is the mirrored result", () => {
  const mirror = ({ width, height, data }: Picture): Picture => {
    const mirrored = data.slice();
    for (let p = 0; p < width * height; p++) {
      const from = p - p % width + (width - 1 - p % width);
      for (let c = 0; c < 3; c++) mirrored[p * 3 + c] = data[from * 3 + c]!;
    }
    return { width, height, data: mirrored };
  };
  const target = { width: 11, height: 29 };
  const direct = resizePicture(mirror(scene(23, 17)), target);
  assertAllClose(direct.data, mirror(resizePicture(scene(23, 17), target)).data, { rtol: 1e-5 });
});

Deno.test("resizePicture() averages where it shrinks: a fine checkerboard turns grey", () => {
  const board = constant(64, 64, 0);
  for (let i = 0; i < board.data.length; i++) {
    const pixel = Math.floor(i / 3);
    board.data[i] = 255 * ((pixel % 64 + Math.floor(pixel / 64)) % 2);
  }
  const { data } = resizePicture(board, { maxSize: 8 });
  assertAllClose(data, new Float32Array(data.length).fill(127.5), { rtol: 0, atol: 4 });
});

Deno.test("resizePicture() gives the picture back where nothing changes, and never changes it", () => {
  const picture = scene(23, 17);
  const before = picture.data.slice();
  assertEquals(resizePicture(picture, { maxSize: 23 }), picture);
  resizePicture(picture, { width: 5, height: 5 });
  assertEquals(picture.data, before);
});

Deno.test("resizePicture() refuses sizes that make no sense", () => {
  const picture = constant(4, 4, 0);
  for (const maxSize of [0, -1, 2.5, NaN]) {
    assertThrows(
      () => resizePicture(picture, { maxSize }),
      RangeError,
      "maxSize must be a positive",
    );
  }
  assertThrows(() => resizePicture(picture, { width: 3, height: 0 }), RangeError, "height must be");
  assertThrows(
    () => resizePicture(picture, { maxSize: 20000 }),
    RangeError,
    "Cannot resize a picture as the result must have at most 100 megapixels: current value is 20000x20000",
  );
  assertThrows(
    () => resizePicture({ ...picture, width: 5 }, { maxSize: 2 }),
    RangeError,
    "the picture's data must be a Float32Array of 5 x 4 x 3 values: current value is 48",
  );
});

for (const { kernel, width, height, rgb } of GOLDEN.resizedWith.results) {
  Deno.test(`resizePicture() by ${kernel} to ${width}x${height} is within a level of Pillow's`, () => {
    const { source } = GOLDEN.resizedWith;
    const picture = { ...source, data: Float32Array.from(unpack(source.rgb, "uint8")) };
    const { data } = resizePicture(picture, { width, height }, { kernel });
    const expected = unpack(rgb, "uint8");
    assertEquals(data.length, expected.length);
    // Pillow rounds twice, after rows and after columns, which the kernels may stretch a little.
    const differences = expected.map((value, i) => Math.abs(Math.round(data[i]!) - value));
    const mean = differences.reduce((sum, d) => sum + d, 0) / differences.length;
    assert(
      mean < 0.3 && Math.max(...differences) <= 1,
      `mean ${mean}, ${Math.max(...differences)}`,
    );
  });
}

Deno.test("resizePicture() by hand: a box averages, a triangle weighs by distance", () => {
  const row = (...levels: number[]): Picture => ({
    width: levels.length,
    height: 1,
    data: Float32Array.from(levels.flatMap((level) => [level, level, level])),
  });
  const reds = ({ data }: Picture) => [...data].filter((_, i) => i % 3 === 0);
  const resized = (picture: Picture, width: number, kernel: KernelName) =>
    reds(resizePicture(picture, { width, height: 1 }, { kernel }));
  assertEquals(resized(row(10, 20, 40, 100), 2, "box"), [15, 70]);
  assertEquals(resized(row(10, 20), 4, "box"), [10, 10, 20, 20]);
  // To twice the size: new centres lie a quarter of a pixel beside the old ones: 3/4 and 1/4.
  assertEquals(resized(row(10, 20), 4, "bilinear"), [10, 12.5, 17.5, 20]);
  // To half: centres 1 and 3, distances 0.5 and 1.5 old pixels are 1/4 and 3/4 new ones, so weights
  // 3/4 and 1/4 over their sum, 7/4 at the border: (3/4 (10 + 20) + 1/4 40) / (7/4).
  assertAllClose(resized(row(10, 20, 40, 100), 2, "bilinear"), [32.5 / 1.75, 110 / 1.75], {
    rtol: 1e-6,
  });
});

Deno.test("resizePicture() with cubic convolution keeps a straight ramp straight", () => {
  const ramp: Picture = {
    width: 40,
    height: 1,
    data: Float32Array.from({ length: 120 }, (_, i) => 5 * Math.floor(i / 3) + 20),
  };
  const { data } = resizePicture(ramp, { width: 80, height: 1 }, { kernel: "bicubic" });
  for (let x = 8; x < 72; x++) {
    // New centre x lies at (x + 1/2) / 2 - 1/2 of the old ones.
    assertAlmostEquals(data[3 * x]!, 5 * ((x + 0.5) / 2 - 0.5) + 20, 1e-3);
  }
});

Deno.test("resizePicture() refuses unknown options, kernels and promises", () => {
  const picture = constant(4, 4, 0);
  const loose = resizePicture as (picture: unknown, target: unknown, options?: unknown) => Picture;
  assertThrows(() => loose(picture, { max_size: 3 }), TypeError, "(did you mean maxSize?)");
  assertThrows(() => loose(picture, { maxSize: 3 }, { kernle: "box" }), TypeError, "mean kernel?");
  assertThrows(
    () => loose(picture, { maxSize: 3 }, { kernel: "nearest" }),
    RangeError,
    "kernel must be one of lanczos, bicubic, bilinear, box",
  );
  assertThrows(() => loose(Promise.resolve(picture), { maxSize: 3 }), TypeError, "forget `await`?");
});
