/**
 * Broken input, made from whole input by a seeded source of randomness.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { Random } from "../../lib/base/random.ts";

/** A whole number from 0 to `end - 1`. */
export const below = (random: Random, end: number): number => Math.floor(random() * end);

/** One of some things. */
export const pick = <T>(random: Random, things: readonly T[]): T =>
  things[below(random, things.length)]!;

type Bytes = Uint8Array<ArrayBuffer>;
type Mutation = (bytes: Bytes, random: Random) => Bytes;

/** Bytes at which counts and sizes break. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

const joined = (...parts: Uint8Array[]): Bytes =>
  new Uint8Array(parts.flatMap((part) => Array.from(part)));

const MUTATIONS: readonly Mutation[] = [
  function flipBits(bytes, random) {
    for (let n = 1 + below(random, 8); n > 0; n--) {
      bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
    }
    return bytes;
  },
  function overwrite(bytes, random) {
    const [at, value] = [below(random, bytes.length), pick(random, EXTREMES)];
    return bytes.fill(value, at, at + 1 + below(random, 4));
  },
  // Headers stand at the beginning.
  function overwriteHead(bytes, random) {
    const at = below(random, Math.min(64, bytes.length));
    return bytes.fill(pick(random, EXTREMES), at, at + 1 + below(random, 4));
  },
  function cut(bytes, random) {
    return bytes.slice(0, below(random, bytes.length));
  },
  function zeroBlock(bytes, random) {
    const at = below(random, bytes.length);
    return bytes.fill(0, at, at + 1 + below(random, 300));
  },
  function leaveOut(bytes, random) {
    const at = below(random, bytes.length);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 64)));
  },
  function repeat(bytes, random) {
    const at = below(random, bytes.length);
    const end = at + 1 + below(random, 64);
    return joined(bytes.subarray(0, end), bytes.subarray(at));
  },
  function insert(bytes, random) {
    const at = below(random, bytes.length);
    const noise = Uint8Array.from({ length: 1 + below(random, 16) }, () => below(random, 256));
    return joined(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
];

/** A copy of some bytes with one to three faults. */
export function mutate(whole: Uint8Array, random: Random): Bytes {
  let bytes: Bytes = new Uint8Array(whole);
  for (let n = 1 + below(random, 3); n > 0 && bytes.length > 0; n--) {
    bytes = pick(random, MUTATIONS)(bytes, random);
  }
  // With its checksums put right a PNG file gets past the first check.
  return random() < 0.5 ? withChecksums(bytes) : bytes;
}

/** A PNG file with the checksums of its chunks put right; other files as they are. */
function withChecksums(bytes: Bytes): Bytes {
  if (bytes[0] !== 0x89 || bytes[1] !== 0x50) return bytes;
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) break;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
  return bytes;
}

/** A text with one to three faults: characters that matter somewhere, repeats, cuts. */
export function mutateText(text: string, random: Random): string {
  const odd = [
    "\0",
    "\x1b[2J",
    "\u202e",
    "NaN",
    "-1",
    "1e999",
    "__proto__",
    "{",
    '"',
    "\\",
    "☂",
    "=",
  ];
  for (let n = 1 + below(random, 3); n > 0; n--) {
    const at = below(random, text.length + 1);
    const cut = at + below(random, 12);
    text = pick(random, [
      () => text.slice(0, at) + pick(random, odd) + text.slice(at),
      () => text.slice(0, at) + text.slice(cut),
      () => text.slice(0, cut) + text.slice(at),
    ])();
  }
  return text;
}
