/**
 * Pictures as a film that plays in the notebook: an animated PNG, which every place that shows a PNG
 * shows, and browsers play.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { cannot, checkPositive, describe } from "../base/check.ts";
import type { Picture } from "../picture/picture.ts";
import { encodePicture } from "../picture/write.ts";
import { type Bundle, DISPLAY, type Figure, toBase64 } from "./publish.ts";

/** Settings of {@linkcode animation}. */
export type AnimationOptions = {
  /** Milliseconds that a picture stays; the last one stays four times as long. */
  delay?: number;
};

/** A film: show it as the last line of a cell, or by `await show(film)`. */
export type Animation = Figure & { readonly png: Uint8Array };

/**
 * Plays pictures of one size again and again.
 *
 * @throws {RangeError} if there is no picture, or they differ in size.
 *
 * @example
 * ```ts
 * import { animation } from "stylebook";
 *
 * const frame = (grey: number) => ({ width: 4, height: 4, data: new Float32Array(48).fill(grey) });
 * const film = animation([frame(0), frame(255)], { delay: 200 });
 * ```
 */
export function animation(
  pictures: readonly Picture[],
  { delay = 300 }: AnimationOptions = {},
): Animation {
  checkPositive("make an animation", "delay", delay);
  const [first] = pictures;
  if (!first) {
    throw new RangeError(cannot("make an animation", "there must be a picture", describe(0)));
  }
  const { width, height } = first;
  for (const picture of pictures) {
    if (picture.width === width && picture.height === height) continue;
    const rule = `all pictures must have the size of the first, ${width}x${height}`;
    const size = `${picture.width}x${picture.height}`;
    throw new RangeError(cannot("make an animation", rule, size));
  }
  const png = assemble(pictures.map((picture) => encodePicture(picture, "png")), delay);
  const text = `a film of ${pictures.length} pictures, ${width}×${height}`;
  return {
    png,
    text,
    [DISPLAY]: (): Bundle => ({ "image/png": toBase64(png), "text/plain": text }),
  };
}

const SIGNATURE_BYTES = 8;

/** The chunks of a PNG by type: those of one type follow each other. */
function chunksOf(png: Uint8Array): { type: string; data: Uint8Array }[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: { type: string; data: Uint8Array }[] = [];
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

/** A chunk: length, type, data, checksum of type and data. */
function chunk(type: string, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(12 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  bytes.set(new TextEncoder().encode(type), 4);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(at, crc32(bytes.subarray(4, at)));
  return bytes;
}

const uint32 = (...values: number[]) => {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setUint32(4 * i, value));
  return new Uint8Array(view.buffer);
};

/**
 * PNG files of one size as one animated PNG: each file's image data (IDAT) becomes a frame, the first as
 * it is, the others under another name (fdAT) and with a running number. Source: Portable Network
 * Graphics (Third Edition), W3C 2025, section 11.3.5.
 */
function assemble(files: Uint8Array[], delay: number): Uint8Array {
  const first = files[0]!;
  const header = chunksOf(first)[0]!;
  const size = header.data.subarray(0, 8); // width and height
  const parts = [
    first.subarray(0, SIGNATURE_BYTES),
    chunk("IHDR", header.data),
    chunk("acTL", uint32(files.length, 0)),
  ];
  let sequence = 0;
  files.forEach((file, i) => {
    const milliseconds = i === files.length - 1 ? 4 * delay : delay;
    const timing = new Uint8Array(6); // delay as a fraction of 16-bit numbers; the whole frame, as it is
    new DataView(timing.buffer).setUint16(0, Math.round(milliseconds));
    new DataView(timing.buffer).setUint16(2, 1000);
    parts.push(chunk("fcTL", uint32(sequence++), size, uint32(0, 0), timing));
    for (const { type, data } of chunksOf(file)) {
      if (type !== "IDAT") continue;
      parts.push(i === 0 ? chunk("IDAT", data) : chunk("fdAT", uint32(sequence++), data));
    }
  });
  parts.push(chunk("IEND"));
  const png = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (png.set(part, at), at + part.length), 0);
  return png;
}
