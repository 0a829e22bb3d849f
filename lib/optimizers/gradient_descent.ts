/**
 * The tutorial's gradient descent: a step against the gradient, whose length does not depend on the
 * gradient's size.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkPositive } from "../base/check.ts";
import type { Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode gradientDescent}. */
export type GradientDescentOptions = {
  /** In units of the picture, 0–255, per standard deviation of the gradient. */
  stepSize?: number;
};

/**
 * `x ← clip(x - stepSize · g / (std(g) + 1e-8), 0, 255)` with the population standard deviation over
 * the whole gradient. Source: Hvass, tutorial 15, `style_transfer`.
 */
export function gradientDescent({ stepSize = 10 }: GradientDescentOptions = {}): Optimizer {
  checkPositive("use gradient descent", "stepSize", stepSize);
  return {
    name: "gradient descent",
    start() {
      let evaluations = 0;
      return {
        step(image, evaluate) {
          const evaluation = evaluate(image);
          evaluations++;
          tf.tidy(() => image.assign(descend(image, evaluation.gradient, stepSize)));
          return Promise.resolve(evaluation);
        },
        evaluations: () => evaluations,
        state: () => Promise.resolve({}),
        dispose() {},
      };
    },
  };
}

/** The picture after one step. */
export function descend(image: tf.Tensor4D, gradient: tf.Tensor4D, stepSize: number): tf.Tensor4D {
  return tf.tidy(() => {
    const deviation = tf.sqrt(tf.moments(gradient).variance);
    const scale = tf.div(stepSize, tf.add(deviation, 1e-8));
    return tf.clipByValue(tf.sub(image, tf.mul(gradient, scale)), 0, 255);
  });
}
