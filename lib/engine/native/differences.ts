/**
 * Differences of many numbers, as of features and Gram matrices, on ONNX Runtime: a plain loop reads a
 * number at a time.
 *
 * @module
 */
import { type Model, node } from "./onnx.ts";
import type { Operations } from "./operations.ts";

/** So many squares are added up in single precision, and these sums in double precision. */
const SQUARES = 256;

/** So many numbers are worked on at a time: what is in between stays in the cache. */
const AT_A_TIME = 1024 * SQUARES;

/** Factors of a call, and its sums: always in the same place, which ONNX Runtime knows then. */
const [SCALE, BY] = [new Float32Array(1), new Float32Array(1)];
const SUMS = new Float32Array(AT_A_TIME / SQUARES);

/** `Σ (scale · a - b)²`. */
export function sumOfSquares(
  operations: Operations,
  a: Float32Array,
  b: Float32Array,
  scale: number,
): number {
  const { pool } = operations;
  const whole = a.length - a.length % SQUARES;
  const difference = pool.take(Math.min(whole, AT_A_TIME));
  let sum = 0;
  for (let start = 0; start < whole; start += AT_A_TIME) {
    const end = Math.min(whole, start + AT_A_TIME);
    const [x, rows] = [difference.subarray(0, end - start), (end - start) / SQUARES];
    subtract(operations, a.subarray(start, end), b.subarray(start, end), { scale, by: 1 }, x);
    operations.run("sums of squares", sumsModel, { x: { data: x, dims: [rows, SQUARES] } }, {
      y: { data: SUMS, dims: [rows] },
    });
    for (let i = 0; i < rows; i++) sum += SUMS[i]!;
  }
  pool.give(difference);
  for (let i = whole; i < a.length; i++) sum += (scale * a[i]! - b[i]!) ** 2;
  return sum;
}

/** `(scale · a - b) · by`. */
export function scaledDifference(
  operations: Operations,
  a: Float32Array,
  b: Float32Array,
  factors: Factors,
  y: Float32Array,
): void {
  for (let start = 0; start < y.length; start += AT_A_TIME) {
    const [x1, x2, x] = [a, b, y].map((all) => all.subarray(start, start + AT_A_TIME)) as Three;
    subtract(operations, x1, x2, factors, x);
  }
}

type Factors = { readonly scale: number; readonly by: number };
type Three = [Float32Array, Float32Array, Float32Array];

function subtract(
  operations: Operations,
  a: Float32Array,
  b: Float32Array,
  { scale, by }: Factors,
  y: Float32Array,
): void {
  const numbers = (data: Float32Array) => ({ data, dims: [data.length] });
  SCALE[0] = scale;
  BY[0] = by;
  const feeds = {
    a: numbers(a),
    b: numbers(b),
    ...(scale === 1 ? {} : { scale: { data: SCALE, dims: [1] } }),
    ...(by === 1 ? {} : { by: { data: BY, dims: [1] } }),
  };
  const names = Object.keys(feeds);
  operations.run(`difference ${names}`, () => differenceModel(names), feeds, { y: numbers(y) });
}

/** `x + xᵀ` of a matrix of so many rows and columns. */
export function symmetricSum(
  operations: Operations,
  x: Float32Array,
  side: number,
  y: Float32Array,
): void {
  const matrix = (data: Float32Array) => ({ data, dims: [side, side] });
  const model = (): Model => ({
    nodes: [node("Transpose", ["x"], "turned"), node("Add", ["x", "turned"], "y")],
    inputs: { x: 2 },
    outputs: { y: 2 },
  });
  operations.run("symmetric sum", model, { x: matrix(x) }, { y: matrix(y) });
}

function sumsModel(): Model {
  const axes = node("Constant", [], "axes", { value_ints: [1] });
  const sums = node("ReduceSumSquare", ["x", "axes"], "y", { keepdims: 0 });
  return { nodes: [axes, sums], inputs: { x: 2 }, outputs: { y: 1 } };
}

function differenceModel(names: readonly string[]): Model {
  const [scaled, times] = [names.includes("scale"), names.includes("by")];
  const nodes = [
    ...(scaled ? [node("Mul", ["a", "scale"], "scaled")] : []),
    node("Sub", [scaled ? "scaled" : "a", "b"], times ? "difference" : "y"),
    ...(times ? [node("Mul", ["difference", "by"], "y")] : []),
  ];
  return { nodes, inputs: Object.fromEntries(names.map((name) => [name, 1])), outputs: { y: 1 } };
}
