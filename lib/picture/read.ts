/**
 * Pictures from files, addresses and bytes.
 *
 * @module
 */
import { cannot, checkOptions, checkPositiveInteger, describe } from "../base/check.ts";
import { nameSource, readBytes, type Source } from "../base/files.ts";
import { displayable, tellNotebook } from "../base/notebook.ts";
import { decodePicture } from "./decode.ts";
import type { Picture } from "./picture.ts";
import { resample } from "./resample.ts";
import { kernelOf, type ResizeOptions, sizeOf } from "./resize.ts";

/** Options of {@linkcode readPicture}: at most one of the two sizes. */
export type ReadOptions = Pick<ResizeOptions, "kernel"> & {
  /** The longer side in pixels after resizing, as the tutorial's `max_size`. */
  maxSize?: number;
  /** Width and height in pixels after resizing, whatever the proportions were. */
  size?: readonly [width: number, height: number];
  /**
   * Takes a line where a reader should know: the picture was enlarged, or its colours are not exact.
   * @default printed in a notebook, nothing elsewhere
   */
  onNote?: (line: string) => void;
};

/**
 * Reads a picture from a path, a `file:`, `http:` or `https:` address, or bytes, and resizes it if
 * asked to; a size above the picture's own enlarges it, as in the tutorial. PNG, JPEG, TIFF (the first
 * page), WebP, AVIF, GIF (the first frame) and BMP, told by content, not by name; up to 100 megapixels.
 * Greyscale, palettes, 1 to 16 bits and CMYK become RGB, color profiles are converted to sRGB; alpha is
 * composed on white; EXIF's orientation is applied.
 *
 * @throws Error if it cannot be read, RangeError if what was read is no such picture.
 */
export async function readPicture(source: Source, options: ReadOptions = {}): Promise<Picture> {
  const what = `read the picture ${nameSource(source)}`;
  checkOptions(what, options, ["maxSize", "size", "kernel", "onNote"]);
  const { maxSize, size, onNote = tellNotebook } = options;
  if (maxSize !== undefined && size !== undefined) {
    const rule = "only one of maxSize and size may be given";
    throw new RangeError(cannot(what, rule, describe([maxSize, size])));
  }
  if (maxSize !== undefined) checkPositiveInteger(what, "maxSize", maxSize);
  if (size !== undefined) {
    for (const i of [0, 1]) checkPositiveInteger(what, `size[${i}]`, size[i]);
  }
  const kernel = kernelOf({ kernel: options.kernel }, what);
  const decoded = await decodePicture(await readBytes(source, what), what);
  const { width, height, data, notes } = decoded;
  for (const note of notes) onNote(`The picture ${nameSource(source)} ${note}`);
  const target = maxSize !== undefined
    ? { maxSize }
    : { width: size?.[0] ?? width, height: size?.[1] ?? height };
  const to = sizeOf({ width, height }, target, what);
  if (to.width > width || to.height > height) {
    const sizes = `from ${width}x${height} to ${to.width}x${to.height}`;
    onNote(`The picture ${nameSource(source)} is enlarged ${sizes}`);
  }
  const resized = resample(data, [width, height], [to.width, to.height], kernel);
  return displayable("picture", { ...to, data: resized });
}
