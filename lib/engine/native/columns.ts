/**
 * Convolutions of the picture itself. With three channels a convolution is best one matrix product:
 * what the filter sees at a position makes a row of its matrix.
 *
 * @module
 */
import type { Window } from "./layers.ts";
import { partsOf } from "./parts.ts";
import type { Features, FilterShape } from "./layout.ts";
import type { Matrix, Operations } from "./operations.ts";

/** Those of a picture; more are better served by other methods. */
export const CHANNELS = 3;
/** Positions at a time: their rows of the matrix and their results stay in the processor's cache. */
const POSITIONS = 2048;
/** Floats that `gather` may read and write beyond the last. */
const BEYOND = 4;

/** Whether the method suits a filter `[height, width, in, out]`. */
export function suitsColumns([, , inChannels]: FilterShape): boolean {
  return inChannels === CHANNELS;
}

/** A filter as a matrix `[height · width · in + 1, out]`, whose last row is the bias. */
export function columnFilter(
  filter: Float32Array | Float16Array,
  bias: Float32Array | Float16Array,
): Float32Array {
  const matrix = new Float32Array(filter.length + bias.length);
  matrix.set(filter);
  matrix.set(bias, filter.length);
  return matrix;
}

/** A convolution: the picture with all that windows reach beyond its border, and where the result goes. */
type ColumnTask = {
  readonly padded: Features;
  readonly filter: Float32Array;
  readonly window: Window;
  readonly relu: boolean;
  readonly y: Features;
};

/** The first of some rows, and where they end. */
export type Rows = readonly [first: number, end: number];

/** Convolves `x` with a filter and bias from `columnFilter`. */
export function columnConvolution(
  operations: Operations,
  x: Features,
  filter: Float32Array,
  window: Window,
  relu: boolean,
  y: Features,
): void {
  const { size, strides, top, left } = window;
  const height = (y.height - 1) * strides[0] + size[0];
  const width = (y.width - 1) * strides[1] + size[1];
  const padded = operations.take(
    x.channels,
    Math.max(height, x.height + size[0]),
    Math.max(width, x.width + size[1]),
  );
  padded.data.fill(0);
  const row = x.width * x.channels;
  for (let r = 0; r < x.height; r++) {
    const start = ((r + top) * padded.width + left) * x.channels;
    padded.data.set(x.data.subarray(r * row, (r + 1) * row), start);
  }
  const task = { padded, filter, window, relu, y };
  operations.share("columns", convolveRows, task, partsOf(y.height, operations.parts));
  operations.give(padded);
}

/** Convolves some rows of the result: a band of them at a time is made in the cache, and then copied. */
export function convolveRows(
  operations: Operations,
  { padded, filter, window, relu, y }: ColumnTask,
  [start, end]: Rows,
): void {
  const { unit } = operations;
  const { size: [down, across], strides } = window;
  const seen = down * across * padded.channels + 1;
  const rows = Math.min(end - start, Math.max(1, Math.floor(POSITIONS / y.width)));
  const [line, row] = [padded.width * padded.channels, y.width * y.channels];
  const [source, columns, result] = unit.reserve([
    ((rows - 1) * strides[0] + down) * line + BEYOND,
    rows * y.width * seen + BEYOND,
    rows * row,
  ]);
  for (let first = start; first < end; first += rows) {
    const count = Math.min(rows, end - first);
    const from = first * strides[0] * line;
    const read = ((count - 1) * strides[0] + down) * line;
    source.values.set(padded.data.subarray(from, from + read));
    for (let i = 0; i < count; i++) {
      unit.call.gather(
        source.address + 4 * i * strides[0] * line,
        y.width,
        4 * strides[1] * padded.channels,
        down,
        4 * line,
        4 * across * padded.channels,
        columns.address + 4 * i * y.width * seen,
        4 * seen,
      );
    }
    const made = result.values.subarray(0, count * row);
    operations.matMul({
      a: matrix(columns.values.subarray(0, count * y.width * seen), seen),
      b: matrix(filter, y.channels),
      y: matrix(made, y.channels),
      relu,
    });
    y.data.set(made, first * row);
  }
}

/** Numbers as a matrix of so many columns. */
export function matrix(data: Float32Array, columns: number): Matrix {
  return { data, dims: [data.length / columns, columns] };
}
