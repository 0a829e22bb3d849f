/**
 * What only some engines have: kernels, and arrays that they hand out for good.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Whether the engine in use does at once what takes TensorFlow.js several operations. */
export const hasKernel = (name: string): boolean =>
  tf.getKernel(name, tf.getBackend()) !== undefined;

/** An engine that hands out copies of its numbers says so. */
export type Copying = { readonly handsOutCopies: true };

/** The numbers of a tensor in an array of the caller's; a copy more where the engine hands out its own. */
export async function valuesOf(tensor: tf.Tensor): Promise<Float32Array> {
  const values = await tensor.data();
  const { handsOutCopies } = tf.backend() as Partial<Copying>;
  return handsOutCopies && values instanceof Float32Array ? values : new Float32Array(values);
}
