/**
 * Numbers that are put off: said as data, so that every thread can write the part that it needs.
 *
 * @module
 */
import { addTo } from "./many_numbers.ts";
import type { Matrix, Operations } from "./operations.ts";

/** A matrix with few numbers that are not 0: those of row `y` are `starts[y]` to `starts[y + 1]`. */
export type FewNumbers = { starts: Int32Array; places: Int32Array; factors: Float32Array };

/** Numbers that are not there yet, and what they are made from. */
export type Deferral =
  | { readonly kind: "product"; readonly a: Matrix; readonly b: Matrix }
  /** The product of a matrix with few numbers and another. */
  | { readonly kind: "blend"; readonly few: FewNumbers; readonly b: Matrix }
  | { readonly kind: "sum"; readonly parts: readonly (Deferral | Float32Array)[] }
  /** Rows of `columns` numbers, each times a factor of its own, or all times the only one. */
  | {
    readonly kind: "multiple";
    readonly of: Deferral;
    readonly factors: Float32Array;
    readonly columns: number;
  };

/** Whether numbers are put off, rather than there: TensorFlow.js keeps those in arrays of several kinds. */
export function isDeferral(numbers: Float32Array | Deferral): numbers is Deferral {
  return "kind" in numbers;
}

/** How many numbers are written at a time before they are added or scaled: they stay in the cache. */
const BAND = 2 ** 16;
/** How many numbers of a product are computed at a time: ONNX Runtime makes a copy of them. */
const NUMBERS_AT_A_TIME = 2 ** 20;

/**
 * Writes a part of the numbers to `values`, or adds them to what is there: those from `start` on, a
 * multiple of the tensor's last axis.
 */
export function writeDeferral(
  operations: Operations,
  deferral: Deferral,
  values: Float32Array,
  start: number,
  onTop = false,
): void {
  switch (deferral.kind) {
    case "sum":
      for (const [i, part] of deferral.parts.entries()) {
        if (isDeferral(part)) {
          writeDeferral(operations, part, values, start, onTop || i > 0);
        } else if (!onTop && i === 0) values.set(part.subarray(start, start + values.length));
        else addTo(operations, values, part.subarray(start, start + values.length));
      }
      return;
    case "blend":
      return writeBlend(deferral.few, deferral.b, values, start, onTop);
    case "product":
      return inBands(operations, deferral.b.dims[1]!, values, start, onTop, (band, first) => {
        writeProduct(operations, deferral.a, deferral.b, band, first);
      });
    case "multiple":
      return writeMultiple(operations, deferral, values, start, onTop);
  }
}

/** Rows whose factor is 0, as outside of a mask, are not computed if they are at the beginning or the end. */
function writeMultiple(
  operations: Operations,
  { of, factors, columns }: Deferral & { kind: "multiple" },
  values: Float32Array,
  start: number,
  onTop: boolean,
): void {
  const [first, end] = numbersThatCount(factors, columns, start, values.length);
  if (!onTop) values.fill(0, 0, first).fill(0, end);
  if (first === end) return;
  const counted = values.subarray(first, end);
  inBands(operations, columns, counted, start + first, onTop, (band, from) => {
    writeDeferral(operations, of, band, from);
    multiplyRows(band, from, columns, factors);
  });
}

/** Which of `count` numbers, from number `start` on, are in the rows from the first to the last that has a factor. */
function numbersThatCount(
  factors: Float32Array,
  columns: number,
  start: number,
  count: number,
): [first: number, end: number] {
  if (factors.length === 1) return [0, count];
  let [row, endRow] = [Math.floor(start / columns), Math.ceil((start + count) / columns)];
  while (row < endRow && factors[row] === 0) row++;
  while (row < endRow && factors[endRow - 1] === 0) endRow--;
  if (row === endRow) return [0, 0];
  return [Math.max(0, row * columns - start), Math.min(count, endRow * columns - start)];
}

/** What overwrites made to add as well: whole rows of `columns` numbers at a time. */
function inBands(
  operations: Operations,
  columns: number,
  values: Float32Array,
  start: number,
  onTop: boolean,
  overwrite: (values: Float32Array, start: number) => void,
): void {
  if (!onTop) return overwrite(values, start);
  const { pool } = operations;
  const step = Math.max(1, Math.floor(BAND / columns)) * columns;
  const band = pool.take(Math.min(step, values.length));
  for (let first = 0; first < values.length; first += step) {
    const part = values.subarray(first, first + step);
    const written = band.subarray(0, part.length);
    overwrite(written, start + first);
    addTo(operations, part, written);
  }
  pool.give(band);
}

function multiplyRows(
  values: Float32Array,
  start: number,
  columns: number,
  factors: Float32Array,
): void {
  for (let i = 0, row = Math.floor(start / columns); i < values.length; row++) {
    const factor = factors[factors.length === 1 ? 0 : row]!;
    const end = Math.min(values.length, (row + 1) * columns - start);
    if (factor === 1) i = end;
    else for (; i < end; i++) values[i]! *= factor;
  }
}

function writeBlend(
  { starts, places, factors }: FewNumbers,
  { data, dims }: Matrix,
  values: Float32Array,
  start: number,
  onTop: boolean,
): void {
  const columns = dims[1]!;
  if (!onTop) values.fill(0);
  let [y, first] = [Math.floor(start / columns), start % columns];
  for (let done = 0; done < values.length; y++, first = 0) {
    const end = done + Math.min(columns - first, values.length - done);
    const shift = (k: number) => places[k]! * columns + first - done;
    let k = starts[y]!;
    for (; k + 1 < starts[y + 1]!; k += 2) {
      const [factor, next] = [factors[k]!, factors[k + 1]!];
      const [one, other] = [shift(k), shift(k + 1)];
      for (let i = done; i < end; i++) {
        values[i]! += factor * data[i + one]! + next * data[i + other]!;
      }
    }
    for (; k < starts[y + 1]!; k++) {
      const [factor, one] = [factors[k]!, shift(k)];
      for (let i = done; i < end; i++) values[i]! += factor * data[i + one]!;
    }
    done = end;
  }
}

function writeProduct(
  operations: Operations,
  a: Matrix,
  b: Matrix,
  values: Float32Array,
  start: number,
): void {
  const columns = b.dims[1]!;
  const { pool } = operations;
  const [before, after] = [start % columns, (start + values.length) % columns];
  if (before === 0 && after === 0) return productRows(operations, a, b, values, start);
  // Where rows of the product are not rows of the tensor: whole ones, and of these a part.
  const length = before + values.length + (after && columns - after);
  const rows = pool.take(length);
  productRows(operations, a, b, rows, start - before);
  values.set(rows.subarray(before, before + values.length));
  pool.give(rows);
}

/** The rows of a product that begin at number `start`, as many as `values` holds. */
function productRows(
  operations: Operations,
  a: Matrix,
  b: Matrix,
  values: Float32Array,
  start: number,
): void {
  const [inner, columns] = b.dims as [number, number];
  const rows = (data: Float32Array, width: number, first: number, end: number) => ({
    data: data.subarray(first * width, end * width),
    dims: [end - first, width],
  });
  const [from, count] = [start / columns, values.length / columns];
  const step = Math.max(1, Math.floor(NUMBERS_AT_A_TIME / columns));
  for (let first = 0; first < count; first += step) {
    const end = Math.min(count, first + step);
    const y = rows(values, columns, first, end);
    operations.matMul({ a: rows(a.data, inner, from + first, from + end), b, y });
  }
}
