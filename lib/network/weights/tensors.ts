/**
 * What the readers of weights files have in common: the named tensors that come out, the limits that
 * keep a broken or hostile file from filling the memory, and the wording of errors.
 *
 * @module
 */
import { cannot } from "../../base/check.ts";

/** Named arrays on the CPU: kernels `[height, width, in, out]`, biases `[out]`. */
export type Weights = Record<string, { shape: number[]; data: Float32Array }>;

/** The largest file inside a zip, and the largest memory for inflating HDF5: twice VGG-19 and more. */
export const MAX_UNPACKED_BYTES = 2 ** 28;
/** The largest single tensor: 256 MB of float32. */
export const MAX_TENSOR_VALUES = 2 ** 26;

/** Throws: which rule the file broke, and the value that was found there. */
export type Refuse = (rule: string, value: unknown) => never;

/** Words errors about one file. */
export function refusing(file: string): Refuse {
  return (rule, value) => {
    throw new Error(cannot(`read the weights ${file}`, rule, String(value)));
  };
}

/** Whether a value from a file is a list of whole numbers, 0 or above. */
export function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/**
 * The number of values in a tensor.
 *
 * @throws {Error} when the shape is no list of counts or asks for too much memory.
 */
export function countValues(tensor: string, shape: unknown, refuse: Refuse): number {
  if (!isCounts(shape)) {
    return refuse(`${tensor} must have a shape of counts`, JSON.stringify(shape));
  }
  const count = shape.reduce((product, n) => product * n, 1);
  if (count > MAX_TENSOR_VALUES) {
    refuse(`${tensor} must have at most ${MAX_TENSOR_VALUES} values`, `[${shape}]`);
  }
  return count;
}

let halves: Float32Array | undefined;

/** IEEE 754 half precision to float32, by a table of all 65,536 values. */
export function widenHalf(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const table = halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** Float32 to IEEE 754 half precision, to the nearest, ties to even; what is too large is infinite. */
export function narrowToHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const result = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i];
    const sign = (floatBits[0] >>> 16) & 0x8000;
    const size = floatBits[0] & 0x7fffffff;
    if (size > 0x7f800000) result[i] = sign | 0x7e00; // NaN
    else if (size >= 0x47800000) result[i] = sign | 0x7c00; // 65536 and above
    else if (size < 0x38800000) result[i] = sign | roundToEven(Math.abs(values[i]) * 2 ** 24);
    else result[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
  }
  return result;
}

function roundToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
