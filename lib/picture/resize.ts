/**
 * Pictures in other sizes.
 *
 * @module
 */
import { cannot, checkOneOf, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { displayable } from "../base/notebook.ts";
import { checkPicture, MAX_PIXELS, type Picture } from "./picture.ts";
import { KERNELS, resample } from "./resample.ts";

/** What {@linkcode resizePicture} makes: a longer side, or a width and a height, in pixels. */
export type TargetSize = { maxSize: number } | { width: number; height: number };

/** How pixels are blended, from sharp to plain. */
export type KernelName = keyof typeof KERNELS;

/** Options of {@linkcode resizePicture}. */
export type ResizeOptions = {
  /** How pixels are blended. @default "lanczos" */
  kernel?: KernelName;
  /** Whether the picture goes on beyond its border at the far side, as one that tiles. @default {false} */
  circular?: boolean;
};

const WHAT = "resize a picture";

/**
 * A picture in another size, antialiased when it shrinks. `maxSize` is the tutorial's `load_image`:
 * factor = maxSize / max(width, height), smaller pictures grow, and the new sides are width · factor and
 * height · factor without their fractions (here at least 1 pixel). Values are clipped to 0–255 but not
 * rounded. The picture itself comes back if its size is right.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resizePicture } from "stylebook";
 *
 * const picture = { width: 6, height: 4, data: new Float32Array(6 * 4 * 3).fill(80) };
 * const { width, height, data } = resizePicture(picture, { maxSize: 3 });
 * assertEquals([width, height, data.map(Math.round)[0]], [3, 2, 80]);
 * ```
 *
 * @throws RangeError if the result would have no or too many pixels, or the picture is none.
 */
export function resizePicture(
  picture: Picture,
  target: TargetSize,
  options: ResizeOptions = {},
): Picture {
  checkPicture(WHAT, picture);
  const kernel = kernelOf(options);
  const { width, height } = sizeOf(picture, target);
  if (width === picture.width && height === picture.height) return picture;
  const from = [picture.width, picture.height] as const;
  const data = resample(picture.data, from, [width, height], kernel, options.circular);
  return displayable("picture", { width, height, data });
}

/** The kernel that the options name. */
export function kernelOf(options: ResizeOptions, what = WHAT) {
  checkOptions(what, options, ["kernel", "circular"]);
  const { kernel = "lanczos" } = options;
  checkOneOf(what, "kernel", kernel, Object.keys(KERNELS));
  return KERNELS[kernel];
}

/** The size that a picture of this size gets, as {@linkcode resizePicture} makes it. */
export function sizeOf(
  { width, height }: { width: number; height: number },
  target: TargetSize,
  what = WHAT,
): { width: number; height: number } {
  // A picture will do: it is asked for its sides.
  checkOptions(what, target, ["maxSize", "width", "height", "data"]);
  const size = "maxSize" in target ? longerSide(width, height, target.maxSize, what) : target;
  checkPositiveInteger(what, "width", size.width);
  checkPositiveInteger(what, "height", size.height);
  if (size.width * size.height > MAX_PIXELS) {
    const rule = `the result must have at most ${MAX_PIXELS / 1e6} megapixels`;
    throw new RangeError(cannot(what, rule, `${size.width}x${size.height}`));
  }
  return { width: size.width, height: size.height };
}

function longerSide(width: number, height: number, maxSize: number, what: string) {
  checkPositiveInteger(what, "maxSize", maxSize);
  const factor = maxSize / Math.max(width, height);
  const scale = (side: number) => Math.max(1, Math.trunc(side * factor));
  return { width: scale(width), height: scale(height) };
}
