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

/** Factors of a call: always in the same place, which ONNX Runtime knows then. */
const [SCALE, BY] = [new Float32Array(1), new Float32Array(1)];

/** `Σ (scale · a - b)²`. */
export function sumOfSquares(
  operations: Operations,
  a: Float32Array,
  b: Float32Array,
  scale: number,
): number {
  const rows = Math.floor(a.length / SQUARES);
  let sum = 0;
  for (let i = rows * SQUARES; i < a.length; i++) sum += (scale * a[i]! - b[i]!) ** 2;
  if (rows === 0) return sum;
  const { pool } = operations;
  const [difference, sums] = [pool.take(rows * SQUARES), new Float32Array(rows)];
  scaledDifference(operations, a, b, { scale, by: 1 }, difference);
  operations.run("sums of squares", sumsModel, {
    x: { data: difference, dims: [rows, SQUARES] },
  }, { y: { data: sums, dims: [rows] } });
  pool.give(difference);
  return sums.reduce((all, part) => all + part, sum);
}

/** `(scale · a - b) · by`, for as many numbers as `y` has room for. */
export function scaledDifference(
  operations: Operations,
  a: Float32Array,
  b: Float32Array,
  { scale, by }: { scale: number; by: number },
  y: Float32Array,
): void {
  const numbers = (data: Float32Array) => {
    return { data: data.subarray(0, y.length), dims: [y.length] };
  };
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
