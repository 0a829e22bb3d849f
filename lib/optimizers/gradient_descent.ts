/**
 * The tutorial's gradient descent: a step against the gradient, whose length does not depend on the
 * gradient's size.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { within } from "./box.ts";
import { firstOrder, type FirstOrderOptions } from "./first_order.ts";
import type { Optimizer } from "./optimizer.ts";
import { greatestOf, nextUnit } from "./unit.ts";

/** Settings of {@linkcode gradientDescent}. */
export type GradientDescentOptions = FirstOrderOptions;

/** The tutorial's. */
const EPSILON = 1e-8;

/**
 * `x ← clip(x - stepSize · g / (std(g) + 1e-8), 0, 255)` with the population standard deviation over
 * the whole gradient; the step size counts in units of the picture per standard deviation, 10 by
 * default. Source: Hvass, tutorial 15, `style_transfer`. Differs where the greatest part of g lies
 * outside 6e-8 to 1.7e7: there g is divided by a power of two first.
 */
export function gradientDescent(options: GradientDescentOptions = {}): Optimizer {
  const { stepSize = 10 } = options;
  return firstOrder(
    {
      name: "gradient descent",
      moments: {},
      step: (gradient, _, { length }) => ({ moments: {}, change: normalized(gradient, length) }),
    },
    { ...options, stepSize },
    options,
  );
}

/** The picture after one step. */
export function descend(image: tf.Tensor4D, gradient: tf.Tensor4D, stepSize: number): tf.Tensor4D {
  return tf.tidy(() => {
    const unit = nextUnit(greatestOf(gradient), tf.scalar(1));
    const change = normalized(tf.div(gradient, unit) as tf.Tensor4D, stepSize);
    return within(tf.sub(image, change) as tf.Tensor4D);
  });
}

function normalized(gradient: tf.Tensor4D, length: number): tf.Tensor4D {
  const deviation = tf.sqrt(tf.moments(gradient).variance);
  return tf.mul(gradient, tf.div(length, tf.add(deviation, EPSILON))) as tf.Tensor4D;
}
