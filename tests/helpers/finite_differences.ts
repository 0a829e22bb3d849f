/**
 * Checks a gradient against the slope that the function really has.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";

/** Steps in units of the picture; float32 rounds at the small end, the function bends at the other. */
const LADDER = [4, 1, 0.25, 0.1, 0.03, 0.01];

/**
 * Compares `gradient · direction` with central differences along a seeded random direction.
 *
 * @param gradient at `x`; by TensorFlow.js' automatic differentiation of `value` if left out
 * @returns the error at the best step of the ladder, relative to the slope, or to the root mean square
 * of slopes along random directions where this one happens to be nearly level.
 */
export async function slopeError(
  value: (x: tf.Tensor4D) => tf.Scalar,
  x: tf.Tensor4D,
  gradient: tf.Tensor = tf.grad((input: tf.Tensor) => value(input as tf.Tensor4D))(x),
): Promise<number> {
  const direction = tf.tensor4d(uniformNoise(x.size, -1, 1, seededRandom(11)), x.shape);
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
    return sum;
  };
  const [slopes, along] = [await gradient.data(), await direction.data()];
  const slope = dot(slopes, along);
  const typical = Math.sqrt(dot(slopes, slopes) * dot(along, along) / x.size);
  const at = async (step: number) => (await value(tf.add(x, tf.mul(direction, step))).data())[0]!;
  let best = Infinity;
  for (const step of LADDER) {
    const difference = (await at(step) - await at(-step)) / (2 * step);
    best = Math.min(best, Math.abs(difference - slope) / Math.max(Math.abs(slope), typical));
  }
  return best;
}
