/**
 * Safetensors: eight bytes with the length of a JSON header, the header (name, type, shape and place
 * of every tensor), then the numbers. Everything that the header claims is checked against the file
 * before a number is used.
 *
 * Format: https://github.com/huggingface/safetensors, README, "Format".
 *
 * @module
 */
import { isCounts, narrowToHalf, refusing, type Weights, widenHalf } from "./tensors.ts";

type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };

const BYTES: Record<string, number> = { F16: 2, F32: 4 };
const MAX_HEADER_BYTES = 10_000_000;

/** Whether a file may be safetensors: after the header's length comes a JSON object. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === "{".charCodeAt(0);
}

/**
 * Takes a safetensors file apart; half precision is widened to float32.
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
  const ranges: [number, number][] = [];
  for (const [tensor, entry] of Object.entries(parseHeader(bytes.subarray(8, start), name))) {
    if (tensor === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = entry ?? {};
    if (!Object.hasOwn(BYTES, dtype)) {
      fail(`${tensor} must be one of ${Object.keys(BYTES).join(", ")}`, dtype);
    }
    if (!isCounts(shape)) fail(`${tensor} must have a shape of counts`, JSON.stringify(shape));
    if (!isCounts(offsets) || offsets.length !== 2) {
      fail(`${tensor} must have two offsets`, JSON.stringify(offsets));
    }
    const [from, to] = offsets;
    const size = shape.reduce((product, n) => product * n, 1);
    if (to - from !== size * BYTES[dtype]) {
      fail(`${tensor} [${shape}] in ${dtype} takes ${size * BYTES[dtype]} bytes`, to - from);
    }
    if (start + to > bytes.length) {
      fail(`${tensor} ends at byte ${start + to} of the file`, `${bytes.length} bytes`);
    }
    ranges.push([from, to]);
    weights[tensor] = {
      shape: [...shape],
      data: read(bytes.subarray(start + from, start + to), dtype),
    };
  }

  let end = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    if (from !== end) fail(`the next tensor must start at byte ${end}`, from);
    end = to;
  }
  if (start + end !== bytes.length) fail(`the tensors end at ${start + end}`, bytes.length);
  return weights;
}

/** The numbers of a tensor, a copy. */
function read(bytes: Uint8Array, dtype: string): Float32Array<ArrayBuffer> {
  if (dtype === "F32") return new Float32Array(new Uint8Array(bytes).buffer);
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return widenHalf(new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2));
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, Entry> {
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (header !== null && typeof header === "object" && !Array.isArray(header)) return header;
  } catch {
    // Reported below together with headers that are JSON but no object.
  }
  throw new Error(`Cannot read the weights ${name} as the header must be a JSON object`);
}

/**
 * Writes weights as a safetensors file in half precision, tensors in alphabetical order, so that the
 * same weights always give the same bytes.
 *
 * @param notes where the weights come from; kept in the header
 * @throws {Error} when a value is not finite or too large for half precision (65504).
 */
export function writeSafetensors(
  weights: Weights,
  notes: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: notes };
  const parts: Uint16Array[] = [];
  let end = 0;
  for (const name of Object.keys(weights).sort()) {
    const { shape, data } = weights[name];
    const half = narrowToHalf(data);
    const bad = half.findIndex((bits) => (bits & 0x7c00) === 0x7c00);
    if (bad >= 0) {
      throw new Error(
        `Cannot write ${name} as half precision holds finite numbers up to 65504: current value ` +
          `at position ${bad} is ${data[bad]}`,
      );
    }
    header[name] = { dtype: "F16", shape, data_offsets: [end, end += half.byteLength] };
    parts.push(half);
  }
  const text = JSON.stringify(header);
  // Blanks after the header let the numbers start at a multiple of eight bytes.
  const json = new TextEncoder().encode(text);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end).fill(32, 8 + json.length, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const part of parts) {
    file.set(new Uint8Array(part.buffer), at);
    at += part.byteLength;
  }
  return file;
}
