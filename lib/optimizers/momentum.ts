/**
 * Gradient descent that gathers speed.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkInRange } from "../base/check.ts";
import { firstOrder, type FirstOrderOptions } from "./first_order.ts";
import type { Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode momentum}. */
export type MomentumOptions = FirstOrderOptions & {
  /** How much of its speed the picture keeps, from 0 to 1. @default {0.9} */
  momentum?: number;
  /** Whether each gradient is divided by its root mean square. @default {true} */
  normalize?: boolean;
};

/** So that nothing is divided by 0; far below the root mean square of a gradient in its unit. */
const EPSILON = 1e-15;

/**
 * Gradient descent with momentum: `v ← momentum · v + g / rms(g)`, `x ← x - stepSize · v`. Where the
 * gradient keeps its direction a step comes to stepSize / (1 - momentum) in root mean square: 10 levels
 * at the defaults, as the tutorial's descent. Source: Polyak 1964, equation 9.
 *
 * Differs from Polyak and from `torch.optim.SGD` in the division, without which a good step size
 * depends on the weights of the losses: one that suits a preset turns the next into noise. With
 * `normalize: false` it is theirs, and the step size counts in levels per unit of the gradient.
 *
 * @throws {RangeError} when `stepSize` is not positive or `momentum` not from 0 to 1.
 */
export function momentum(options: MomentumOptions = {}): Optimizer {
  const { stepSize = 1, momentum = 0.9, normalize = true } = options;
  checkInRange("use momentum", "momentum", momentum, 0, 1);
  return firstOrder(
    {
      name: "momentum",
      moments: { velocity: normalize ? 0 : 1 },
      step(gradient, keep, { length, unit }) {
        const push = normalize
          ? tf.mul(gradient, tf.div(1, tf.add(tf.sqrt(tf.mean(tf.square(gradient))), EPSILON)))
          : gradient;
        const velocity = tf.add(keep("velocity", momentum), push) as tf.Tensor4D;
        const factor = normalize ? length : tf.mul(unit, length);
        return { moments: { velocity }, change: tf.mul(velocity, factor) };
      },
    },
    { ...options, stepSize },
    options,
    ["momentum", "normalize"],
  );
}
