/**
 * Element-wise kernels as plain loops, for float32 tensors of the same shape, with a scalar, or with a
 * number for each row or a row for all. The plain backend calls a function per element and computes an
 * index per axis.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Kernel, NativeBackend } from "./backend.ts";

type Floats = Float32Array;
/** `a[i & maskA]` is `a[i]` with mask -1, and the scalar `a[0]` with mask 0. */
type Binary = (a: Floats, b: Floats, y: Floats, maskA: number, maskB: number) => void;
type Unary = (x: Floats, y: Floats, attrs: Record<string, unknown>) => void;

// One loop per operation, each written out: a shared loop would call a function per element.
const BINARY: Record<string, Binary> = {
  Add(a, b, y, ma, mb) {
    for (let i = 0; i < y.length; i++) y[i] = a[i & ma]! + b[i & mb]!;
  },
  Sub(a, b, y, ma, mb) {
    for (let i = 0; i < y.length; i++) y[i] = a[i & ma]! - b[i & mb]!;
  },
  Multiply(a, b, y, ma, mb) {
    for (let i = 0; i < y.length; i++) y[i] = a[i & ma]! * b[i & mb]!;
  },
  RealDiv(a, b, y, ma, mb) {
    for (let i = 0; i < y.length; i++) y[i] = a[i & ma]! / b[i & mb]!;
  },
  Maximum(a, b, y, ma, mb) {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(a[i & ma]!, b[i & mb]!);
  },
  Minimum(a, b, y, ma, mb) {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(a[i & ma]!, b[i & mb]!);
  },
  SquaredDifference(a, b, y, ma, mb) {
    for (let i = 0; i < y.length; i++) {
      const difference = a[i & ma]! - b[i & mb]!;
      y[i] = difference * difference;
    }
  },
};

const UNARY: Record<string, Unary> = {
  Abs(x, y) {
    for (let i = 0; i < y.length; i++) y[i] = Math.abs(x[i]!);
  },
  Neg(x, y) {
    for (let i = 0; i < y.length; i++) y[i] = -x[i]!;
  },
  Sqrt(x, y) {
    for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(x[i]!);
  },
  Square(x, y) {
    for (let i = 0; i < y.length; i++) y[i] = x[i]! * x[i]!;
  },
  Relu(x, y) {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(0, x[i]!);
  },
  Sign(x, y) {
    for (let i = 0; i < y.length; i++) y[i] = x[i]! > 0 ? 1 : x[i]! < 0 ? -1 : 0;
  },
  Step(x, y, { alpha }) {
    const below = alpha as number;
    for (let i = 0; i < y.length; i++) y[i] = x[i]! > 0 ? 1 : x[i]! <= 0 ? below : NaN;
  },
  ClipByValue(x, y, { clipValueMin, clipValueMax }) {
    const [least, most] = [clipValueMin as number, clipValueMax as number];
    for (let i = 0; i < y.length; i++) y[i] = Math.min(most, Math.max(least, x[i]!));
  },
};

/** Kernels by TensorFlow.js' names. */
export function elementwiseKernels(): Record<string, Kernel> {
  const kernels: Record<string, Kernel> = { AddN: addN };
  for (const [name, loop] of Object.entries(BINARY)) kernels[name] = binary(loop);
  for (const [name, loop] of Object.entries(UNARY)) kernels[name] = unary(loop);
  return kernels;
}

function unary(loop: Unary): Kernel {
  return ({ inputs: { x }, attrs, backend }) => {
    if (x.dtype !== "float32") return undefined;
    const { info, values } = backend.output(x.shape);
    loop(backend.floats(x), values, attrs);
    return info;
  };
}

function binary(loop: Binary): Kernel {
  return ({ inputs: { a, b }, backend }) => {
    const shape = commonShape(a, b);
    if (!shape) return byRows(loop, a, b, backend);
    const { info, values } = backend.output(shape);
    const [x, y] = [backend.floats(a), backend.floats(b)];
    loop(x, y, values, x.length === 1 ? 0 : -1, y.length === 1 ? 0 : -1);
    return info;
  };
}

/** The result's shape when no axis but those of a scalar needs broadcasting. */
function commonShape(a: tf.TensorInfo, b: tf.TensorInfo): number[] | undefined {
  if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  if (tf.util.arraysEqual(a.shape, b.shape)) return a.shape;
  const [sizeA, sizeB] = [tf.util.sizeFromShape(a.shape), tf.util.sizeFromShape(b.shape)];
  if (sizeB === 1 && a.shape.length >= b.shape.length) return a.shape;
  if (sizeA === 1 && b.shape.length >= a.shape.length) return b.shape;
  return undefined;
}

/** Where one is `[…, C]` and the other has a number for each row, `[…, 1]`, or a row for all, `[C]`. */
function byRows(
  loop: Binary,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  backend: NativeBackend,
): tf.TensorInfo | undefined {
  if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  const large = tf.util.sizeFromShape(a.shape) >= tf.util.sizeFromShape(b.shape) ? a : b;
  const length = large.shape.at(-1) ?? 0;
  const small = large === a ? b : a;
  const each = tf.util.arraysEqual(small.shape, [...large.shape.slice(0, -1), 1]);
  const all = small.shape.at(-1) === length && small.shape.length <= large.shape.length &&
    small.shape.slice(0, -1).every((side) => side === 1);
  if (length < 2 || !(each || all)) return undefined;
  const { info, values } = backend.output(large.shape);
  const [many, few] = [backend.floats(large), backend.floats(small)];
  const mask = each ? 0 : -1;
  for (let start = 0, row = 0; start < values.length; start += length, row++) {
    const x = many.subarray(start, start + length);
    const y = each ? few.subarray(row, row + 1) : few;
    const result = values.subarray(start, start + length);
    if (large === a) loop(x, y, result, -1, mask);
    else loop(y, x, result, mask, -1);
  }
  return info;
}

/** The sum of several tensors of one shape; its inputs come as a list. */
const addN: Kernel = ({ inputs, backend }) => {
  const tensors = inputs as unknown as [tf.TensorInfo, ...tf.TensorInfo[]];
  if (tensors.some(({ dtype }) => dtype !== "float32")) return undefined;
  const { info, values } = backend.output(tensors[0].shape);
  values.set(backend.floats(tensors[0]));
  for (const tensor of tensors.slice(1)) {
    const x = backend.floats(tensor);
    for (let i = 0; i < values.length; i++) values[i]! += x[i]!;
  }
  return info;
};
