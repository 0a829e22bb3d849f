/**
 * Turning a picture by any angle and back.
 *
 * @module
 */
import { displayable } from "../base/notebook.ts";
import { cannot, describe } from "../base/check.ts";
import { checkPicture, type Picture } from "./picture.ts";

/** The size of the smallest upright frame around a picture that is turned. */
export function turnedSize(
  { width, height }: { width: number; height: number },
  degrees: number,
): { width: number; height: number } {
  const [cos, sin] = [Math.abs(Math.cos(degrees * RADIANS)), Math.abs(Math.sin(degrees * RADIANS))];
  return {
    width: Math.ceil(width * cos + height * sin - 1e-6),
    height: Math.ceil(width * sin + height * cos - 1e-6),
  };
}

const RADIANS = Math.PI / 180;

/**
 * A picture turned about its middle, counter-clockwise, on a canvas of a given size; what lies beyond its
 * border is the picture mirrored there. Bilinear.
 *
 * @param size of the result; by default {@linkcode turnedSize}, which holds all of it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { turnPicture } from "stylebook";
 *
 * const row = { width: 2, height: 1, data: Float32Array.of(10, 10, 10, 20, 20, 20) };
 * const { width, height, data } = turnPicture(row, 90); // the right end comes on top
 * assertEquals([width, height], [1, 2]);
 * assertEquals(data.map(Math.round), Float32Array.of(20, 20, 20, 10, 10, 10));
 * ```
 */
export function turnPicture(
  picture: Picture,
  degrees: number,
  size: { width: number; height: number } = turnedSize(picture, degrees),
): Picture {
  const what = "turn a picture";
  checkPicture(what, picture);
  if (!Number.isFinite(degrees)) {
    throw new RangeError(cannot(what, "the angle must be a finite number", describe(degrees)));
  }
  const { width, height } = size;
  const data = new Float32Array(width * height * 3);
  const [cos, sin] = [Math.cos(degrees * RADIANS), Math.sin(degrees * RADIANS)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - (width - 1) / 2, y - (height - 1) / 2];
      const fromX = cos * dx - sin * dy + (picture.width - 1) / 2;
      const fromY = sin * dx + cos * dy + (picture.height - 1) / 2;
      blend(picture, fromX, fromY, data, 3 * (y * width + x));
    }
  }
  return displayable("picture", { width, height, data });
}

/** The middle of a picture. */
export function cropMiddle(picture: Picture, size: { width: number; height: number }): Picture {
  return turnPicture(picture, 0, size);
}

/** Writes the colour between four pixels. */
function blend(picture: Picture, x: number, y: number, data: Float32Array, at: number): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, bottom] = [x - left, y - top];
  const parts = [
    [left, top, (1 - right) * (1 - bottom)],
    [left + 1, top, right * (1 - bottom)],
    [left, top + 1, (1 - right) * bottom],
    [left + 1, top + 1, right * bottom],
  ] as const;
  for (const [i, j, part] of parts) {
    if (part === 0) continue;
    const from = 3 * (mirror(j, picture.height) * picture.width + mirror(i, picture.width));
    for (let c = 0; c < 3; c++) data[at + c]! += part * picture.data[from + c]!;
  }
}

/** A place beyond the border, mirrored at it: 0 1 2 | 2 1 0 | 0 1 2 … */
function mirror(i: number, size: number): number {
  const period = 2 * size;
  const place = ((i % period) + period) % period;
  return place < size ? place : period - 1 - place;
}
