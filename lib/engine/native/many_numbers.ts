/**
 * What losses and optimizers do with many numbers, as of features and pictures, on ONNX Runtime: a plain loop
 * reads one at a time.
 *
 * @module
 */
import { type Model, modelOf, node } from "./onnx.ts";
import type { Operations } from "./operations.ts";
import { line } from "./ort_values.ts";

/** Factors of a call: always in the same place, which ONNX Runtime knows then. */
const [SCALE, BY] = [new Float32Array(1), new Float32Array(1)];

/** What ONNX Runtime's operation `op` makes of each number. */
export function eachOf(
  operations: Operations,
  op: string,
  x: Float32Array,
  y: Float32Array,
): void {
  operations.run(op, () => modelOf(op, ["x"]), { x: line(x) }, { y: line(y) });
}

/** `x²`. */
export function square(operations: Operations, x: Float32Array, y: Float32Array): void {
  const model = (): Model => ({
    nodes: [node("Mul", ["x", "x"], "y")],
    inputs: { x: 1 },
    outputs: { y: 1 },
  });
  operations.run("square", model, { x: line(x) }, { y: line(y) });
}

/** `min(most, max(least, x))`. */
export function clip(
  operations: Operations,
  x: Float32Array,
  { least, most }: { least: number; most: number },
  y: Float32Array,
): void {
  SCALE[0] = least;
  BY[0] = most;
  const model = (): Model => ({
    nodes: [node("Clip", ["x", "least", "most"], "y")],
    inputs: { x: 1, least: 0, most: 0 },
    outputs: { y: 1 },
  });
  const scalar = (data: Float32Array) => ({ data, dims: [] });
  const feeds = { x: line(x), least: scalar(SCALE), most: scalar(BY) };
  operations.run("clip", model, feeds, { y: line(y) });
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
