/**
 * Element-wise kernels as plain loops, or those of many numbers on ONNX Runtime, for float32 tensors of the same shape, with a scalar, or with a
 * number for each row or a row for all. The plain backend calls a function per element and computes an
 * index per axis.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Kernel, NativeBackend } from "./backend.ts";
import { clip, eachOf, square } from "./many_numbers.ts";
import { modelOf } from "./onnx.ts";
import type { Operations } from "./operations.ts";
import { line } from "./ort_values.ts";

type Floats = Float32Array;
/**
 * Where a factor's number for `y[i]` is: at `(i & mask) + shift`. With mask -1 and shift 0 that is its own
 * place, with mask 0 always the same.
 */
type Place = { readonly mask: number; readonly shift: number };
/** From `start` on and before `end`. */
type Range = { readonly start: number; readonly end: number };
type Binary = (a: Floats, b: Floats, y: Floats, at: Place, bt: Place, range: Range) => void;
type Unary = (x: Floats, y: Floats, attrs: Attributes) => void;
type Many = (operations: Operations, x: Floats, y: Floats, attrs: Attributes) => void;
type Attributes = Readonly<Record<string, unknown>>;

// One loop per operation, each written out: a shared loop would call a function per element.
const OWN: Place = { mask: -1, shift: 0 };
const FIRST: Place = { mask: 0, shift: 0 };
const BINARY: Record<string, Binary> = {
  Add(a, b, y, { mask: ma, shift: sa }, { mask: mb, shift: sb }, { start, end }) {
    for (let i = start; i < end; i++) y[i] = a[(i & ma) + sa]! + b[(i & mb) + sb]!;
  },
  Sub(a, b, y, { mask: ma, shift: sa }, { mask: mb, shift: sb }, { start, end }) {
    for (let i = start; i < end; i++) y[i] = a[(i & ma) + sa]! - b[(i & mb) + sb]!;
  },
  Multiply(a, b, y, { mask: ma, shift: sa }, { mask: mb, shift: sb }, { start, end }) {
    for (let i = start; i < end; i++) y[i] = a[(i & ma) + sa]! * b[(i & mb) + sb]!;
  },
  RealDiv(a, b, y, { mask: ma, shift: sa }, { mask: mb, shift: sb }, { start, end }) {
    for (let i = start; i < end; i++) y[i] = a[(i & ma) + sa]! / b[(i & mb) + sb]!;
  },
  Maximum(a, b, y, { mask: ma, shift: sa }, { mask: mb, shift: sb }, { start, end }) {
    for (let i = start; i < end; i++) y[i] = Math.max(a[(i & ma) + sa]!, b[(i & mb) + sb]!);
  },
  Minimum(a, b, y, { mask: ma, shift: sa }, { mask: mb, shift: sb }, { start, end }) {
    for (let i = start; i < end; i++) y[i] = Math.min(a[(i & ma) + sa]!, b[(i & mb) + sb]!);
  },
  SquaredDifference(a, b, y, { mask: ma, shift: sa }, { mask: mb, shift: sb }, { start, end }) {
    for (let i = start; i < end; i++) {
      const difference = a[(i & ma) + sa]! - b[(i & mb) + sb]!;
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
    // A difference rather than a choice: the processor has nothing to guess.
    for (let i = 0; i < y.length; i++) y[i] = Number(x[i]! > 0) - Number(x[i]! < 0);
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

/** What ONNX Runtime calls those that it computes in the same way to the last bit. */
const ON_RUNTIME: Readonly<Record<string, string>> = {
  Add: "Add",
  Multiply: "Mul",
  RealDiv: "Div",
  Sub: "Sub",
};
/** The same for those of one tensor; of many numbers. */
const MANY: Readonly<Record<string, Many>> = {
  Abs: (operations, x, y) => eachOf(operations, "Abs", x, y),
  ClipByValue: (operations, x, y, { clipValueMin, clipValueMax }) => {
    clip(operations, x, { least: clipValueMin as number, most: clipValueMax as number }, y);
  },
  Neg: (operations, x, y) => eachOf(operations, "Neg", x, y),
  Sqrt: (operations, x, y) => eachOf(operations, "Sqrt", x, y),
  Square: square,
};
/** With fewer numbers a loop takes less time than the call. */
const FEWEST_ON_RUNTIME = 2 ** 13;

/** Kernels by TensorFlow.js' names. */
export function elementwiseKernels(): Record<string, Kernel> {
  const kernels: Record<string, Kernel> = { AddN: addN };
  for (const [name, loop] of Object.entries(BINARY)) kernels[name] = binary(name, loop);
  for (const [name, loop] of Object.entries(UNARY)) kernels[name] = unary(name, loop);
  return kernels;
}

function unary(name: string, loop: Unary): Kernel {
  const many = MANY[name];
  return ({ inputs: { x }, attrs, backend }) => {
    if (x.dtype !== "float32") return undefined;
    const { info, values } = backend.output(x.shape);
    const numbers = backend.floats(x);
    if (many && values.length >= FEWEST_ON_RUNTIME) {
      many(backend.operations, numbers, values, attrs);
    } else loop(numbers, values, attrs);
    return info;
  };
}

function binary(name: string, loop: Binary): Kernel {
  const op = ON_RUNTIME[name];
  return ({ inputs: { a, b }, backend }) => {
    const shape = commonShape(a, b);
    if (!shape) return byRows(op, loop, a, b, backend);
    const { info, values } = backend.output(shape);
    const [x, y] = [backend.floats(a), backend.floats(b)];
    if (op && values.length >= FEWEST_ON_RUNTIME) {
      const feeds = { a: line(x), b: line(y) };
      const model = () => modelOf(op, ["a", "b"]);
      backend.operations.run(op, model, feeds, { y: line(values) });
      return info;
    }
    const place = ({ length }: Floats) => length === 1 ? FIRST : OWN;
    loop(x, y, values, place(x), place(y), { start: 0, end: values.length });
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
  op: string | undefined,
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
  if (op && values.length >= FEWEST_ON_RUNTIME) {
    const dims = [values.length / length, length];
    const rows = { data: many, dims };
    const other = { data: few, dims: each ? [dims[0]!, 1] : [1, length] };
    const feeds = large === a ? { a: rows, b: other } : { a: other, b: rows };
    const model = () => modelOf(op, ["a", "b"], 2);
    backend.operations.run(`${op} by rows`, model, feeds, { y: { data: values, dims } });
    return info;
  }
  for (let start = 0, row = 0; start < values.length; start += length, row++) {
    const place = each ? { mask: 0, shift: row } : { mask: -1, shift: -start };
    const range = { start, end: start + length };
    if (large === a) loop(many, few, values, OWN, place, range);
    else loop(few, many, values, place, OWN, range);
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
