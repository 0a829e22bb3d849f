/**
 * RMSProp: AdaGrad that forgets.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkInRange, checkNonNegative } from "../base/check.ts";
import { addScaled, overRoot } from "./fused.ts";
import { firstOrder, type FirstOrderOptions } from "./first_order.ts";
import type { Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode rmsProp}. */
export type RmsPropOptions = FirstOrderOptions & {
  /** How much of the mean of squares is kept in an iteration, from 0 to 1. @default {0.9} */
  decay?: number;
  /** Added to the root, in the gradient's unit. @default {1e-8} */
  epsilon?: number;
};

/**
 * RMSProp: `v ← decay · v + (1 - decay) g²`, `x ← x - stepSize · g / (√v + epsilon)`; 5 levels by
 * default. v begins at 0, so that the first step is `1 / √(1 - decay)` times as long. Source: Tieleman,
 * Hinton 2012, Neural networks for machine learning, lecture 6e; as `torch.optim.RMSprop`, whose decay
 * (`alpha`) is 0.99 by default.
 *
 * @throws {RangeError} when `stepSize` is not positive, `decay` not from 0 to 1, or `epsilon` negative.
 */
export function rmsProp(options: RmsPropOptions = {}): Optimizer {
  const { stepSize = 5, decay = 0.9, epsilon = 1e-8 } = options;
  checkInRange("use rmsprop", "decay", decay, 0, 1);
  checkNonNegative("use rmsprop", "epsilon", epsilon);
  return firstOrder(
    {
      name: "rmsprop",
      moments: { second: 2 },
      pointwise: true,
      step(gradient, keep, { length }) {
        const second = addScaled(keep("second", decay), tf.square(gradient), 1 - decay);
        return { moments: { second }, change: overRoot(gradient, second, epsilon, length) };
      },
    },
    { ...options, stepSize },
    options,
    ["decay", "epsilon"],
  );
}
