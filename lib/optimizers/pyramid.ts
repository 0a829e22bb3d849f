/**
 * Optimizing the levels of a Laplacian pyramid instead of pixels: a step then moves large areas at once,
 * and each level at its own pace. Any optimizer can work inside; it sees the numbers of all levels as one
 * long picture.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkPositiveInteger } from "../base/check.ts";
import { valuesOf } from "../base/kernels.ts";
import {
  fromPyramid,
  pyramidGradient,
  pyramidSides,
  type Sides,
  toPyramid,
} from "../picture/laplacian.ts";
import type { Evaluation } from "../loss/objective.ts";
import type { Evaluate, Optimizer, OptimizerRun, OptimizerState } from "./optimizer.ts";

/** Settings of {@linkcode onPyramid}. */
export type OnPyramidOptions = {
  /** How often the picture is halved: 5 in STROTSS, 8 in NNST. @default {5} */
  levels?: number;
};

/** Where the levels lie in a saved state. */
const LEVELS = "pyramid/levels";
/**
 * What the optimizer inside sees is `CENTER + SCALE · level`: differences of pixels, -255 to 255, fill the
 * range 0–255 to which optimizers clip, so that none of them is ever clipped.
 */
const [CENTER, SCALE] = [127.5, 0.5];

/**
 * An optimizer of the numbers of a picture's Laplacian pyramid. The gradient is carried over by the
 * adjoint of the pyramid's sum; after each step the picture is put together, clipped to 0–255, and what
 * was clipped is taken out of the levels too.
 *
 * The levels are stored halved: a `stepSize` of s moves them by 2 s. A quasi-Newton method evaluates the
 * objective once more an iteration, as the levels may have changed after its step.
 *
 * Source: Kolkin, Salavon, Shakhnarovich 2019 (STROTSS, arXiv 1904.12785), section 2.5, where RMSprop is
 * inside; Kolkin et al. 2022 (NNST, arXiv 2203.13215), Adam.
 *
 * @example
 * ```ts
 * import { adam, onPyramid } from "stylebook";
 * const optimizer = onPyramid(adam({ stepSize: 0.25 }), { levels: 8 });
 * if (optimizer.name !== "adam on a pyramid") throw new Error("names the optimizer inside");
 * ```
 *
 * @throws {RangeError} unless `levels` is a whole number above 0.
 */
export function onPyramid(optimizer: Optimizer, { levels = 5 }: OnPyramidOptions = {}): Optimizer {
  checkPositiveInteger("optimize a pyramid", "levels", levels);
  return {
    name: `${optimizer.name} on a pyramid`,
    needsConstantWeights: optimizer.needsConstantWeights,
    start: (state) => startPyramid(optimizer, levels, state),
  };
}

function startPyramid(optimizer: Optimizer, levels: number, state?: OptimizerState): OptimizerRun {
  const { [LEVELS]: saved, ...rest } = state ?? {};
  const inner = optimizer.start(state && rest);
  let numbers: tf.Variable<tf.Rank.R4> | undefined;

  return {
    async step(image, evaluate) {
      const [, height, width] = image.shape;
      const sides = pyramidSides({ height, width }, levels);
      numbers ??= tf.tidy(() =>
        tf.variable(
          saved
            ? tf.tensor4d(saved.data.slice(), saved.shape as [number, number, number, number])
            : tf.add(flat(toPyramid(image, levels), SCALE), CENTER) as tf.Tensor4D,
        )
      );
      const evaluation = await inner.step(numbers, onLevels(evaluate, sides, levels));
      tf.tidy(() => {
        const picture = pictureOf(numbers!, sides);
        const clipped = tf.clipByValue(picture, 0, 255) as tf.Tensor4D;
        const excess = toPyramid(tf.sub(clipped, picture) as tf.Tensor4D, levels);
        numbers!.assign(tf.add(numbers!, flat(excess, SCALE)));
        image.assign(clipped);
      });
      return withPictureGradient(evaluation, sides[0]!);
    },
    evaluations: inner.evaluations,
    async state() {
      const own = numbers && { shape: numbers.shape, data: await valuesOf(numbers) };
      return { ...await inner.state(), ...(own && { [LEVELS]: own }) };
    },
    stalled: () => inner.stalled?.(),
    dispose() {
      inner.dispose();
      numbers?.dispose();
    },
  };
}

/** The objective as a function of the numbers `[1, 1, N, 3]`. */
function onLevels(evaluate: Evaluate, sides: Sides[], levels: number): Evaluate {
  return (numbers) => {
    const picture = pictureOf(numbers, sides);
    const evaluation = evaluate(picture);
    picture.dispose();
    const gradient = tf.tidy(() => flat(pyramidGradient(evaluation.gradient, levels), 1 / SCALE));
    evaluation.gradient.dispose();
    return { ...evaluation, gradient };
  };
}

/** The finest level's gradient is the picture's own. */
function withPictureGradient(evaluation: Evaluation, { height, width }: Sides): Evaluation {
  const gradient = tf.tidy(() => {
    const own = tf.slice(evaluation.gradient, 0, [1, 1, height * width, 3]);
    return tf.mul(tf.reshape(own, [1, height, width, 3]), SCALE) as tf.Tensor4D;
  });
  evaluation.gradient.dispose();
  return { ...evaluation, gradient };
}

/** All levels, times a factor, in one row: `[1, 1, N, 3]`. */
function flat(bands: tf.Tensor4D[], factor: number): tf.Tensor4D {
  const rows = bands.map((band) => tf.reshape(band, [1, 1, -1, 3]));
  return tf.mul(tf.concat(rows, 2), factor);
}

function pictureOf(numbers: tf.Tensor4D, sides: Sides[]): tf.Tensor4D {
  return tf.tidy(() => {
    const levels = tf.div(tf.sub(numbers, CENTER), SCALE);
    let start = 0;
    const bands = sides.map(({ height, width }) => {
      const own = tf.slice(levels, [0, 0, start, 0], [1, 1, height * width, 3]);
      start += height * width;
      return tf.reshape(own, [1, height, width, 3]) as tf.Tensor4D;
    });
    return fromPyramid(bands);
  });
}
