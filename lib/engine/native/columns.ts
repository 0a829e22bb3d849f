/**
 * Convolutions of the picture itself. With three channels a convolution is best one matrix product:
 * what the filter sees at a position makes a row of its matrix.
 *
 * @module
 */
import type { Window } from "./layers.ts";
import { partsOf } from "./lanes.ts";
import type { Features, FilterShape } from "./layout.ts";
import type { Matrix, Operations } from "./operations.ts";

/** More channels are better served by other methods. */
const MOST_CHANNELS = 4;
/** Positions at a time: their rows of the matrix stay in the processor's cache. */
const POSITIONS_PER_BAND = 4096;
/** The same where their results are to stay there as well. */
const POSITIONS_WITH_RESULT = 2048;
/** Floats that `gather` may read and write beyond the last. */
const BEYOND = 4;

/** Whether the method suits a filter `[height, width, in, out]`. */
export function suitsColumns([, , inChannels]: FilterShape): boolean {
  return inChannels <= MOST_CHANNELS;
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

/** Its gradient. */
type ColumnGradientTask = {
  readonly dy: Features;
  readonly filter: Float32Array;
  readonly window: Window;
  readonly dx: Features;
};

/** The first of some rows, and where they end. */
type Rows = readonly [first: number, end: number];

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
  const rows = Math.min(end - start, Math.max(1, Math.floor(POSITIONS_WITH_RESULT / y.width)));
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

/** The gradient with respect to the picture; overwrites `dx`. */
export function columnGradient(
  operations: Operations,
  dy: Features,
  filter: Float32Array,
  window: Window,
  dx: Features,
): void {
  const task = { dy, filter, window, dx };
  operations.share("columnsGradient", gradientOfRows, task, partsOf(dx.height, operations.parts));
}

/** The gradient of some rows of the picture: of all windows that see them. */
export function gradientOfRows(
  operations: Operations,
  { dy, filter, window, dx }: ColumnGradientTask,
  [start, end]: Rows,
): void {
  const { size, strides, top, left } = window;
  const seen = size[0] * size[1] * dx.channels;
  const first = Math.max(0, Math.ceil((start + top - size[0] + 1) / strides[0]));
  const last = Math.min(dy.height - 1, Math.floor((end - 1 + top) / strides[0]));
  const padded = operations.take(
    dx.channels,
    Math.max(0, last - first) * strides[0] + size[0],
    Math.max((dy.width - 1) * strides[1] + size[1], dx.width + size[1]),
  );
  padded.data.fill(0);
  const b = matrix(filter.subarray(0, seen * dy.channels), dy.channels);
  eachBand(operations, dy, [first, last + 1], seen, (row, part, columns) => {
    operations.matMul({ a: matrix(part.data, dy.channels), b, y: columns, transposeB: true });
    scatter({ ...part, channels: seen, data: columns.data }, window, padded, row - first);
  });
  const length = dx.width * dx.channels;
  for (let r = start; r < end; r++) {
    const from = r + top - first * strides[0];
    const row = dx.data.subarray(r * length, (r + 1) * length);
    const at = (from * padded.width + left) * dx.channels;
    if (from < padded.height) row.set(padded.data.subarray(at, at + length));
    else row.fill(0); // no window sees it
  }
  operations.give(padded);
}

function matrix(data: Float32Array, columns: number): Matrix {
  return { data, dims: [data.length / columns, columns] };
}

/** Calls back for each band of rows of `y`, with that part of `y` and a matrix for its columns. */
function eachBand(
  { unit }: Operations,
  y: Features,
  [start, end]: Rows,
  seen: number,
  run: (first: number, part: Features, columns: Matrix) => void,
): void {
  const rows = Math.max(1, Math.floor(POSITIONS_PER_BAND / y.width));
  const size = y.width * y.channels;
  const [memory] = unit.reserve([Math.min(rows, end - start) * y.width * seen]);
  for (let first = start; first < end; first += rows) {
    const height = Math.min(rows, end - first);
    const data = y.data.subarray(first * size, (first + height) * size);
    const columns = memory.values.subarray(0, height * y.width * seen);
    run(first, { ...y, height, data }, matrix(columns, seen));
  }
}

/** Adds what belongs to each window to what it sees in `padded`. */
function scatter(columns: Features, window: Window, padded: Features, first: number): void {
  const { size: [rows, across], strides } = window;
  const run = across * padded.channels;
  const row = padded.width * padded.channels;
  let from = 0;
  for (let y = 0; y < columns.height; y++) {
    for (let x = 0; x < columns.width; x++) {
      let to = (first + y) * strides[0] * row + x * strides[1] * padded.channels;
      for (let r = 0; r < rows; r++, to += row) {
        for (let i = 0; i < run; i++) padded.data[to + i]! += columns.data[from++]!;
      }
    }
  }
}
