/**
 * What running means and steps are made of.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../base/kernels.ts";

/** `x + weight · y`, tensors of the same shape; one kernel where the engine has it. */
export function addScaled<T extends tf.Tensor>(x: T, y: T, weight: number): T {
  return hasKernel("AddScaled")
    ? tf.engine().runKernel("AddScaled", { x, y }, { weight }) as T
    : tf.add(x, tf.mul(y, weight));
}

/** `factor · x / (√squares + epsilon)`, tensors of the same shape; one kernel where the engine has it. */
export function overRoot<T extends tf.Tensor>(
  x: T,
  squares: T,
  epsilon: number,
  factor: number,
): T {
  return hasKernel("OverRoot")
    ? tf.engine().runKernel("OverRoot", { x, squares }, { epsilon, factor }) as T
    : tf.mul(tf.div(x, tf.add(tf.sqrt(squares), epsilon)), factor);
}
