/**
 * Many products of matrices at once, as one pointwise convolution of blocks with as many groups. ONNX
 * Runtime copies a factor of a plain product into an order of its own, at every call; these lie in it.
 *
 * @module
 */
import { type Model, node } from "./onnx.ts";
import type { Operations } from "./operations.ts";

/** Sizes of the products, and their factors: `x` times `filter` is `y`. */
export type Products = {
  readonly count: number;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Each `[inputs / B, rows, B]`. */
  readonly x: Float32Array;
  /** Each `[outputs / B, inputs, B]`. */
  readonly filter: Float32Array;
  /** Each `[outputs / B, rows, B]`. */
  readonly y: Float32Array;
};

/** Computes products of blocks of `block` numbers; with 1 of plain matrices, each factor one block. */
export function multiplyBlocks(operations: Operations, block: number, products: Products): void {
  const { count, rows, inputs, outputs, x, filter, y } = products;
  const numbers = (data: Float32Array, ...dims: number[]) => {
    return { data: data.subarray(0, dims.reduce((a, b) => a * b)), dims };
  };
  if (block === 1) {
    return operations.matMul({
      a: numbers(x, count, rows, inputs),
      b: numbers(filter, count, inputs, outputs),
      y: numbers(y, count, rows, outputs),
    });
  }
  operations.run(`pointwise ${count}`, () => model(count), {
    x: numbers(x, 1, count * inputs, 1, rows),
    filter: numbers(filter, count * outputs, inputs, 1, 1),
  }, { y: numbers(y, 1, count * outputs, 1, rows) });
}

function model(group: number): Model {
  const attributes = { kernel_shape: [1, 1], strides: [1, 1], dilations: [1, 1], group };
  return {
    nodes: [
      node(
        "Conv",
        ["x", "filter"],
        "y",
        { ...attributes, pads: [0, 0, 0, 0] },
        "com.microsoft.nchwc",
      ),
    ],
    inputs: { x: 4, filter: 4 },
    outputs: { y: 4 },
  };
}
