/**
 * Pictures on the CPU. A {@linkcode Picture} is plain data: RGB, row by row, 0–255, in float32, so
 * that nothing is lost between two steps. This file reads and writes picture files, resizes as the
 * tutorial's `load_image` does, and goes to tensors `[1, H, W, 3]` and back.
 *
 * @module
 */
import { extname } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { encode as encodePng } from "fast-png";
import { encodeJpeg, Image } from "image-js";
import {
  cannot,
  checkInRange,
  checkOneOf,
  checkPositiveInteger,
  checkShape,
  describe,
} from "../base/check.ts";
import { decodePicture, MAX_PIXELS } from "./decode.ts";
import { checkFileWritable, nameSource, readBytes, writeWhole } from "../base/files.ts";
import type { Source } from "../base/files.ts";
import { displayable } from "../base/notebook.ts";
import { resampleLanczos } from "./resample.ts";

/** A picture: `data` holds RGB interleaved, row by row, 0–255; its length is width × height × 3. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
};

/** Options of {@linkcode readPicture}: at most one of the two. */
export type ReadOptions = {
  /** The longer side in pixels after resizing, as the tutorial's `max_size`. */
  maxSize?: number;
  /** Width and height in pixels after resizing, whatever the proportions were. */
  size?: readonly [width: number, height: number];
};

/** What {@linkcode resizePicture} makes: a longer side, or a width and a height, in pixels. */
export type TargetSize = { maxSize: number } | { width: number; height: number };

/** The formats that are written. */
export type WrittenFormat = "png" | "jpeg";

/** Options of {@linkcode encodePicture} and {@linkcode writePicture}. */
export type WriteOptions = {
  /** JPEG only, 1–100. */
  quality?: number;
  /** PNG only: texts kept in the file (tEXt), by keyword (1–79 characters; all in Latin-1). */
  metadata?: Record<string, string>;
};

const RESIZE = "resize a picture";

const EXTENSIONS: Record<string, WrittenFormat> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
};

/**
 * Reads a picture from a path, a `file:`, `http:` or `https:` address, or bytes, and resizes it if
 * asked to. PNG, JPEG, TIFF (the first page) and BMP, told by content, not by name; up to 100
 * megapixels. Greyscale, palettes, 1 to 16 bits and CMYK JPEG become RGB; alpha is composed on
 * white; EXIF's orientation is applied; colour profiles are not.
 *
 * @throws Error if it cannot be read, RangeError if what was read is no such picture.
 */
export async function readPicture(
  source: Source,
  { maxSize, size }: ReadOptions = {},
): Promise<Picture> {
  const what = `read the picture ${nameSource(source)}`;
  if (maxSize !== undefined && size !== undefined) {
    const rule = "only one of maxSize and size may be given";
    throw new RangeError(cannot(what, rule, describe([maxSize, size])));
  }
  if (maxSize !== undefined) checkPositiveInteger(what, "maxSize", maxSize);
  if (size !== undefined) {
    for (const i of [0, 1]) checkPositiveInteger(what, `size[${i}]`, size[i]);
  }
  const { width, height, data } = decodePicture(await readBytes(source, what), what);
  const target = maxSize !== undefined ? { maxSize } : size && { width: size[0], height: size[1] };
  const [toWidth, toHeight] = target ? targetSize({ width, height }, target) : [width, height];
  const resized = resampleLanczos(data, [width, height], [toWidth, toHeight]);
  return displayable("picture", { width: toWidth, height: toHeight, data: resized });
}

/**
 * A picture in another size, by Lanczos resampling, antialiased when it shrinks. `maxSize` is the
 * tutorial's `load_image`: factor = maxSize / max(width, height), smaller pictures grow, and the new
 * sides are width · factor and height · factor without their fractions (here at least 1 pixel).
 * Values are clipped to 0–255 but not rounded. The picture itself comes back if its size is right.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const picture = { width: 6, height: 4, data: new Float32Array(6 * 4 * 3).fill(80) };
 * const { width, height, data } = resizePicture(picture, { maxSize: 3 });
 * assertEquals([width, height, Math.round(data[0])], [3, 2, 80]);
 * ```
 */
export function resizePicture(picture: Picture, target: TargetSize): Picture {
  checkPicture(RESIZE, picture);
  const [width, height] = targetSize(picture, target);
  if (width === picture.width && height === picture.height) return picture;
  const data = resampleLanczos(picture.data, [picture.width, picture.height], [width, height]);
  return displayable("picture", { width, height, data });
}

/** The size that a picture of this size gets, as {@linkcode resizePicture} makes it. */
export function sizeOf(
  picture: { width: number; height: number },
  target: TargetSize,
): { width: number; height: number } {
  const [width, height] = targetSize(picture, target);
  return { width, height };
}

