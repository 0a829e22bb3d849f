import * as tf from "@tensorflow/tfjs";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  encodePicture,
  type Picture,
  readPicture,
  resizePicture,
  toPicture,
  toTensor,
} from "../../lib/picture/picture.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { GOLDEN, scene, unpack } from "../helpers/picture_golden.ts";

tf.enableProdMode(); // without the banner of the plain CPU backend
await tf.setBackend("cpu");

function constant(width: number, height: number, value: number): Picture {
  return { width, height, data: new Float32Array(width * height * 3).fill(value) };
}

/** Compares every n-th pixel of `picture`, rounded as Pillow's are, to the golden samples. */
function differences(picture: Picture, name: string): { mean: number; max: number } {
  const { width, height, every, rgb } = GOLDEN.resized[name];
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
  const all = found.map((value, i) => Math.abs(value - expected[i]));
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
  for (const [width, height] of [[1, 2000], [7, 3], [40, 41], [13, 13], [1, 1]]) {
    const { data } = resizePicture(constant(13, 13, 97.5), { width, height });
    assertAllClose(data, new Float32Array(width * height * 3).fill(97.5), { rtol: 1e-6 });
  }
});

Deno.test("resizePicture() of a mirrored picture is the mirrored result", () => {
  const mirror = ({ width, height, data }: Picture): Picture => {
    const mirrored = data.slice();
    for (let p = 0; p < width * height; p++) {
      const from = p - p % width + (width - 1 - p % width);
      for (let c = 0; c < 3; c++) mirrored[p * 3 + c] = data[from * 3 + c];
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
    "its data must be a Float32Array of 5 x 4 x 3 values: current value is 48",
  );
});

Deno.test("readPicture() takes an exact size, but not together with maxSize", async () => {
  const bytes = encodePicture(scene(23, 17), "png");
  const { width, height } = await readPicture(bytes, { size: [9, 30] });
  assertEquals([width, height], [9, 30]);
  await assertRejects(
    () => readPicture(bytes, { size: [9, 30], maxSize: 4 }),
    RangeError,
    "only one of maxSize and size may be given: current value is [4, [9, 30]]",
  );
  await assertRejects(() => readPicture(bytes, { size: [9, 0] }), RangeError, "size[1] must be");
  await assertRejects(() => readPicture(bytes, { maxSize: 0 }), RangeError, "maxSize must be");
});

Deno.test("encodePicture() clips to 0–255 and rounds to the nearest level", async () => {
  const data = Float32Array.of(-5, 0.4, 0.6, 99.51, 254.6, 300);
  const read = await readPicture(encodePicture({ width: 2, height: 1, data }, "png"));
  assertEquals([...read.data], [0, 0, 1, 100, 255, 255]);
});

Deno.test("encodePicture() as JPEG is close, and smaller at a lower quality", async () => {
  const picture = scene(64, 48);
  const [good, poor] = [95, 20].map((quality) => encodePicture(picture, "jpeg", { quality }));
  assert(poor.length < good.length, `${poor.length} bytes at 20, ${good.length} at 95`);
  assertAllClose((await readPicture(good)).data, picture.data, { rtol: 0, atol: 20 });
  for (const quality of [0, 101, NaN]) {
    assertThrows(() => encodePicture(picture, "jpeg", { quality }), RangeError, "quality must be");
  }
  // deno-lint-ignore no-explicit-any
  assertThrows(() => encodePicture(picture, "gif" as any), RangeError, "must be one of png, jpeg");
});

Deno.test("encodePicture() keeps metadata in a PNG", async () => {
  const picture = scene(5, 4);
  const bytes = encodePicture(picture, "png", { metadata: { Software: "Stylebook", seed: "7" } });
  const text = new TextDecoder("latin1").decode(bytes);
  assertStringIncludes(text, "tEXtSoftware\0Stylebook");
  assertStringIncludes(text, "tEXtseed\0" + "7");
  assertEquals((await readPicture(bytes)).data, picture.data);
  for (const metadata of [{ "": "x" }, { ["k".repeat(80)]: "x" }, { Title: "星" }]) {
    assertThrows(
      () => encodePicture(picture, "png", { metadata: metadata as Record<string, string> }),
      RangeError,
      "metadata must be Latin-1",
    );
  }
  assertThrows(
    () => encodePicture(picture, "jpeg", { metadata: { a: "b" } }),
    RangeError,
    "metadata needs PNG",
  );
});

Deno.test("toTensor() and toPicture() are inverse, and leave no tensor behind", async () => {
  const before = tf.memory().numTensors;
  const picture = scene(5, 4);
  const tensor = toTensor(picture);
  assertEquals(tensor.shape, [1, 4, 5, 3]);
  // Row 2, column 3, green of the tensor is value (2 * 5 + 3) * 3 + 1 = 40 of the picture.
  assertEquals((await tensor.array())[0][2][3][1], picture.data[40]);
  assertEquals(await toPicture(tensor), picture);
  assertEquals(tf.memory().numTensors, before + 1);
  tensor.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("toTensor() copies: changing the picture later does not change the tensor", async () => {
  const picture = constant(2, 1, 7);
  const tensor = toTensor(picture);
  picture.data.fill(9);
  assertEquals([...await tensor.data()], [7, 7, 7, 7, 7, 7]);
  (await toPicture(tensor)).data.fill(1);
  assertEquals([...await tensor.data()], [7, 7, 7, 7, 7, 7]);
  tensor.dispose();
});

Deno.test("toPicture() clips to 0–255, keeps fractions, refuses NaN and other shapes", async () => {
  const clipped = tf.tensor4d([-1, 0.25, 256, 254.75, Infinity, -Infinity], [1, 1, 2, 3]);
  assertEquals([...(await toPicture(clipped)).data], [0, 0.25, 255, 254.75, 255, 0]);
  const wrong = tf.tensor4d([1, 2, NaN], [1, 1, 1, 3]);
  await assertRejects(() => toPicture(wrong), RangeError, "NaN at index 2");
  const grey = tf.zeros([1, 2, 2, 1]) as tf.Tensor4D;
  await assertRejects(
    () => toPicture(grey),
    RangeError,
    "the shape of the tensor must be [1, ?, ?, 3]: current value is [1, 2, 2, 1]",
  );
  tf.dispose([clipped, wrong, grey]);
  assertThrows(() => toTensor(undefined as unknown as Picture), TypeError, "the picture's width");
});
