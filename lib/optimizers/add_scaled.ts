/**
 * What running means are made of.
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
