/**
 * Losses, their gradients and what optimizers make of them, each as one pass over its numbers, where
 * TensorFlow.js' operations take three to ten. The functions that use these kernels say in such operations
 * what they compute, for the other engines.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { registerLossGradients } from "../loss_gradients.ts";
import { BACKEND, type NativeBackend } from "./backend.ts";
import type { Features } from "./layout.ts";
import { scaledDifference, sumOfSquares } from "./differences.ts";
import { addScaled, overRoot, symmetricSum } from "./many_numbers.ts";
import { totalVariation, totalVariationGradient } from "./variation.ts";

type Tensors = Record<string, tf.TensorInfo>;
type Numbers = Record<string, number>;
type Kernel = (backend: NativeBackend, inputs: Tensors, attrs: Numbers) => tf.TensorInfo;

/** Registers them with their gradients. */
export function registerLossKernels(): void {
  for (const [kernelName, run] of Object.entries(KERNELS)) {
    const kernelFunc: tf.KernelFunc = ({ backend, inputs, attrs }) =>
      run(backend as NativeBackend, inputs as Tensors, attrs as unknown as Numbers);
    tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
  }
  registerLossGradients();
}

const KERNELS: Record<string, Kernel> = {
  /** `mean((scale · a - b)²)` of tensors of the same shape. */
  MeanSquaredError(backend, inputs, { scale }) {
    const [a, b] = [backend.floats(inputs.a!), backend.floats(inputs.b!)];
    return scalar(backend, sumOfSquares(backend.operations, a, b, scale!) / a.length);
  },
  /** `(scale · a - b) · factor · dy`, where `dy` is a scalar. */
  ScaledDifference(backend, inputs, { scale, factor }) {
    const [a, b] = [backend.floats(inputs.a!), backend.floats(inputs.b!)];
    const by = factor! * backend.floats(inputs.dy!)[0]!;
    const { info, values } = backend.output(inputs.a!.shape);
    scaledDifference(backend.operations, a, b, { scale: scale!, by }, values);
    return info;
  },
  /** `Σ |x[i+1, j] - x[i, j]| + Σ |x[i, j+1] - x[i, j]|` of `[1, H, W, C]`. */
  TotalVariation(backend, { x }) {
    return scalar(backend, totalVariation(backend.operations.unit, pictureOf(backend, x!)));
  },
  /** Its gradient times the scalar `dy`; the slope of a difference of 0 is 0. */
  TotalVariationGradient(backend, inputs) {
    const dy = backend.floats(inputs.dy!)[0]!;
    const { info, values } = backend.output(inputs.x!.shape);
    totalVariationGradient(backend.operations.unit, pictureOf(backend, inputs.x!), dy, values);
    return info;
  },
  /** `x + xᵀ` of a square matrix. */
  SymmetricSum(backend, inputs) {
    const { info, values } = backend.output(inputs.x!.shape);
    symmetricSum(backend.operations, backend.floats(inputs.x!), inputs.x!.shape[0]!, values);
    return info;
  },
  /** `x + weight · y` of tensors of the same shape. */
  AddScaled(backend, inputs, { weight }) {
    const [x, y] = [backend.floats(inputs.x!), backend.floats(inputs.y!)];
    const { info, values } = backend.output(inputs.x!.shape);
    addScaled(backend.operations, x, y, weight!, values);
    return info;
  },
  /** `factor · x / (√squares + epsilon)` of tensors of the same shape. */
  OverRoot(backend, inputs, { factor, epsilon }) {
    const [x, squares] = [backend.floats(inputs.x!), backend.floats(inputs.squares!)];
    const { info, values } = backend.output(inputs.x!.shape);
    overRoot(backend.operations, x, squares, { factor: factor!, epsilon: epsilon! }, values);
    return info;
  },
};

function scalar(backend: NativeBackend, value: number): tf.TensorInfo {
  const { info, values } = backend.output([]);
  values[0] = value;
  return info;
}

function pictureOf(backend: NativeBackend, x: tf.TensorInfo): Features {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  return { data: backend.floats(x), height, width, channels };
}
