/**
 * What the readers of weights files have in common: the named tensors that come out, the limits that
 * keep a broken or hostile file from filling the memory, and the wording of errors.
 *
 * @module
 */
import { cannot } from "../../base/check.ts";

/** An array on the CPU; files of half precision stay as small as they are. */
export type Tensor = {
  shape: number[];
  data: Float32Array | Float16Array;
  /** Of weights that stay in their file: an array that belongs to the caller, and that nobody keeps. */
  read?: () => Float32Array | Float16Array;
};

/** The numbers of an array in single precision: a copy if they are not. */
export function floatsOf(tensor: Tensor): Float32Array {
  const data = tensor.read?.() ?? tensor.data;
  return data instanceof Float32Array ? data : new Float32Array(data);
}

/** Named arrays: kernels `[height, width, in, out]`, biases `[out]`. */
export type Weights = Record<string, Tensor>;

/** The largest memory for what a file inflates: twice VGG-19 and more. */
export const MAX_UNPACKED_BYTES = 2 ** 28;
/** The most values that the tensors of a file may have together: 256 MB of float32. */
export const MAX_VALUES = 2 ** 26;

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

/** The number of values in a tensor of the name and shape that a file gives. */
export type CountValues = (tensor: string, shape: unknown) => number;

/**
 * Counts the values of a file's tensors before their memory is taken.
 *
 * @returns a function for one tensor after the other; it refuses a shape that is no list of counts,
 * and the tensor with which all so far have more than {@linkcode MAX_VALUES} values.
 */
export function countingValues(refuse: Refuse): CountValues {
  let total = 0;
  return (tensor, shape) => {
    if (!isCounts(shape)) {
      return refuse(`${tensor} must have a shape of counts`, JSON.stringify(shape));
    }
    const count = shape.reduce((product, n) => product * n, 1);
    total += count;
    if (total <= MAX_VALUES) return count;
    const rule = `tensors must have at most ${MAX_VALUES} values together`;
    return refuse(rule, `${total} up to ${tensor} [${shape}]`);
  };
}

/** Whether a tensor is one of a convolution: a kernel or a bias. Dense layers are of no use here. */
export function isOfConvolution(shape: readonly unknown[]): boolean {
  return shape.length === 4 || shape.length === 1;
}

/** Values of a number type by their bytes, little-endian. */
export const NUMBER_TYPES = {
  float16: { bytes: 2, read: (buffer: ArrayBuffer) => new Float32Array(new Float16Array(buffer)) },
  float32: { bytes: 4, read: (buffer: ArrayBuffer) => new Float32Array(buffer) },
  float64: { bytes: 8, read: (buffer: ArrayBuffer) => new Float32Array(new Float64Array(buffer)) },
  bfloat16: {
    bytes: 2,
    // The upper half of a float32.
    read: (buffer: ArrayBuffer) =>
      new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
  },
};

/** The name of a number type. */
export type NumberType = keyof typeof NUMBER_TYPES;

/** The numbers in a part of a file, a copy. */
export function readNumbers(bytes: Uint8Array, type: NumberType): Float32Array<ArrayBuffer> {
  return NUMBER_TYPES[type].read(new Uint8Array(bytes).buffer);
}

/**
 * Brings numbers into row-major order.
 *
 * @param strides how far apart neighbours along each axis of `shape` lie in `values`
 */
export function rowMajor(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array<ArrayBuffer> {
  const dense = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, n) => product * n, 1)
  );
  if (shape.every((size, axis) => size === 1 || strides[axis] === dense[axis])) return values;
  const result = new Float32Array(shape.reduce((product, n) => product * n, 1));
  const index = shape.map(() => 0);
  for (let to = 0, from = 0; to < result.length; to++) {
    result[to] = values[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [size, stride] = [shape[axis] ?? 1, strides[axis] ?? 0];
      const next = (index[axis] ?? 0) + 1;
      from += stride;
      if (next < size) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      from -= size * stride;
    }
  }
  return result;
}

/** A kernel `[out, in, height, width]`, as PyTorch and Caffe have it, as `[height, width, in, out]`. */
export function fromOutFirst({ shape, data }: Tensor): Tensor {
  const [out = 1, input = 1, height = 1, width = 1] = shape;
  const turned = [height, width, input, out];
  const strides = [width, 1, height * width, input * height * width];
  return { shape: turned, data: rowMajor(new Float32Array(data), turned, strides) };
}
