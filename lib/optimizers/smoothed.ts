/**
 * Smoothing the gradient, less and more with every iteration: the picture's large shapes are changed
 * along with its details, and noise is not taken up.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cannot, checkOptions, checkPositive, checkPositiveInteger } from "../base/check.ts";
import { gaussianMatrix } from "./gaussian.ts";
import type { Optimizer, OptimizerRun, OptimizerState } from "./optimizer.ts";
import { mergeStates, numberEntry, numberOf, splitState } from "./state.ts";
import { greatestOf, nextUnit } from "./unit.ts";

/** Settings of {@linkcode smoothed}. */
export type SmoothedOptions = {
  /** Within how many iterations the smoothing unfolds. */
  iterations: number;
  /**
   * The width of the smoothing in pixels, by how much of the iterations is over, 0 to 1.
   *
   * @default {(part) => 4 * part + 0.5}
   */
  sigma?: (part: number) => number;
};

const PREFIX = "smoothed/";
const EPSILON = 1e-8;
/** The three widths that are added up, in sigmas. */
const WIDTHS = [1, 2, 0.5];

/**
 * Around an optimizer that takes one gradient a step: in iteration i of n, with σ = 4 i / n + 0.5, it
 * sees `G / std(G)`, where G is the sum of the gradient blurred by σ, by 2σ and by σ / 2 (Gaussians cut off
 * at 4 of their widths; the picture is mirrored at its borders). Source: Hvass, tutorial 14 (DeepDream),
 * `optimize_image`. Differs: there the three colors are blurred into one another as well.
 *
 * @throws {Error} for an optimizer that compares losses: a smoothed gradient is not theirs.
 */
export function smoothed(optimizer: Optimizer, options: SmoothedOptions): Optimizer {
  const what = `smooth the gradient for ${optimizer.name}`;
  checkOptions(what, options, ["iterations", "sigma"]);
  const { iterations, sigma = (part: number) => 4 * part + 0.5 } = options;
  checkPositiveInteger(what, "iterations", iterations);
  if (optimizer.needsConstantWeights) {
    const rule = "it must not compare losses or gradients between steps";
    throw new Error(cannot(what, rule, optimizer.name));
  }
  const width = (iteration: number) => {
    const value = sigma(Math.min(1, iteration / iterations));
    checkPositive(what, "sigma", value);
    return value;
  };
  return {
    ...optimizer,
    name: `${optimizer.name}, smoothed`,
    start: (saved) => startSmoothed(optimizer, width, saved),
    resize(state, height, width, circular) {
      const { own, inner } = splitState(state, PREFIX);
      return mergeStates(own, PREFIX, optimizer.resize?.(inner, height, width, circular) ?? {});
    },
  };
}

function startSmoothed(
  optimizer: Optimizer,
  width: (iteration: number) => number,
  saved?: OptimizerState,
): OptimizerRun {
  const { own, inner } = splitState(saved ?? {}, PREFIX);
  const run = optimizer.start(inner);
  let iteration = "iteration" in own ? numberOf(own, "iteration") : 0;
  return {
    ...run,
    async step(image, evaluate) {
      const sigma = width(iteration);
      let gradient: tf.Tensor4D | undefined;
      try {
        const evaluation = await run.step(image, (image) => {
          const evaluation = evaluate(image);
          gradient = evaluation.gradient;
          return { ...evaluation, gradient: smooth(gradient, sigma) };
        });
        iteration++;
        evaluation.gradient.dispose();
        return { ...evaluation, gradient: gradient! };
      } catch (error) {
        gradient?.dispose();
        throw error;
      }
    },
    async state() {
      return mergeStates({ iteration: numberEntry(iteration) }, PREFIX, await run.state());
    },
  };
}

/** The three blurs, added up, by their common standard deviation; `[1, H, W, C]`. */
export function smooth(gradient: tf.Tensor4D, sigma: number): tf.Tensor4D {
  const [, height, width, channels] = gradient.shape;
  return tf.tidy(() => {
    const unit = nextUnit(greatestOf(gradient), tf.scalar(1));
    const rows = tf.reshape(tf.div(gradient, unit), [height, width * channels]) as tf.Tensor2D;
    const blurs = WIDTHS.map((factor) => {
      const down = tf.matMul(gaussianMatrix(height, factor * sigma), rows);
      const turned = tf.transpose(tf.reshape(down, [height, width, channels]), [1, 0, 2]);
      const columns = tf.reshape(turned, [width, height * channels]) as tf.Tensor2D;
      return tf.matMul(gaussianMatrix(width, factor * sigma), columns);
    });
    const sum = tf.reshape(tf.addN(blurs), [width, height, channels]);
    const deviation = tf.sqrt(tf.moments(sum).variance);
    const whole = tf.mul(tf.transpose(sum, [1, 0, 2]), tf.div(1, tf.add(deviation, EPSILON)));
    return tf.reshape(whole, gradient.shape);
  });
}
