/**
 * Sums, means and greatest values of all numbers of a tensor on WebGPU.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { type Call, compute, sizeOf, type Tensors } from "./program.ts";

/** Smaller tensors are reduced at once, by one group of threads. */
const LARGE = 65_536;
/** A large one is cut into so many rows at most, each of them reduced by a group of its own. */
const [MOST_ROWS, FEWEST_ROWS] = [1024, 64];

/**
 * A reduction of all numbers of a large tensor in two: of rows, and of what they give. TensorFlow.js takes one group
 * of threads for all.
 */
export function reduceInTwo({ inputs, backend, attrs }: Call, stock: tf.KernelFunc) {
  const { x } = inputs as { x: tf.TensorInfo };
  const { axis, reductionIndices, keepDims } = attrs as Reduction;
  const axes = axis ?? reductionIndices;
  const whole = axes == null || [axes].flat().length === x.shape.length;
  const size = sizeOf(x);
  let rows = whole && size >= LARGE && x.dtype === "float32" ? MOST_ROWS : 0;
  while (rows >= FEWEST_ROWS && size % rows !== 0) rows--;
  if (rows < FEWEST_ROWS) return stock({ inputs, backend, attrs });
  const along = (axis: number) => ({ axis: [axis], reductionIndices: [axis], keepDims: false });
  const table = { ...x, shape: [rows, size / rows] };
  const parts = stock({ inputs: { x: table }, backend, attrs: along(1) }) as tf.TensorInfo;
  const result = stock({ inputs: { x: parts }, backend, attrs: along(0) }) as tf.TensorInfo;
  (backend as WebGPUBackend).disposeData(parts.dataId);
  return { ...result, shape: keepDims ? x.shape.map(() => 1) : [] };
}

type Reduction = {
  axis?: number | number[];
  reductionIndices?: number | number[];
  keepDims?: boolean;
};

/** Threads that add up; a smaller tensor has one for each number. */
const THREADS = 32_768;

/**
 * `factor` times the sum of what `term` adds to `sum` for each number, `index`, of the first input: each thread
 * goes through the numbers in wide steps, and TensorFlow.js adds up what the threads have.
 */
export function summed(
  call: Call,
  key: string,
  inputs: Tensors,
  term: string,
  numbers: { factor: number; [name: string]: number | undefined },
): tf.TensorInfo {
  const [first] = Object.keys(inputs);
  const threads = Math.min(THREADS, sizeOf(inputs[first!]!));
  const body = `
          var sum = 0.0;
          for (var at = index; at < i32(arrayLength(&${first})); at = at + uniforms.size) {
            let index = at;${term}
          }
          setOutputAtIndex(index, uniforms.factor * sum);`;
  const sums = compute(call, key, inputs, body, numbers, [threads]);
  const { kernelFunc } = tf.getKernel("Sum", "webgpu")!;
  const attrs = { axis: [0], keepDims: false };
  const { backend } = call;
  const sum = kernelFunc({ inputs: { x: sums } as never, backend, attrs: attrs as never });
  (backend as WebGPUBackend).disposeData(sums.dataId);
  return sum as tf.TensorInfo;
}
