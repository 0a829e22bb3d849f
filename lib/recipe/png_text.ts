/**
 * Texts in a PNG file (tEXt, PNG specification 11.3.3.2), without decoding its picture.
 *
 * @module
 */
import { cannot } from "../base/check.ts";

/** Longer texts are passed over. */
const MOST = 1e6;

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * The text under a keyword; undefined where there is none.
 *
 * @throws {Error} when the bytes are no PNG file.
 */
export function pngText(bytes: Uint8Array, keyword: string, what: string): string | undefined {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    throw new Error(cannot(what, "it must be a PNG file", `a file of ${bytes.length} bytes`));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const latin1 = (from: number, to: number) =>
    Array.from(bytes.subarray(from, to), (code) => String.fromCharCode(code)).join("");
  const start = `${keyword}\0`;
  // A chunk: four bytes of length, four letters, so many bytes, and four of a checksum.
  for (let at = 8; at + 12 <= bytes.length;) {
    const [type, from] = [latin1(at + 4, at + 8), at + 8];
    const to = from + view.getUint32(at);
    if (to + 4 > bytes.length) break;
    if (
      type === "tEXt" && to - from <= MOST &&
      latin1(from, Math.min(to, from + start.length)) === start
    ) {
      return latin1(from + start.length, to);
    }
    at = to + 4;
  }
  return undefined;
}
