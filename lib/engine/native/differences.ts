/**
 * Differences of many numbers and the sum of their squares, as losses compare features: by vectors, on all
 * threads. ONNX Runtime reads and writes all numbers once for each single operation.
 *
 * @module
 */
import type { Operations } from "./operations.ts";
import { partsOf } from "./parts.ts";
import { SEGMENT } from "./vector_kernels.ts";
import { FLOATS } from "./wasm.ts";

/** So many numbers are worked on at a time: they stay in the cache. */
const AT_A_TIME = 64 * SEGMENT;
/** With fewer, to tell another thread takes longer than it saves. */
const FEWEST_SHARED = 4 * AT_A_TIME;

/** `scale · a - b`, and what is made of it: the sums of the squares of its segments, or it `by` a factor. */
type DifferenceTask = {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly scale: number;
  readonly sums?: Float32Array;
  readonly by?: number;
  readonly y?: Float32Array;
};

/** The first of some pieces, and where they end. */
type Pieces = readonly [first: number, end: number];

/** `Σ (scale · a - b)²`. Segments are added up in single precision, their sums in double precision. */
export function sumOfSquares(
  operations: Operations,
  a: Float32Array,
  b: Float32Array,
  scale: number,
): number {
  const sums = operations.pool.take(FLOATS * Math.ceil(a.length / SEGMENT));
  share(operations, { a, b, scale, sums });
  const whole = a.length - a.length % FLOATS;
  let sum = 0;
  for (let i = 0; i < FLOATS * Math.ceil(whole / SEGMENT); i++) sum += sums[i]!;
  for (let i = whole; i < a.length; i++) sum += (scale * a[i]! - b[i]!) ** 2;
  operations.pool.give(sums);
  return sum;
}

/** `(scale · a - b) · by`. */
export function scaledDifference(
  operations: Operations,
  a: Float32Array,
  b: Float32Array,
  { scale, by }: { readonly scale: number; readonly by: number },
  y: Float32Array,
): void {
  share(operations, { a, b, scale, by, y });
  for (let i = y.length - y.length % FLOATS; i < y.length; i++) y[i] = (scale * a[i]! - b[i]!) * by;
}

function share(operations: Operations, task: DifferenceTask): void {
  const { length } = task.a;
  const pieces = Math.max(1, Math.ceil(length / AT_A_TIME));
  const parts = length < FEWEST_SHARED ? 1 : operations.parts;
  operations.share("difference", differenceOfPieces, task, partsOf(pieces, parts));
}

/** Does some pieces; whole vectors only. */
export function differenceOfPieces(
  { unit }: Operations,
  { a, b, scale, sums, by = 1, y }: DifferenceTask,
  [first, stop]: Pieces,
): void {
  const whole = a.length - a.length % FLOATS;
  const results = y ? AT_A_TIME : FLOATS * AT_A_TIME / SEGMENT;
  const [left, right, made] = unit.reserve([AT_A_TIME, AT_A_TIME, results]);
  const places = [left.address, right.address] as const;
  for (
    let start = first * AT_A_TIME;
    start < Math.min(whole, stop * AT_A_TIME);
    start += AT_A_TIME
  ) {
    const end = Math.min(whole, start + AT_A_TIME);
    left.values.set(a.subarray(start, end));
    right.values.set(b.subarray(start, end));
    if (y) {
      unit.call.difference(...places, 4 * (end - start), made.address, scale, by);
      y.set(made.values.subarray(0, end - start), start);
    } else {
      unit.call.squares(...places, 4 * (end - start), made.address, scale);
      const count = FLOATS * Math.ceil((end - start) / SEGMENT);
      sums!.set(made.values.subarray(0, count), FLOATS * start / SEGMENT);
    }
  }
}
