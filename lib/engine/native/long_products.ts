/**
 * Products over so many rows that they are best computed in parts, as Gram matrices of the first layers: ONNX
 * Runtime shares the numbers of a result between threads, here few, each a sum of many; not the sums.
 *
 * @module
 */
import { type Model, node } from "./onnx.ts";
import type { Matrix, Operations } from "./operations.ts";

/** As many parts for any count of threads: so the sum is always the same. */
const PARTS = 8;
/** So many times as many rows as columns. */
const LONG = 64;

/** Whether the method suits `aᵀ b` with `a` `[rows, columns]`. */
export function isLong({ dims }: Matrix): boolean {
  return dims.length === 2 && dims[0]! >= LONG * dims[1]!;
}

/** `aᵀ b` of `[rows, m]` and `[rows, n]`: `[m, n]`. */
export function longProduct(operations: Operations, a: Matrix, b: Matrix, y: Float32Array): void {
  const [rows, m, n] = [a.dims[0]!, a.dims[1]!, b.dims[1]!];
  const each = Math.floor(rows / PARTS);
  const parts = operations.pool.take((PARTS + 1) * m * n);
  const first = ({ data, dims: [, columns] }: Matrix): Matrix => {
    return { data: data.subarray(0, PARTS * each * columns!), dims: [PARTS, each, columns!] };
  };
  const last = ({ data, dims: [, columns] }: Matrix): Matrix => {
    return { data: data.subarray(PARTS * each * columns!), dims: [rows - PARTS * each, columns!] };
  };
  const whole = { data: parts.subarray(0, PARTS * m * n), dims: [PARTS, m, n] };
  operations.matMul({ a: first(a), b: first(b), y: whole, transposeA: true });
  const rest = { data: parts.subarray(PARTS * m * n), dims: [m, n] };
  if (rows > PARTS * each) {
    operations.matMul({ a: last(a), b: last(b), y: rest, transposeA: true });
  } else rest.data.fill(0);
  const all = { data: parts.subarray(0, (PARTS + 1) * m * n), dims: [PARTS + 1, m * n] };
  operations.run("sum of parts", sumModel, { x: all }, { y: { data: y, dims: [m * n] } });
  operations.pool.give(parts);
}

function sumModel(): Model {
  const axes = node("Constant", [], "axes", { value_ints: [0] });
  const sum = node("ReduceSum", ["x", "axes"], "y", { keepdims: 0 });
  return { nodes: [axes, sum], inputs: { x: 2 }, outputs: { y: 1 } };
}
