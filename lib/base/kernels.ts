/**
 * Kernels that only some engines have.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Whether the engine in use does at once what takes TensorFlow.js several operations. */
export const hasKernel = (name: string): boolean =>
  tf.getKernel(name, tf.getBackend()) !== undefined;
