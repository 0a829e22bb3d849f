/**
 * Runs of optimizers on small objectives that need no network.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Evaluation } from "../../lib/loss/objective.ts";
import {
  adaGrad,
  adam,
  average,
  cosineDecay,
  type Evaluate,
  exponentialDecay,
  gradientDescent,
  lbfgs,
  momentum,
  type Optimizer,
  type OptimizerState,
  rmsProp,
  smoothed,
} from "../../lib/optimizers/mod.ts";

/** One of each, wrappers too, with a name of its own and step sizes that suit {@linkcode bowl}. */
export const EACH: Record<string, Optimizer> = {
  "gradient descent": gradientDescent({ stepSize: 5 }),
  adam: adam({ stepSize: 5 }),
  "adam, epsilon hat": adam({ stepSize: 5, epsilon: 0.1, epsilonHat: true }),
  "adam, scheduled": adam({ stepSize: exponentialDecay(8, 0.5, 20) }),
  rmsprop: rmsProp({ stepSize: 2 }),
  adagrad: adaGrad({ stepSize: 40 }),
  momentum: momentum({ stepSize: cosineDecay(2, 100) }),
  "momentum as Polyak's": momentum({ stepSize: 0.05, normalize: false }),
  lbfgs: lbfgs(),
  "lbfgs without a search": lbfgs({ lineSearch: "none" }),
  "adam, averaged": average(adam({ stepSize: 5 }), { decay: 0.9 }),
  "lbfgs, averaged": average(lbfgs(), { decay: 0.5 }),
  "gradient descent, smoothed": smoothed(gradientDescent({ stepSize: cosineDecay(10, 100) }), {
    iterations: 100,
    sigma: () => 0.3,
  }),
  "adam, smoothed, averaged": average(
    smoothed(adam({ stepSize: 5 }), { iterations: 9, sigma: (part) => 0.2 + part / 10 }),
  ),
};

export const TARGET = [30, 200, 100, 0, 255, 128, 64, 90, 17, 222, 150, 1];
export const CURVATURE = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3];

/** `factor · Σ c (x - target)² / 2` over a 2x2 picture. */
export function bowl(factor = 1): Evaluate {
  return (image): Evaluation =>
    tf.tidy(() => {
      const difference = tf.sub(image, tf.tensor4d(TARGET, [1, 2, 2, 3]));
      const slope = tf.mul(tf.tensor4d(CURVATURE, [1, 2, 2, 3]), difference);
      const total = tf.mul(tf.sum(tf.mul(slope, difference)), factor / 2) as tf.Scalar;
      const losses = tf.reshape(total, [1]) as tf.Tensor1D;
      return {
        total,
        gradient: tf.mul(slope, factor) as tf.Tensor4D,
        losses,
        terms: losses.clone(),
        adjustments: tf.ones([1]),
      };
    });
}

/** What is known after some steps. */
export type Descended = {
  /** The picture before the first step and after each. */
  path: Float32Array[];
  /** The loss of the last picture. */
  loss: number;
  /** The picture to show, where it is another one. */
  shown?: Float32Array;
  state: OptimizerState;
  evaluations: number;
};

/** Runs some steps, from a saved state if there is one. */
export async function descend(
  optimizer: Optimizer,
  steps: number,
  { evaluate = bowl(), from = new Array(12).fill(128), shape = [1, 2, 2, 3], state }: {
    evaluate?: Evaluate;
    from?: ArrayLike<number>;
    shape?: [number, number, number, number];
    state?: OptimizerState;
  } = {},
): Promise<Descended> {
  const image = tf.tidy(() => tf.variable(tf.tensor4d(Array.from(from), shape)));
  const run = optimizer.start(state);
  const look = async (tensor: tf.Tensor) => Float32Array.from(await tensor.data());
  try {
    const path = [await look(image)];
    for (let i = 0; i < steps; i++) {
      tf.dispose(await run.step(image, evaluate));
      path.push(await look(image));
    }
    const end = evaluate(image);
    const [loss = NaN] = await end.total.data();
    tf.dispose(end);
    const other = run.picture?.();
    const shown = other && await look(other);
    other?.dispose();
    return { path, loss, shown, state: await run.state(), evaluations: run.evaluations() };
  } finally {
    run.dispose();
    image.dispose();
  }
}

/** A checkpoint's way through a file. */
export function throughJson(state: OptimizerState): OptimizerState {
  const text = JSON.stringify(state, (_, v) => v instanceof Float32Array ? Array.from(v) : v);
  return JSON.parse(text, (key, v) => key === "data" ? Float32Array.from(v) : v);
}
