/**
 * Reads the weights of a network from a safetensors file: eight bytes with the length of a JSON
 * header, the header (name, type, shape and place of every tensor), then the numbers. Everything
 * that the header claims is checked against the file before a number is used.
 *
 * Format: https://github.com/huggingface/safetensors, README, "Format".
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Named arrays on the CPU: kernels `[height, width, in, out]`, biases `[out]`. */
export type Weights = Record<string, { shape: number[]; data: Float32Array }>;

type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };

const BYTES: Record<string, number> = { F16: 2, F32: 4 };
const MAX_HEADER_BYTES = 10_000_000;

/** Settings of {@linkcode readWeights}. */
export type ReadWeightsOptions = {
  /** The SHA-256 that the file must have, in hexadecimal; not checked when left out. */
  sha256?: string;
};

/**
 * Reads a weights file from a path, a URL or bytes.
 *
 * @throws {Error} when the file is missing, cut off, altered or contradicts itself; the message
 * names the file, the tensor and the number.
 */
export async function readWeights(
  source: string | URL | Uint8Array,
  { sha256 }: ReadWeightsOptions = {},
): Promise<Weights> {
  const name = source instanceof Uint8Array ? `${source.length} bytes` : String(source);
  const bytes = await readBytes(source, name);
  if (sha256 !== undefined) {
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== sha256) {
      throw new Error(
        `Cannot use the weights ${name} as their SHA-256 must be ${sha256}: current value is ` +
          `${found} (${bytes.length} bytes); fetch the file again`,
      );
    }
  }
  return parseSafetensors(bytes, name);
}

async function readBytes(source: string | URL | Uint8Array, name: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const url = source instanceof URL || /^(https?|file):/.test(source) ? new URL(source) : undefined;
  try {
    if (!url || url.protocol === "file:") return await Deno.readFile(url ?? source);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read the weights ${name}: ${reason}`, { cause: error });
  }
}

/**
 * Takes a safetensors file apart; half precision is widened to float32.
 *
 * @throws {Error} when the header is malformed or the tensors do not fill the file exactly.
 */
export function parseSafetensors(bytes: Uint8Array, name = "weights"): Weights {
  const fail = (rule: string, value: unknown): never => {
    throw new Error(`Cannot read the weights ${name} as ${rule}: current value is ${value}`);
  };
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
    if (!(dtype in BYTES)) {
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
    const data = bytes.slice(start + from, start + to).buffer;
    weights[tensor] = {
      shape: [...shape],
      data: dtype === "F32" ? new Float32Array(data) : widenHalf(new Uint16Array(data)),
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

function parseHeader(bytes: Uint8Array, name: string): Record<string, Entry> {
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (header !== null && typeof header === "object" && !Array.isArray(header)) return header;
  } catch {
    // Reported below together with headers that are JSON but no object.
  }
  throw new Error(`Cannot read the weights ${name} as the header must be a JSON object`);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** IEEE 754 half precision to float32, by a table of all 65,536 values. */
function widenHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[bits] = fraction ? NaN : sign * Infinity;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]];
  return values;
}