function targetSize(
  { width, height }: { width: number; height: number },
  target: TargetSize,
): [width: number, height: number] {
  let size: [number, number];
  if ("maxSize" in target) {
    checkPositiveInteger(RESIZE, "maxSize", target.maxSize);
    const factor = target.maxSize / Math.max(width, height);
    const scale = (side: number) => Math.max(1, Math.trunc(side * factor));
    size = [scale(width), scale(height)];
  } else {
    checkPositiveInteger(RESIZE, "width", target.width);
    checkPositiveInteger(RESIZE, "height", target.height);
    size = [target.width, target.height];
  }
  if (size[0] * size[1] > MAX_PIXELS) {
    const rule = `the result must have at most ${MAX_PIXELS / 1e6} megapixels`;
    throw new RangeError(cannot(RESIZE, rule, size.join("x")));
  }
  return size;
}

/**
 * A picture as the bytes of a PNG or JPEG file. Values are clipped to 0–255 and rounded to the
 * nearest whole level.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const pixel = { width: 1, height: 1, data: Float32Array.of(300, 99.6, -1) };
 * const { data } = await readPicture(encodePicture(pixel, "png"));
 * assertEquals([...data], [255, 100, 0]);
 * ```
 */
export function encodePicture(
  picture: Picture,
  format: WrittenFormat,
  { quality = 90, metadata }: WriteOptions = {},
): Uint8Array {
  const what = "encode a picture";
  checkPicture(what, picture);
  checkOneOf(what, "format", format, ["png", "jpeg"]);
  const { width, height } = picture;
  // A Uint8ClampedArray clips and rounds, a half to the even neighbour.
  const data = new Uint8Array(new Uint8ClampedArray(picture.data).buffer);
  if (format === "png") {
    checkMetadata(what, metadata);
    const image = { width, height, data, channels: 3, depth: 8 as const };
    return encodePng(metadata ? { ...image, text: metadata } : image, { zlib: { level: 9 } });
  }
  checkInRange(what, "quality", quality, 1, 100);
  if (metadata) throw new RangeError(cannot(what, "metadata needs PNG", describe(format)));
  return encodeJpeg(new Image(width, height, { data, colorModel: "RGB" }), { quality });
}

function checkMetadata(what: string, metadata: Record<string, string> = {}): void {
  for (const [keyword, text] of Object.entries(metadata)) {
    const isLatin1 = Array.from(keyword + text).every((character) => character <= "\xff");
    if (isLatin1 && keyword.length >= 1 && keyword.length <= 79) continue;
    const rule = "metadata must be Latin-1, with keywords of 1 to 79 characters";
    throw new RangeError(cannot(what, rule, describe([keyword, text])));
  }
}

/**
 * Writes a picture as PNG or JPEG, by the name's extension, whole or not at all: an older file of
 * that name stays until the new one is complete.
 *
 * @throws RangeError for another extension, Error if the folder is missing or cannot be written.
 */
export async function writePicture(
  picture: Picture,
  path: string | URL,
  options: WriteOptions = {},
): Promise<void> {
  const what = `write the picture ${describe(String(path))}`;
  const bytes = encodePicture(picture, formatOf(path, what), options);
  await writeWhole(path, bytes, what);
}

/**
 * Throws if {@linkcode writePicture} could not write to `path`: for use before a long run. Leaves
 * nothing behind and does not touch a file that is there.
 */
export async function checkWritable(path: string | URL): Promise<void> {
  const what = `write the picture ${describe(String(path))}`;
  formatOf(path, what);
  await checkFileWritable(path, what);
}

function formatOf(path: string | URL, what: string): WrittenFormat {
  const extension = extname(path instanceof URL ? path.pathname : path).toLowerCase();
  checkOneOf(what, "its extension", extension, Object.keys(EXTENSIONS));
  return EXTENSIONS[extension];
}

/** The tensor `[1, H, W, 3]` of a picture, a copy: yours to dispose. */
export function toTensor(picture: Picture): tf.Tensor4D {
  checkPicture("make a tensor", picture);
  return tf.tensor4d(picture.data.slice(), [1, picture.height, picture.width, 3]);
}

/**
 * The picture in a tensor `[1, H, W, 3]`, clipped to 0–255, not rounded. The tensor stays yours.
 *
 * @throws RangeError if the shape is another one or a value is NaN.
 */
export async function toPicture(tensor: tf.Tensor4D): Promise<Picture> {
  const what = "make a picture";
  checkShape(what, "the tensor", tensor.shape, [1, null, null, 3]);
  const [, height, width] = tensor.shape;
  const data = new Float32Array(await tensor.data());
  for (let i = 0; i < data.length; i++) {
    if (data[i] >= 0 && data[i] <= 255) continue;
    if (Number.isNaN(data[i])) {
      throw new RangeError(cannot(what, "every value must be a number", `NaN at index ${i}`));
    }
    data[i] = data[i] < 0 ? 0 : 255;
  }
  return displayable("picture", { width, height, data });
}

/** Throws unless `picture` is one: whole sides above 0 and that many values. */
export function checkPicture(what: string, picture: Picture): void {
  const { width, height, data } = picture ?? {};
  checkPositiveInteger(what, "the picture's width", width);
  checkPositiveInteger(what, "the picture's height", height);
  if (!(data instanceof Float32Array) || data.length !== width * height * 3) {
    const rule = `its data must be a Float32Array of ${width} x ${height} x 3 values`;
    throw new RangeError(cannot(what, rule, describe(data?.length)));
  }
}
