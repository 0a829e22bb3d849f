/** Cutting out, mirroring, comparing. */
import { assertEquals, assertThrows } from "@std/assert";
import { cropPicture, meanDifference, mirrorPicture } from "../../lib/picture/edit.ts";

/** 4 × 2; red is the column, green the row. */
const grid = {
  width: 4,
  height: 2,
  data: Float32Array.from({ length: 24 }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    return channel === 0 ? pixel % 4 : channel === 1 ? Math.floor(pixel / 4) : 9;
  }),
};

const reds = ({ data }: { data: Float32Array }) => [...data].filter((_, i) => i % 3 === 0);

Deno.test("cropPicture() cuts from the middle, or from where it is told", () => {
  assertEquals(reds(cropPicture(grid, { width: 2, height: 1 })), [1, 2]);
  const corner = cropPicture(grid, { width: 1, height: 1, x: 3, y: 1 });
  assertEquals([...corner.data], [3, 1, 9]);
  assertThrows(() => cropPicture(grid, { width: 2, height: 2, x: 3 }), RangeError, "inside 4x2");
  assertThrows(() => cropPicture(grid, { width: 5, height: 2 }), RangeError, "inside 4x2");
});

Deno.test("mirrorPicture() exchanges left and right, and twice is nothing", () => {
  assertEquals(reds(mirrorPicture(grid)), [3, 2, 1, 0, 3, 2, 1, 0]);
  assertEquals([...mirrorPicture(mirrorPicture(grid)).data], [...grid.data]);
});

Deno.test("meanDifference() is 0 of a picture and itself, symmetric, and wants equal sizes", () => {
  assertEquals(meanDifference(grid, grid), 0);
  // Columns 0 1 2 3 against 3 2 1 0: (3 + 1 + 1 + 3) / 4 = 2 in red, nothing in green and blue.
  assertEquals(meanDifference(grid, mirrorPicture(grid)), 2 / 3);
  assertEquals(meanDifference(mirrorPicture(grid), grid), 2 / 3);
  const small = cropPicture(grid, { width: 2, height: 2 });
  assertThrows(() => meanDifference(grid, small), RangeError, "4x2 and 2x2");
});
