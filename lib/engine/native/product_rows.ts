/**
 * Matrix products a few rows at a time: those that are put off (`backend.ts`), and those whose first factor
 * is mostly 0.
 *
 * @module
 */
import type { Writer } from "./backend.ts";
import { writerInBands } from "./deferred.ts";
import type { MatMulOptions, Matrix, Operations } from "./operations.ts";

/** Smaller products are not worth putting off. */
const FEWEST_DEFERRED = 65536;
/** How many numbers are computed at a time: ONNX Runtime makes a copy of them. */
const NUMBERS_AT_A_TIME = 2 ** 20;

type Factors = Omit<MatMulOptions, "y">;

/** A matrix with few numbers that are not 0: those of row `y` are `starts[y]` to `starts[y + 1]`. */
export type FewNumbers = { starts: Int32Array; places: Int32Array; factors: Float32Array };

/** Such a matrix has at most so many numbers a row on average. */
const NUMBERS_A_ROW = 2;

/**
 * The first factor of a product if it has few numbers, as the blends between two rows of pixels have, or a
 * single column; undefined too where looking through it would not be worth it.
 */
export function fewNumbers({ a, b, transposeA, transposeB }: Factors): FewNumbers | undefined {
  if (a.dims.length !== 2 || b.dims.length !== 2 || transposeB) return undefined;
  const [height, width] = a.dims as [number, number];
  const [rows, inner] = transposeA ? [width, height] : [height, width];
  if (inner > 1 && a.data.length > 2 * b.data.length) return undefined;
  const [down, right] = transposeA ? [1, width] : [width, 1];
  const most = NUMBERS_A_ROW * rows;
  const starts = new Int32Array(rows + 1);
  const [places, factors] = [new Int32Array(most), new Float32Array(most)];
  let count = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < inner; x++) {
      const factor = a.data[y * down + x * right]!;
      if (factor === 0) continue;
      if (count === most) return undefined;
      places[count] = x;
      factors[count++] = factor;
    }
    starts[y + 1] = count;
  }
  return { starts, places, factors };
}

/** What writes the product of a matrix with few numbers and another, from any number on. */
export function blend({ starts, places, factors }: FewNumbers, { data, dims }: Matrix): Writer {
  const columns = dims[1]!;
  return (values, start, onTop) => {
    if (!onTop) values.fill(0);
    let [y, first] = [Math.floor(start / columns), start % columns];
    for (let done = 0; done < values.length; y++, first = 0) {
      const length = Math.min(columns - first, values.length - done);
      for (let k = starts[y]!; k < starts[y + 1]!; k++) {
        const [factor, shift] = [factors[k]!, places[k]! * columns + first - done];
        for (let i = done; i < done + length; i++) values[i]! += factor * data[i + shift]!;
      }
      done += length;
    }
  };
}

/**
 * Whether a product is put off: if it takes much more memory than its second factor, such as the
 * gradient of a Gram matrix, `F (dG + dGᵀ)`, or of features that were blended between pixels. The network's
 * gradient needs that of its last layer first, and by the time it reaches the first layers it has given most
 * features back.
 */
export function suitsDeferring(
  { a, b, transposeA, transposeB }: Factors,
  size: number,
  few: FewNumbers | undefined,
): boolean {
  const plain = a.dims.length === 2 && b.dims.length === 2 && !transposeA && !transposeB;
  return (plain || !!few) && size >= FEWEST_DEFERRED && size >= 4 * b.data.length;
}

/** What writes a product from any number on. */
export function writerOf(operations: Operations, { a, b }: Factors): Writer {
  const columns = b.dims[1]!;
  const { pool } = operations;
  const overwrite = (values: Float32Array, start: number) => {
    const [before, after] = [start % columns, (start + values.length) % columns];
    if (before === 0 && after === 0) return multiplyRows(operations, a, b, values, start);
    // Where rows of the product are not rows of the tensor: whole ones, and of these a part.
    const length = before + values.length + (after && columns - after);
    const rows = pool.take(length);
    multiplyRows(operations, a, b, rows, start - before);
    values.set(rows.subarray(before, before + values.length));
    pool.give(rows);
  };
  const add = writerInBands(pool, columns, overwrite);
  return (values, start, onTop) => (onTop ? add : overwrite)(values, start, onTop);
}

/** The rows of a product that begin at number `start`, as many as `values` holds. */
function multiplyRows(
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
