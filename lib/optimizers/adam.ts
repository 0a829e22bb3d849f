/**
 * Adam: a step for every pixel, of the mean of its past gradients over the root of the mean of their
 * squares.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkInRange, checkNonNegative } from "../base/check.ts";
import { addScaled, overRoot } from "./fused.ts";
import { firstOrder, type FirstOrderOptions } from "./first_order.ts";
import type { Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode adam}. */
export type AdamOptions = FirstOrderOptions & {
  /** How much of the mean of gradients is kept in an iteration, from 0 to 1. @default {0.9} */
  beta1?: number;
  /** How much of the mean of squares is kept in an iteration, from 0 to 1. @default {0.999} */
  beta2?: number;
  /** Added to the root, in the gradient's unit. @default {1e-8} */
  epsilon?: number;
  /**
   * Whether epsilon is added before the second moment is corrected for its start at 0: the paper's ε̂ at
   * the end of section 2, and what TensorFlow and Keras do. It matters for a large epsilon in the first
   * thousand iterations.
   *
   * @default {false}
   */
  epsilonHat?: boolean;
};

/**
 * Adam, with t = 1, 2, … (Kingma, Ba 2014, arXiv 1412.6980, algorithm 1; as `torch.optim.Adam`):
 *
 *     m ← β1 m + (1 - β1) g        m̂ = m / (1 - β1^t)
 *     v ← β2 v + (1 - β2) g²       v̂ = v / (1 - β2^t)
 *     x ← x - stepSize · m̂ / (√v̂ + epsilon)
 *
 * The first step moves each pixel by `stepSize`, 5 levels by default, and later ones by about as much.
 *
 * @example From 0 towards 100: the loss is the square of the distance
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { assertEquals } from "@std/assert";
 *
 * const image = tf.variable(tf.zeros([1, 1, 1, 3]) as tf.Tensor4D);
 * const run = adam({ stepSize: 10 }).start();
 * const path: number[] = [];
 * for (let i = 0; i < 6; i++) {
 *   const [value] = await image.data();
 *   path.push(Math.round(value!));
 *   await run.step(image, (x) => {
 *     const total = tf.sum(tf.squaredDifference(x, 100)) as tf.Scalar;
 *     const losses = tf.reshape(total, [1]) as tf.Tensor1D;
 *     const gradient = tf.mul(tf.sub(x, 100), 2) as tf.Tensor4D;
 *     return { total, gradient, losses, terms: losses, adjustments: tf.ones([1]) };
 *   });
 * }
 * assertEquals(path, [0, 10, 20, 30, 40, 49]);
 * ```
 *
 * @throws {RangeError} when `stepSize` is not positive, a beta not from 0 to 1, or `epsilon` negative.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { stepSize = 5, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, epsilonHat = false } = options;
  checkInRange("use adam", "beta1", beta1, 0, 1);
  checkInRange("use adam", "beta2", beta2, 0, 1);
  checkNonNegative("use adam", "epsilon", epsilon);
  // m̂ / (√v̂ + ε) = √c2 / c1 · m / (√v + √c2 ε), which leaves m and v as they are.
  const quotient = ({ length, iteration }: { length: number; iteration: number }) => {
    const c1 = 1 - beta1 ** (iteration + 1);
    const root = Math.sqrt(1 - beta2 ** (iteration + 1));
    return { below: epsilonHat ? epsilon : root * epsilon, factor: length * root / c1 };
  };
  return firstOrder(
    {
      name: "adam",
      moments: { first: 1, second: 2 },
      pointwise: true,
      step(gradient, keep, now) {
        const first = addScaled(keep("first", beta1), gradient, 1 - beta1);
        const second = addScaled(keep("second", beta2), tf.square(gradient), 1 - beta2);
        const { below, factor } = quotient(now);
        return { moments: { first, second }, change: overRoot(first, second, below, factor) };
      },
      kernel: { name: "AdamStep", numbers: (now) => ({ beta1, beta2, ...quotient(now) }) },
    },
    { ...options, stepSize },
    options,
    ["beta1", "beta2", "epsilon", "epsilonHat"],
  );
}
