/**
 * TensorFlow.js' own optimizers (`tf.train`) behind the interface of this library.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkPositive } from "../base/check.ts";
import type { Optimizer, OptimizerRun, OptimizerState } from "./optimizer.ts";

/** Settings that all of them have. */
export type StepSizeOptions = {
  /** The learning rate, in units of the picture, 0–255. */
  stepSize?: number;
};

/** Settings of {@linkcode adam}. */
export type AdamOptions = StepSizeOptions & { beta1?: number; beta2?: number; epsilon?: number };

/**
 * Adam: a step per pixel, of the mean of past gradients over the root of the mean of their squares.
 * Source: Kingma, Ba 2014 (arXiv 1412.6980), algorithm 1, with its epsilon. Its step size is the
 * learning rate; each pixel moves by about that much in an iteration.
 */
export function adam(
  { stepSize = 5, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {},
): Optimizer {
  return fromTrain(
    "adam",
    { stepSize, beta1, beta2, epsilon },
    () => tf.train.adam(stepSize, beta1, beta2, epsilon),
  );
}

/** RMSProp: the gradient over the root of the mean of its past squares (Tieleman, Hinton 2012). */
export function rmsProp({ stepSize = 5 }: StepSizeOptions = {}): Optimizer {
  return fromTrain("rmsprop", { stepSize }, () => tf.train.rmsprop(stepSize));
}

/** AdaGrad: the gradient over the root of the sum of its past squares (Duchi et al. 2011). */
export function adaGrad({ stepSize = 20 }: StepSizeOptions = {}): Optimizer {
  return fromTrain("adagrad", { stepSize }, () => tf.train.adagrad(stepSize));
}

/**
 * Gradient descent with momentum (Polyak 1964). Here the step does depend on the gradient's size,
 * so a good `stepSize` depends on the weights of the losses.
 */
export function momentum(
  { stepSize = 1, momentum = 0.9 }: StepSizeOptions & { momentum?: number } = {},
): Optimizer {
  return fromTrain("momentum", { stepSize, momentum }, () => tf.train.momentum(stepSize, momentum));
}

function fromTrain(
  name: string,
  settings: Record<string, number> & { stepSize: number },
  create: () => tf.Optimizer,
): Optimizer {
  checkPositive(`use ${name}`, "stepSize", settings.stepSize);
  return { name, start: (state) => startTrain(create(), state) };
}

function startTrain(optimizer: tf.Optimizer, saved?: OptimizerState): OptimizerRun {
  let evaluations = 0;
  let restored: Promise<void> | undefined;
  return {
    async step(image, evaluate) {
      await (restored ??= restore(optimizer, saved));
      const evaluation = evaluate(image);
      evaluations++;
      tf.tidy(() => {
        optimizer.applyGradients({ [image.name]: evaluation.gradient });
        image.assign(tf.clipByValue(image, 0, 255));
      });
      return evaluation;
    },
    evaluations: () => evaluations,
    async state() {
      const entries = await optimizer.getWeights();
      const state: OptimizerState = {};
      for (const [i, { name, tensor }] of entries.entries()) {
        const data = Float32Array.from(await tensor.data());
        state[`${i}/${name.split("/").at(-1)}`] = { shape: tensor.shape, data };
      }
      entries[0].tensor.dispose(); // the iteration counter, made by getWeights()
      return state;
    },
    dispose() {
      optimizer.dispose();
      // TensorFlow.js 4.22 forgets the learning rate that momentum inherits from plain descent.
      const { c } = optimizer as { c?: tf.Tensor };
      if (c && !c.isDisposed) c.dispose();
    },
  };
}

/** TensorFlow.js goes by the order of the weights; the names are for readers of the state. */
async function restore(optimizer: tf.Optimizer, saved?: OptimizerState) {
  if (!saved || Object.keys(saved).length === 0) return;
  const weights = Object.entries(saved).map(([name, { shape, data }]) => ({
    name,
    tensor: tf.tensor(data, shape),
  }));
  try {
    await optimizer.setWeights(weights);
  } finally {
    tf.dispose(weights.map(({ tensor }) => tensor));
  }
}
