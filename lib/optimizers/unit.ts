/**
 * The unit in which gradients are measured, so that their squares neither overflow nor vanish.
 *
 * Gradients of style transfer reach 1e25: float32 ends at 3e38, and the square of anything above
 * 1.8e19 is infinite. Weights of 1e-12 lead to the other end. So gradients are divided by a power of
 * two first, which rounds nothing. Where their size is common the unit is 1, and nothing changes.
 *
 * All of it happens on the device: to read the size would be to wait for a GPU in every iteration.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../base/kernels.ts";

/** A unit is kept while the greatest part of the gradient lies within these bounds, in that unit. */
const SAFE = [2 ** -24, 2 ** 24] as const;
/** Otherwise it is the one with as many of `EDGES` at or below the greatest part. */
const UNITS = [2 ** -96, 2 ** -64, 2 ** -32, 1, 2 ** 32, 2 ** 64, 2 ** 96];
const EDGES = [2 ** -80, 2 ** -48, 2 ** -24, 2 ** 24, 2 ** 48, 2 ** 80];
/** Moments of far greater gradients are as good as infinite; their squares must stay finite. */
const MOST_RATIO = 2 ** 32;

/** The greatest absolute value, a scalar. */
export function greatestOf(gradient: tf.Tensor): tf.Scalar {
  return tf.max(tf.abs(gradient)) as tf.Scalar;
}

/**
 * The unit of a gradient: that of the one before as long as it suits, and 1 wherever 1 suits.
 *
 * @param greatest the greatest absolute value of the gradient
 * @param previous the unit so far, 1 at the start
 */
export function nextUnit(greatest: tf.Scalar, previous: tf.Scalar): tf.Scalar {
  if (hasKernel("NextUnit")) {
    const numbers = { safe: [...SAFE], units: UNITS, edges: EDGES };
    return tf.engine().runKernel("NextUnit", { greatest, previous }, numbers);
  }
  return tf.tidy(() => {
    const size = tf.div(greatest, previous);
    const isLarge = tf.greaterEqual(size, SAFE[1]);
    const isSmall = tf.logicalAnd(tf.less(size, SAFE[0]), tf.greater(size, 0));
    const level = tf.sum(tf.cast(tf.greaterEqual(greatest, tf.tensor1d(EDGES)), "int32"));
    const chosen: tf.Tensor = tf.gather(tf.tensor1d(UNITS), level);
    return tf.where(tf.logicalOr(isLarge, isSmall), chosen, previous as tf.Tensor) as tf.Scalar;
  });
}

/** What moments are multiplied by, once per power of the gradient in them, when the unit changes. */
export function ratioOf(previous: tf.Scalar, unit: tf.Scalar): tf.Scalar {
  return tf.tidy(() => tf.minimum(tf.div(previous, unit), MOST_RATIO) as tf.Scalar);
}
