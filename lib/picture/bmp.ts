/**
 * BMP pictures, which libvips does not read, by the decoder of image-js.
 *
 * @module
 */
import { decode } from "image-js";
import { type Samples, UnsupportedError } from "./samples.ts";

/** The size in a BMP's header. */
export function readBmpSize(bytes: Uint8Array): { width: number; height: number } {
  const view = viewOf(bytes);
  if (view.getUint32(14, true) < 40) throw new UnsupportedError("BMP of OS/2");
  const height = view.getInt32(22, true);
  if (height < 0) throw new UnsupportedError("BMP stored top row first");
  return { width: view.getInt32(18, true), height };
}

/**
 * The samples of a BMP of 1, 8 or 24 bits.
 *
 * @throws UnsupportedError for another kind, Error where the data end too early.
 */
export function readBmp(bytes: Uint8Array): Samples {
  const view = viewOf(bytes);
  const { width, height } = readBmpSize(bytes);
  const [start, headerSize] = [view.getUint32(10, true), view.getUint32(14, true)];
  const [depth, compression] = [view.getUint16(28, true), view.getUint32(30, true)];
  if (![1, 8, 24].includes(depth)) throw new UnsupportedError(`BMP of ${depth} bits`);
  if (compression !== 0) throw new UnsupportedError("BMP that is compressed");
  const row = 4 * Math.ceil(width * depth / 32);
  if (start + row * height > bytes.length) throw new Error("the data end too early");
  const image = decode(bytes);
  const { data } = image.getRawImage();
  if (depth === 24) return { data, channels: image.channels, max: 255 };
  // The decoder gives indices (0 and 255 for one bit), not the colours of the palette: B, G, R, 0.
  const colors = bytes.subarray(14 + headerSize, start);
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const index = depth === 1 ? data[i]! & 1 : data[i]!;
    if (4 * index + 3 > colors.length) throw new Error(`no color ${index} in its palette`);
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = colors[4 * index + 2 - c]!;
  }
  return { data: rgb, channels: 3, max: 255 };
}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
