/**
 * The golden pictures that `reference/make_picture_golden.py` makes, for the tests of `picture.ts`.
 *
 * @module
 */
import { inflateSync } from "node:zlib";
import type { Picture } from "../../lib/picture/picture.ts";
import type { KernelName } from "../../lib/picture/resize.ts";

/** What a file decodes to; `uint16` values are 257 times the level. */
export type DecodedRow = {
  width: number;
  height: number;
  type: "uint8" | "uint16";
  rgb: string;
};

/** Every `every`-th pixel in both directions of a resized picture. */
export type ResizedRow = { width: number; height: number; every: number; rgb: string };

/** Where the files are. */
export const GOLDEN_FOLDER = new URL("../golden/pictures/", import.meta.url);

/** `golden.json`. */
export const GOLDEN: {
  photograph: string;
  decoded: Record<string, DecodedRow>;
  resized: Record<string, ResizedRow>;
  resizedWith: {
    source: { width: number; height: number; rgb: string };
    results: { kernel: KernelName; width: number; height: number; rgb: string }[];
  };
} = JSON.parse(Deno.readTextFileSync(new URL("golden.json", GOLDEN_FOLDER)));

/** The numbers in a golden field: base64 of zlib of little-endian values. */
export function unpack(text: string, type: "uint8" | "uint16"): number[] {
  const bytes = inflateSync(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  if (type === "uint8") return [...bytes];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true) / 257);
}

/** The script's colour ramp: red grows to the right, green downwards, blue waves. */
export function scene(width: number, height: number): Picture {
  const data = new Float32Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[i++] = Math.round(20 + 220 * x / (width - 1));
      data[i++] = Math.round(30 + 200 * y / (height - 1));
      data[i++] = Math.round(128 + 100 * Math.sin(x * y / 60));
    }
  }
  return { width, height, data };
}
