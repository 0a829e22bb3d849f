/**
 * Safetensors: eight bytes with the length of a JSON header, the header (name, type, shape and place
 * of every tensor), then the numbers. Everything that the header claims is checked against the file
 * before a number is used.
 *
 * Numbers come in three formats: float32, half precision, and eight bits a weight. The last is a pair
 * of tensors: `NAME.index`, bytes in the shape of the weights, each the place of a value in
 * `NAME.table`, which has at most 256.
 *
 * Format: https://github.com/huggingface/safetensors, README, "Format".
 *
 * @module
 */
import { describe } from "../../base/check.ts";
import { fromPalette, toPalette } from "./palette.ts";
import {
  countingValues,
  floatsOf,
  isCounts,
  type Refuse,
  refusing,
  type Weights,
} from "./tensors.ts";

/** What the header says of a tensor; offsets count from the end of the header. */
type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };
type Indices = Record<string, { shape: number[]; index: Uint8Array }>;

const BYTES: Record<string, number> = { F16: 2, F32: 4, U8: 1 };
const MAX_HEADER_BYTES = 10_000_000;

/** Whether a file may be safetensors: after the header's length comes a JSON object. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === "{".charCodeAt(0);
}

/**
 * Takes a safetensors file apart; half precision stays, eight bits are widened to float32.
 *
 * @throws {Error} when the header is malformed or the tensors do not fill the file exactly.
 */
export function parseSafetensors(bytes: Uint8Array, name = "weights"): Weights {
  const fail = refusing(name);
  if (bytes.length < 8) fail("a safetensors file has at least 8 bytes", bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const room = Math.min(bytes.length - 8, MAX_HEADER_BYTES);
  if (headerBytes > room) fail(`the header must have at most ${room} bytes`, headerBytes);

  const start = 8 + headerBytes;
  const weights: Weights = {};
  const indices: Indices = {};
  const ranges: [number, number][] = [];
  for (const [tensor, entry] of Object.entries(parseHeader(bytes.subarray(8, start), name))) {
    if (tensor === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = entry ?? {};
    const width = typeof dtype === "string" && Object.hasOwn(BYTES, dtype) ? BYTES[dtype]! : NaN;
    if (Number.isNaN(width)) {
      fail(`${tensor} must be one of ${Object.keys(BYTES).join(", ")}`, describe(dtype));
    }
    if (!isCounts(shape)) fail(`${tensor} must have a shape of counts`, JSON.stringify(shape));
    if (!isCounts(offsets) || offsets.length !== 2) {
      fail(`${tensor} must have two offsets`, JSON.stringify(offsets));
    }
    const [from, to] = offsets;
    const size = shape.reduce((product, n) => product * n, 1);
    if (to - from !== size * width) {
      fail(`${tensor} [${shape}] in ${dtype} takes ${size * width} bytes`, to - from);
    }
    if (start + to > bytes.length) {
      fail(`${tensor} ends at byte ${start + to} of the file`, `${bytes.length} bytes`);
    }
    ranges.push([from, to]);
    const part = bytes.subarray(start + from, start + to);
    if (dtype === "U8") indices[tensor] = { shape: [...shape], index: part };
    else {
      weights[tensor] = { shape: [...shape], data: numbersOf(new Uint8Array(part), dtype) };
    }
  }

  let end = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    if (from !== end) fail(`the next tensor must start at byte ${end}`, from);
    end = to;
  }
  if (start + end !== bytes.length) fail(`the tensors end at ${start + end}`, bytes.length);
  const expanded = expand(indices, weights, fail); // takes the tables out
  return { ...weights, ...expanded };
}

/** Bytes as the numbers that they are: half precision or float32. */
export function numbersOf(
  { buffer }: Uint8Array<ArrayBuffer>,
  dtype: string,
): Float16Array<ArrayBuffer> | Float32Array<ArrayBuffer> {
  return dtype === "F16" ? new Float16Array(buffer) : new Float32Array(buffer);
}

/** Replaces pairs of index and table by the weights that they stand for. */
function expand(indices: Indices, weights: Weights, fail: Refuse): Weights {
  const expanded: Weights = {};
  const count = countingValues(fail);
  for (const [tensor, { shape, index }] of Object.entries(indices)) {
    const name = tensor.replace(/\.index$/, "");
    const table = Object.hasOwn(weights, `${name}.table`) ? weights[`${name}.table`] : undefined;
    if (!table || name === tensor) {
      return fail(`${tensor} in U8 must be an index with a table of its name`, "no table");
    }
    count(name, shape);
    let most = 0;
    for (let i = 0; i < index.length; i++) if (index[i]! > most) most = index[i]!;
    if (most >= table.data.length) {
      fail(`${tensor} must hold places in a table of ${table.data.length} values`, most);
    }
    expanded[name] = { shape, data: fromPalette({ index, table: floatsOf(table) }) };
    delete weights[`${name}.table`];
  }
  return expanded;
}

/** The header: what it says of each tensor, unchecked. */
export function parseHeader(bytes: Uint8Array, name: string): Record<string, Entry> {
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (header !== null && typeof header === "object" && !Array.isArray(header)) return header;
  } catch {
    // Reported below together with headers that are JSON but no object.
  }
  throw new Error(`Cannot read the weights ${name} as the header must be a JSON object`);
}

