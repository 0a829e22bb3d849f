/**
 * Kernels that add up along axes or copy boxes of numbers, as plain loops over runs that lie
 * together in memory.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { many } from "../../base/many.ts";
import type { Kernel } from "./backend.ts";

/** Rows that a transposition takes at a time. */
const ROWS_AT_A_TIME = 16;

/** Kernels by TensorFlow.js' names. */
export function shapeKernels(): Record<string, Kernel> {
  return {
    Sum: reduction(false),
    Mean: reduction(true),
    Max: greatest,
    ArgMax: placeOfGreatest,
    Slice: slice,
    PadV2: pad,
    Concat: concat,
    Transpose: transpose,
    GatherV2: gatherRows,
  };
}

/** Sums or means over the first or the last axes, in double precision. */
function reduction(mean: boolean): Kernel {
  return ({ inputs: { x }, attrs, backend }) => {
    if (x.dtype !== "float32") return undefined;
    const { axis, keepDims } = attrs as { axis: number | number[]; keepDims: boolean };
    const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
    const rank = x.shape.length;
    const last = axes.every((axis, i) => axis === rank - axes.length + i);
    const first = axes.every((axis, i) => axis === i);
    if (!last && !first) return undefined;
    const [kept, reduced] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
    const count = tf.util.sizeFromShape(reduced);
    const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
    const { info, values } = backend.output(shape);
    const scale = mean ? 1 / count : 1;
    if (last) sumRows(backend.floats(x), values, count, scale);
    else sumColumns(backend.floats(x), values, count, scale);
    return info;
  };
}

/** The greatest of all values; the plain kernel would leave their buffer to the garbage collector. */
const greatest: Kernel = ({ inputs: { x }, attrs, backend }) => {
  const { reductionIndices, keepDims } = attrs as { reductionIndices: number[]; keepDims: boolean };
  const axes = tf.util.parseAxisParam(reductionIndices, x.shape);
  const size = tf.util.sizeFromShape(x.shape);
  if (x.dtype !== "float32" || keepDims || axes.length < x.shape.length || size === 0) {
    return undefined;
  }
  const { info, values } = backend.output([]);
  values[0] = greatestIn(backend.floats(x));
  return info;
};

/** Four at a time, as each would wait for the one before; NaN if there is one. */
function greatestIn(x: Float32Array): number {
  const whole = x.length - x.length % 4;
  let [a, b, c, d] = many(4, () => -Infinity);
  for (let i = 0; i < whole; i += 4) {
    a = Math.max(a, x[i]!);
    b = Math.max(b, x[i + 1]!);
    c = Math.max(c, x[i + 2]!);
    d = Math.max(d, x[i + 3]!);
  }
  return Math.max(a, b, c, d, ...x.subarray(whole));
}

/** Where the greatest number of each row is: the first of equal ones. */
const placeOfGreatest: Kernel = ({ inputs: { x }, attrs, backend }) => {
  const [axis] = tf.util.parseAxisParam((attrs as { axis: number }).axis, x.shape);
  if (x.dtype !== "float32" || x.shape.length === 0 || axis !== x.shape.length - 1) {
    return undefined;
  }
  const numbers = backend.floats(x);
  const length = x.shape.at(-1)!;
  const places = new Int32Array(length && numbers.length / length);
  for (let row = 0, start = 0; row < places.length; row++, start += length) {
    let [place, most] = [0, numbers[start]!];
    for (let i = 1; i < length; i++) {
      const number = numbers[start + i]!;
      if (number > most) [place, most] = [i, number];
    }
    places[row] = place;
  }
  return backend.makeTensorInfo(x.shape.slice(0, -1), "int32", places);
};

function sumRows(x: Float32Array, y: Float32Array, count: number, scale: number): void {
  for (let row = 0, i = 0; row < y.length; row++) {
    let sum = 0;
    for (const end = i + count; i < end; i++) sum += x[i]!;
    y[row] = sum * scale;
  }
}

function sumColumns(x: Float32Array, y: Float32Array, count: number, scale: number): void {
  const sums = new Float64Array(y.length);
  for (let row = 0, i = 0; row < count; row++) {
    for (let column = 0; column < sums.length; column++) sums[column]! += x[i++]!;
  }
  for (let column = 0; column < sums.length; column++) y[column] = sums[column]! * scale;
}

