/**
 * The kernel `TransportMap`: the iteration of `lib/loss/style/transport.ts` as one ONNX model. The same
 * products, but what is element-wise is part of a product or runs on all threads, and only the map comes
 * back to TensorFlow.js.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { BACKEND, type NativeBackend } from "./backend.ts";
import type { Attribute, Model, Node } from "./onnx.ts";
import type { Operations } from "./operations.ts";

/** Coefficients of each step, lowest power first: two, three or five. */
type Steps = readonly (readonly number[])[];

type Parameters = {
  inputs: { from: tf.TensorInfo; to: tf.TensorInfo };
  attrs: { steps: Steps };
  backend: NativeBackend;
};

/** Registers the kernel. */
export function registerTransportKernel(operations: Operations): void {
  const run = ({ inputs: { from, to }, attrs, backend }: Parameters) => {
    const { info, values } = backend.output(to.shape);
    const matrix = (data: Float32Array) => ({ data, dims: to.shape });
    operations.run(`transport ${attrs.steps}`, () => transportModel(attrs.steps), {
      from: matrix(backend.floats(from)),
      to: matrix(backend.floats(to)),
    }, { map: matrix(values) });
    return info;
  };
  const kernelFunc = run as unknown as tf.KernelFunc;
  tf.registerKernel({ kernelName: "TransportMap", backendName: BACKEND, kernelFunc });
}

/** The whole iteration; names as there. */
function transportModel(steps: Steps): Model {
  const nodes: Node[] = [];
  const node = (
    op: string,
    inputs: string[],
    attributes: Record<string, Attribute> = {},
    output = `${nodes.length}`,
  ) => {
    nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  };
  /** `x + factor y` */
  const plus = (x: string, factor: number, y: string) =>
    node("Add", [x, node("Mul", [y, node("Constant", [], { value_float: { float: factor } })])]);
  /** `alpha a b + beta c` */
  const gemm = (a: string, b: string, alpha: number, c: string, beta: number, output?: string) =>
    node("Gemm", [a, b, c], { alpha: { float: alpha }, beta: { float: beta } }, output);

  const product = node("MatMul", ["to", "from"]);
  const scale = node("Reciprocal", [node("ReduceL2", [product])]);
  const half = node("Sqrt", [scale]);
  let [map, inverse] = [node("Mul", ["to", half]), node("Mul", ["from", half])];
  for (const [i, c] of steps.entries()) {
    const x = i === 0 ? node("Mul", [product, scale]) : node("MatMul", [map, inverse]);
    // q(X) = c[0] I + factor Q; the identity becomes a sum in the products with q.
    let [q, factor] = [x, c[1]!];
    if (c.length > 2) {
      const square = node("MatMul", [x, x]);
      q = plus(x, c[2]! / c[1]!, square);
      if (c.length > 3) {
        q = gemm(square, plus(x, c[4]! / c[3]!, square), c[3]!, q, c[1]!);
        factor = 1;
      }
    }
    const last = i === steps.length - 1;
    const next = gemm(q, map, factor, map, c[0]!, last ? "map" : undefined);
    if (!last) inverse = gemm(inverse, q, factor, inverse, c[0]!);
    map = next;
  }
  return { nodes, inputs: { from: 2, to: 2 }, outputs: { map: 2 } };
}
