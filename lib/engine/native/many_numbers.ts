/**
 * What losses and optimizers do with many numbers, as of features and pictures, on ONNX Runtime: a plain loop
 * reads one at a time.
 *
 * @module
 */
import { type Model, modelOf, node } from "./onnx.ts";
import type { Operations } from "./operations.ts";
import { line } from "./ort_values.ts";

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
  SCALE[0] = scale;
  BY[0] = by;
  const feeds = {
    a: line(a),
    b: line(b),
    ...(scale === 1 ? {} : { scale: line(SCALE) }),
    ...(by === 1 ? {} : { by: line(BY) }),
  };
  const names = Object.keys(feeds);
  operations.run(`difference ${names}`, () => differenceModel(names), feeds, { y: line(y) });
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

/** `x + weight · y`. */
export function addScaled(
  operations: Operations,
  x: Float32Array,
  y: Float32Array,
  weight: number,
  sum: Float32Array,
): void {
  SCALE[0] = weight;
  const model = (): Model => ({
    nodes: [node("Mul", ["y", "weight"], "scaled"), node("Add", ["x", "scaled"], "sum")],
    inputs: { x: 1, y: 1, weight: 1 },
    outputs: { sum: 1 },
  });
  const feeds = { x: line(x), y: line(y), weight: line(SCALE) };
  operations.run("add scaled", model, feeds, { sum: line(sum) });
}

/** Adds `x` to `sum`. */
export function addTo(operations: Operations, sum: Float32Array, x: Float32Array): void {
  const model = () => modelOf("Add", ["a", "b"]);
  operations.run("Add", model, { a: line(sum), b: line(x) }, { y: line(sum) });
}

/** `factor · x / (√squares + epsilon)`. */
export function overRoot(
  operations: Operations,
  x: Float32Array,
  squares: Float32Array,
  { factor, epsilon }: { factor: number; epsilon: number },
  y: Float32Array,
): void {
  SCALE[0] = factor;
  BY[0] = epsilon;
  const model = (): Model => ({
    nodes: [
      node("Sqrt", ["squares"], "root"),
      node("Add", ["root", "epsilon"], "divisor"),
      node("Div", ["x", "divisor"], "quotient"),
      node("Mul", ["quotient", "factor"], "y"),
    ],
    inputs: { x: 1, squares: 1, factor: 1, epsilon: 1 },
    outputs: { y: 1 },
  });
  const feeds = { x: line(x), squares: line(squares), factor: line(SCALE), epsilon: line(BY) };
  operations.run("over root", model, feeds, { y: line(y) });
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
