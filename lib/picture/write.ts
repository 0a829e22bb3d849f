/**
 * Pictures to files: PNG and JPEG.
 *
 * @module
 */
import { extname } from "node:path";
import { encode as encodePng } from "fast-png";
import { encodeJpeg, Image } from "image-js";
import { cannot, checkInRange, checkOneOf, checkOptions, describe } from "../base/check.ts";
import { checkFileWritable, writeWhole } from "../base/files.ts";
import { checkPicture, type Picture } from "./picture.ts";

/** The formats that are written. */
export type WrittenFormat = "png" | "jpeg";

/** Options of {@linkcode encodePicture} and {@linkcode writePicture}. */
export type WriteOptions = {
  /** JPEG only, 1–100. @default 90 */
  quality?: number;
  /** PNG only: texts kept in the file (tEXt), by keyword (1–79 characters; all in Latin-1). */
  metadata?: Record<string, string>;
};

const EXTENSIONS: Record<string, WrittenFormat> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
};

/**
 * A picture as the bytes of a PNG or JPEG file. Values are clipped to 0–255 and rounded to the
 * nearest whole level.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodePicture, readPicture } from "stylebook";
 *
 * const pixel = { width: 1, height: 1, data: Float32Array.of(300, 99.6, -1) };
 * const { data } = await readPicture(encodePicture(pixel, "png"));
 * assertEquals([...data], [255, 100, 0]);
 * ```
 */
export function encodePicture(
  picture: Picture,
  format: WrittenFormat,
  options: WriteOptions = {},
): Uint8Array {
  const what = "encode a picture";
  checkPicture(what, picture);
  checkOptions(what, options, ["quality", "metadata"]);
  const { quality = 90, metadata } = options;
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
  return EXTENSIONS[extension]!;
}