/** How weights are written. */
export type WriteSafetensorsOptions = {
  /** Where the weights come from; kept in the header. */
  notes?: Record<string, string>;
  /**
   * Bits a weight: 16 is half precision; with 8, kernels have a table of 256 values each, and what
   * is smaller than a table stays float32.
   *
   * @default {16}
   */
  bits?: 8 | 16;
};

type Part = { name: string; dtype: string; shape: number[]; bytes: Uint8Array };

/** What must keep all its digits: a mean on the scale 0–255. */
const EXACT = /\.mean$/;

/**
 * Writes weights as a safetensors file, tensors in alphabetical order, so that the same weights always
 * give the same bytes.
 *
 * @throws {Error} when a value is not finite, or too large for half precision (65504).
 */
export function writeSafetensors(
  weights: Weights,
  { notes = {}, bits = 16 }: WriteSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const parts = Object.keys(weights).sort().flatMap((name) => encode(name, weights, bits));
  // Bytes last, so that float32 is aligned.
  parts.sort((a, b) => Number(a.dtype === "U8") - Number(b.dtype === "U8"));
  const header: Record<string, unknown> = { __metadata__: notes };
  let end = 0;
  for (const { name, dtype, shape, bytes } of parts) {
    header[name] = { dtype, shape, data_offsets: [end, end += bytes.length] };
  }
  const text = JSON.stringify(header);
  // Blanks after the header let the numbers start at a multiple of eight bytes.
  const json = new TextEncoder().encode(text);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end).fill(32, 8 + json.length, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const { bytes } of parts) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

function encode(name: string, weights: Weights, bits: 8 | 16): Part[] {
  const { shape } = weights[name]!;
  const data = floatsOf(weights[name]!);
  const refuse = (format: string, at: number) => {
    throw new Error(
      `Cannot write ${name} as ${format}: current value at position ${at} is ${data[at]}`,
    );
  };
  const part = (suffix: string, dtype: string, shape: number[], { buffer }: NumberArray) => (
    { name: `${name}${suffix}`, dtype, shape, bytes: new Uint8Array(buffer) }
  );
  if (bits === 16 && !EXACT.test(name)) {
    const half = new Float16Array(data);
    const bad = half.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) refuse("half precision holds finite numbers up to 65504", bad);
    return [part("", "F16", shape, half)];
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) refuse("weights must be finite", bad);
  if (shape.length < 4) return [part("", "F32", shape, new Float32Array(data))];
  const { table, index } = toPalette(data);
  return [
    part(".table", "F32", [table.length], table),
    part(".index", "U8", shape, index),
  ];
}

type NumberArray = { buffer: ArrayBuffer };
