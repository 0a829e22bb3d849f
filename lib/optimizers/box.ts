/**
 * Keeping a picture within 0–255 while an optimizer wants it elsewhere. Where a step leads out of the
 * box, it is clipped. Plain descent needs no more; under a quasi-Newton method the picture follows a
 * bent path, `x(t) = clip(x + t d, 0, 255)`, and that is sound under three conditions.
 *
 * - Variables at a bound whose gradient points outwards are *held*: they take no part in the
 *   quasi-Newton direction (Bertsekas 1982, Projected Newton methods, SIAM J. Control Optim. 20(2)).
 *   Without this, `-H g` clipped may go uphill.
 * - Slopes are measured along the bent path: a variable that is clipped at t no longer counts.
 * - The slope may jump where a variable meets its bound, so that a flat place need not exist: then the
 *   search settles for the decrease (Ferry, Gill, Wong, Zhang 2020, A class of projected-search
 *   methods for bound-constrained optimization, call it quasi-Wolfe).
 *
 * All tensors here have the picture's shape; masks are made of subtractions and steps, which are fast
 * on every engine.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

const LEAST = 0;
const MOST = 255;
/**
 * So near a bound, in units of the picture, a variable that is pushed outwards counts as held and
 * goes the rest of the way by plain descent; otherwise a pixel at 254.9999 would stop all others.
 */
const EDGE = 1e-3;

/** The picture with everything beyond 0–255 brought back to the nearest of both. */
export function within(image: tf.Tensor4D): tf.Tensor4D {
  return tf.clipByValue(image, LEAST, MOST) as tf.Tensor4D;
}

/** 1 for the variables that are held at a bound. */
export function heldMask(x: tf.Tensor4D, gradient: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const low = tf.mul(tf.step(tf.sub(LEAST + EDGE, x)), tf.step(gradient));
    const high = tf.mul(tf.step(tf.sub(x, MOST - EDGE)), tf.step(tf.neg(gradient)));
    return tf.add(low, high);
  });
}

/**
 * The direction without what leaves the box at once. It stays a direction of descent: what is taken
 * away from a variable that is not held has `g d >= 0`.
 */
export function inward(x: tf.Tensor4D, direction: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const low = tf.mul(tf.sub(1, tf.step(tf.sub(x, LEAST))), tf.step(tf.neg(direction)));
    const high = tf.mul(tf.sub(1, tf.step(tf.sub(MOST, x))), tf.step(direction));
    return tf.mul(direction, tf.sub(1, tf.add(low, high)));
  });
}

/** The point `clip(x + t d)` of the path, and 1 for the variables that were not clipped. */
export function along(x: tf.Tensor4D, direction: tf.Tensor4D, t: number) {
  return tf.tidy(() => {
    const straight = tf.add(x, tf.mul(direction, t)) as tf.Tensor4D;
    const point = within(straight);
    const moving = tf.sub(1, tf.sign(tf.abs(tf.sub(straight, point)))) as tf.Tensor4D;
    return { point, moving };
  });
}
