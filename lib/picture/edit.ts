/**
 * Small things that are done to pictures: cut out, mirror, compare.
 *
 * @module
 */
import { cannot, checkOptions, checkPositiveInteger, describe } from "../base/check.ts";
import { displayable } from "../base/notebook.ts";
import { checkPicture, type Picture } from "./picture.ts";

/** What {@linkcode cropPicture} cuts out, in pixels. */
export type Crop = {
  width: number;
  height: number;
  /** Of the left edge. @default the middle */
  x?: number;
  /** Of the upper edge. @default the middle */
  y?: number;
};

/**
 * A piece of a picture, from its middle unless told where.
 *
 * @throws {RangeError} when the piece does not lie inside the picture.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cropPicture } from "stylebook";
 *
 * const row = { width: 3, height: 1, data: Float32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2) };
 * assertEquals([...cropPicture(row, { width: 1, height: 1 }).data], [1, 1, 1]);
 * ```
 */
export function cropPicture(picture: Picture, crop: Crop): Picture {
  const what = "crop a picture";
  checkPicture(what, picture);
  checkOptions(what, crop, ["width", "height", "x", "y"]);
  const { width, height } = crop;
  checkPositiveInteger(what, "width", width);
  checkPositiveInteger(what, "height", height);
  const { x = Math.floor((picture.width - width) / 2) } = crop;
  const { y = Math.floor((picture.height - height) / 2) } = crop;
  const inside = Number.isSafeInteger(x) && Number.isSafeInteger(y) && x >= 0 && y >= 0 &&
    x + width <= picture.width && y + height <= picture.height;
  if (!inside) {
    const rule = `the piece must lie inside ${picture.width}x${picture.height}`;
    throw new RangeError(cannot(what, rule, describe([width, height, x, y])));
  }
  const data = new Float32Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.width + x) * 3;
    data.set(picture.data.subarray(from, from + width * 3), row * width * 3);
  }
  return displayable("picture", { width, height, data });
}

/** A picture with left and right exchanged. */
export function mirrorPicture(picture: Picture): Picture {
  checkPicture("mirror a picture", picture);
  const { width, height } = picture;
  const data = new Float32Array(picture.data.length);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel - pixel % width + (width - 1 - pixel % width);
    data.set(picture.data.subarray(3 * from, 3 * from + 3), 3 * pixel);
  }
  return displayable("picture", { width, height, data });
}

/**
 * How far two pictures of one size are apart: the mean of `|a - b|` over all values, in levels of 255.
 *
 * @throws {RangeError} when their sizes differ.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { meanDifference } from "stylebook";
 *
 * const pixel = (...data: number[]) => ({ width: 1, height: 1, data: Float32Array.from(data) });
 * assertEquals(meanDifference(pixel(10, 20, 30), pixel(13, 20, 24)), 3); // (3 + 0 + 6) / 3
 * ```
 */
export function meanDifference(a: Picture, b: Picture): number {
  const what = "compare pictures";
  checkPicture(what, a);
  checkPicture(what, b);
  if (a.width !== b.width || a.height !== b.height) {
    const sizes = `${a.width}x${a.height} and ${b.width}x${b.height}`;
    throw new RangeError(cannot(what, "both must have the same size", sizes));
  }
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;
}