/** A copy, where the plain kernel may return a view of its input. */
const slice: Kernel = ({ inputs: { x }, attrs, backend }) => {
  if (x.dtype !== "float32" || x.shape.length === 0) return undefined;
  const [begin, size] = tf.slice_util.parseSliceParams(
    x as tf.Tensor,
    attrs.begin as number[],
    attrs.size as number[],
  ) as [number[], number[]];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  const { info, values } = backend.output(size);
  const from = { values: backend.floats(x), shape: x.shape, begin };
  copyBox(from, { values, shape: size, begin: size.map(() => 0) }, size);
  return info;
};

const pad: Kernel = ({ inputs: { x }, attrs, backend }) => {
  if (x.dtype !== "float32" || x.shape.length === 0) return undefined;
  const paddings = attrs.paddings as [number, number][];
  const shape = x.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1]);
  const { info, values } = backend.output(shape);
  values.fill(attrs.constantValue as number);
  const begin = paddings.map(([before]) => before);
  const from = { values: backend.floats(x), shape: x.shape, begin: begin.map(() => 0) };
  copyBox(from, { values, shape, begin }, x.shape);
  return info;
};

/** Side by side; the plain kernel would leave the buffers of its inputs to the garbage collector. */
const concat: Kernel = ({ inputs, attrs, backend }) => {
  const parts = Object.values(inputs);
  const shape = [...parts[0]!.shape];
  if (parts.some(({ dtype }) => dtype !== "float32") || shape.length === 0) return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis as number, shape)[0]!;
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const { info, values } = backend.output(shape);
  const begin = shape.map(() => 0);
  for (const part of parts) {
    const from = { values: backend.floats(part), shape: part.shape, begin: shape.map(() => 0) };
    copyBox(from, { values, shape, begin }, part.shape);
    begin[axis]! += part.shape[axis]!;
  }
  return info;
};

const transpose: Kernel = ({ inputs: { x }, attrs, backend }) => {
  const [first, second] = attrs.perm as number[];
  if (x.dtype !== "float32" || x.shape.length !== 2 || first !== 1 || second !== 0) {
    return undefined;
  }
  const [rows, columns] = x.shape as [number, number];
  const { info, values } = backend.output([columns, rows]);
  const from = backend.floats(x);
  // A few rows at a time, so that the lines of the cache that are read serve several columns.
  for (let top = 0; top < rows; top += ROWS_AT_A_TIME) {
    for (let column = 0; column < columns; column++) {
      const end = Math.min(rows, top + ROWS_AT_A_TIME);
      for (let row = top; row < end; row++) {
        values[column * rows + row] = from[row * columns + column]!;
      }
    }
  }
  return info;
};

/** Rows of the first axis by their numbers, as runs; the plain kernel computes an index per element. */
const gatherRows: Kernel = ({ inputs: { x, indices }, attrs, backend }) => {
  const { axis, batchDims } = attrs as { axis: number; batchDims: number };
  const [count = 0, ...rest] = x.shape;
  const run = tf.util.sizeFromShape(rest);
  if (x.dtype !== "float32" || indices.dtype !== "int32" || axis !== 0 || batchDims !== 0) {
    return undefined;
  }
  const numbers = backend.readSync(indices.dataId) as Int32Array;
  if (numbers.some((row) => row < 0 || row >= count)) return undefined; // the plain kernel says so
  const { info, values } = backend.output([...indices.shape, ...rest]);
  const from = backend.floats(x);
  numbers.forEach((row, i) => values.set(from.subarray(row * run, (row + 1) * run), i * run));
  return info;
};

type Box = { values: Float32Array; shape: readonly number[]; begin: readonly number[] };

/** Copies a box of the given size, in runs as long as the shapes allow. */
function copyBox(from: Box, to: Box, size: readonly number[]): void {
  if (size.includes(0)) return;
  let axis = size.length - 1;
  let run = size[axis]!;
  while (axis > 0 && size[axis] === from.shape[axis] && size[axis] === to.shape[axis]) {
    run *= size[--axis]!;
  }
  const [stepsFrom, stepsTo] = [stepsOf(from.shape), stepsOf(to.shape)];
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((s, v, i) => s + v * b[i]!, 0);
  const visit = (level: number, source: number, target: number) => {
    if (level === axis) {
      to.values.set(from.values.subarray(source, source + run), target);
      return;
    }
    for (let i = 0; i < size[level]!; i++) {
      visit(level + 1, source + i * stepsFrom[level]!, target + i * stepsTo[level]!);
    }
  };
  visit(0, dot(from.begin, stepsFrom), dot(to.begin, stepsTo));
}

/** How far apart neighbours along each axis are. */
function stepsOf(shape: readonly number[]): number[] {
  const steps = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    steps[axis] = steps[axis + 1]! * shape[axis + 1]!;
  }
  return steps;
}
