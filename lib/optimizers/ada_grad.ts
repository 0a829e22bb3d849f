/**
 * AdaGrad: pixels whose gradients were large step less.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkNonNegative } from "../base/check.ts";
import { overRoot } from "./fused.ts";
import { firstOrder, type FirstOrderOptions } from "./first_order.ts";
import type { Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode adaGrad}. */
export type AdaGradOptions = FirstOrderOptions & {
  /** Added to the root, in the gradient's unit. @default {1e-10} */
  epsilon?: number;
};

/**
 * AdaGrad: `s ← s + g²`, `x ← x - stepSize · g / (√s + epsilon)`. The first step moves every pixel by
 * `stepSize`, 20 levels by default; later ones get shorter and shorter. Source: Duchi, Hazan, Singer
 * 2011, JMLR 12, figure 1, diagonal matrices; as `torch.optim.Adagrad`.
 *
 * @throws {RangeError} when `stepSize` is not positive or `epsilon` negative.
 */
export function adaGrad(options: AdaGradOptions = {}): Optimizer {
  const { stepSize = 20, epsilon = 1e-10 } = options;
  checkNonNegative("use adagrad", "epsilon", epsilon);
  return firstOrder(
    {
      name: "adagrad",
      moments: { sum: 2 },
      pointwise: true,
      step(gradient, keep, { length }) {
        const sum = tf.add(keep("sum", 1), tf.square(gradient)) as tf.Tensor4D;
        return { moments: { sum }, change: overRoot(gradient, sum, epsilon, length) };
      },
    },
    { ...options, stepSize },
    options,
    ["epsilon"],
  );
}
