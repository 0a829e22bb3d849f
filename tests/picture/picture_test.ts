import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkPicture, type Picture, toPicture, toTensor } from "../../lib/picture/picture.ts";
import { scene } from "../helpers/picture_golden.ts";

tf.enableProdMode(); // without the banner of the plain CPU backend
await tf.setBackend("cpu");

function constant(width: number, height: number, value: number): Picture {
  return { width, height, data: new Float32Array(width * height * 3).fill(value) };
}

Deno.test("toTensor() and toPicture() are inverse, and leave no tensor behind", async () => {
  const before = tf.memory().numTensors;
  const picture = scene(5, 4);
  const tensor = toTensor(picture);
  assertEquals(tensor.shape, [1, 4, 5, 3]);
  // Row 2, column 3, green of the tensor is value (2 * 5 + 3) * 3 + 1 = 40 of the picture.
  assertEquals((await tensor.array())[0]?.[2]?.[3]?.[1], picture.data[40]);
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

Deno.test("checkPicture() names what is wrong: sides, data, a value that is no number, a promise", () => {
  const picture = constant(5, 3, 7);
  checkPicture("run", picture);
  const wrong: [picture: unknown, message: string][] = [
    [undefined, "Cannot run as the style picture's width must be a positive integer: "],
    [{ ...picture, width: 0 }, "the style picture's width must be"],
    [
      { ...picture, height: 4 },
      "the style picture's data must be a Float32Array of 5 x 4 x 3 values",
    ],
    [{ ...picture, data: [...picture.data] }, "must be a Float32Array"],
    [Promise.resolve(picture), "the style picture must be there, not promised (did you forget"],
  ];
  for (const [value, message] of wrong) {
    assertThrows(() => checkPicture("run", value as Picture, "the style picture"), Error, message);
  }
  for (const value of [NaN, Infinity, -Infinity]) {
    const data = picture.data.slice();
    data[3 * (1 * 5 + 4) + 2] = value; // blue of column 4, row 1
    for (const act of [toTensor, (picture: Picture) => checkPicture("make a tensor", picture)]) {
      assertThrows(
        () => act({ ...picture, data }),
        RangeError,
        "Cannot make a tensor as every value of the picture must be a finite number: " +
          `current value is ${value} at index 29, pixel (4, 1)`,
      );
    }
  }
});
