/**
 * What makes one of the optimizers of `first_order.ts`.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";

/** The tensors that a rule keeps, each of the picture's shape. */
export type Moments = Record<string, tf.Tensor4D>;

/** What makes one of these optimizers. */
export type Rule = {
  name: string;
  /** How often the gradient is a factor of each moment: 1 for a mean of gradients, 2 for one of squares. */
  moments: Record<string, number>;
  /** Whether each pixel goes its own way, so that a large picture can be moved in bands. */
  pointwise?: boolean;
  /**
   * One step; within `tf.tidy`.
   *
   * @param gradient in its unit, `[1, H, W, 3]`
   * @param keep a moment times a factor, 0 at the start
   * @returns the new moments, and what is subtracted from the picture
   */
  step(
    gradient: tf.Tensor4D,
    keep: (name: string, factor: number) => tf.Tensor4D,
    now: Now,
  ): { moments: Moments; change: tf.Tensor4D };
  /** The same as one kernel, and the numbers that it takes, for engines that have it. */
  kernel?: { name: string; numbers(now: Omit<Now, "unit">): Record<string, number> };
};

/** What a rule may ask about its step. */
export type Now = {
  /** The step size. */
  length: number;
  /** From 0, the first that the moments know. */
  iteration: number;
  /** What the gradient was divided by. */
  unit: tf.Scalar;
};
