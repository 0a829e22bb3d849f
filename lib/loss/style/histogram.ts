/**
 * Style as the histogram of every channel.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkOptions, checkPositiveInteger } from "../../base/check.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { samplePositions, takeRows } from "../sample.ts";
import type { WholeMeasure } from "./measure.ts";
import { sortedDistance, sortRows } from "./sorted.ts";

/** Settings of {@linkcode histogram}. */
export type HistogramOptions = {
  /** How many positions of each picture are looked at; of the mixed image new ones every time. @default {1024} */
  positions?: number;
};

/**
 * The measure `MSE(F, R(F))`, where R carries the values of each channel to the style's histogram of that
 * channel, in their order, and is a constant to the gradient. Source: Risser, Wilmot, Barnes 2017, Stable
 * and Controllable Neural Texture Synthesis and Style Transfer Using Histogram Losses (arXiv 1701.08893).
 *
 * Differs from it in sorting a sample of positions where they count 256 bins over all: nothing is rounded
 * to a bin. It knows nothing of how channels go together: it is meant to stand beside a measure that does.
 *
 * @throws {RangeError} if `positions` is not 1, 2, 3, …
 */
export function histogram(options: HistogramOptions = {}): WholeMeasure<{ sorted: tf.Tensor2D }> {
  checkOptions("use histograms", options, ["positions"]);
  const { positions = 1024 } = options;
  checkPositiveInteger("use histograms", "positions", positions);
  const channelsOf = (features: tf.Tensor4D, random: Random) => {
    const rows = tf.reshape(features, [-1, features.shape[3]]) as tf.Tensor2D;
    const chosen = samplePositions(rows.shape[0], positions, random);
    return tf.transpose(takeRows(rows, chosen)) as tf.Tensor2D;
  };
  return {
    name: "histogram",
    additive: false,
    describe: (features) => ({ sorted: sortRows(channelsOf(features, seededRandom(0))) }),
    distance: (features, { sorted }, random) =>
      sortedDistance(channelsOf(features, random), sorted),
  };
}
