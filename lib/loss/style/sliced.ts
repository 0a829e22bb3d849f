/**
 * Style as the whole distribution of the features, seen from many directions.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkOptions, checkPositiveInteger } from "../../base/check.ts";
import { normalNoise, type Random } from "../../base/random.ts";
import { samplePositions, takeRows } from "../sample.ts";
import type { WholeMeasure } from "./measure.ts";
import { sortedDistance, sortRows } from "./sorted.ts";

/** Settings of {@linkcode sliced}. */
export type SlicedOptions = {
  /** How many random directions an evaluation looks from. @default {64} */
  directions?: number;
  /** How many positions of each picture it looks at, new ones every time; sorting is slow. @default {1024} */
  positions?: number;
};

/**
 * The measure `mean over directions of mean (sort(F θ) - sort(F* θ))²`, the sliced Wasserstein-2 distance,
 * with random directions θ of length 1 and random positions, both new in every evaluation. Unlike means
 * and covariances it sees the whole distribution of the features.
 *
 * Source: Heitz, Vanhoey, Chambon, Belcour 2021, A Sliced Wasserstein Loss for Neural Texture Synthesis
 * (arXiv 2006.07229). Differs from it in taking a sample of positions, and by default 64 directions where
 * they take as many as there are channels.
 *
 * @throws {RangeError} if a number is not 1, 2, 3, …
 */
export function sliced(options: SlicedOptions = {}): WholeMeasure<{ rows: tf.Tensor2D }> {
  checkOptions("use the sliced distance", options, ["directions", "positions"]);
  const { directions = 64, positions = 1024 } = options;
  checkPositiveInteger("use the sliced distance", "directions", directions);
  checkPositiveInteger("use the sliced distance", "positions", positions);
  return {
    name: "sliced",
    additive: false,
    describe: (features) => ({ rows: rowsOf(features).clone() }),
    distance(features, { rows }, random) {
      const axes = unitVectors(features.shape[3], directions, random);
      const project = (rows: tf.Tensor2D) => {
        const chosen = samplePositions(rows.shape[0], positions, random);
        return tf.matMul(axes, takeRows(rows, chosen), true, true) as tf.Tensor2D;
      };
      const wanted = sortRows(project(rows));
      return sortedDistance(project(rowsOf(features)), wanted);
    },
  };
}

function rowsOf(features: tf.Tensor4D): tf.Tensor2D {
  return tf.reshape(features, [-1, features.shape[3]]) as tf.Tensor2D;
}

/** Columns of length 1, in all directions alike: `[size, count]`. */
function unitVectors(size: number, count: number, random: Random): tf.Tensor2D {
  const drawn = tf.tensor2d(normalNoise(size * count, 0, 1, random), [size, count]);
  return tf.div(drawn, tf.sqrt(tf.sum(tf.square(drawn), 0, true)));
}
