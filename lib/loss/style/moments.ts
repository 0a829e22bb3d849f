/**
 * Style as the Gram matrix together with the mean and the deviation of every channel.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkNonNegative, checkOptions } from "../../base/check.ts";
import { meanSquaredError } from "../losses.ts";
import type { AdditiveMeasure, Sums } from "./measure.ts";

/** How much each part of {@linkcode moments} counts, 0 or more. */
export type MomentsOptions = {
  /** Of the Gram matrices; divided by C². @default {1000} */
  gram?: number;
  /** Of the means. @default {10000} */
  mean?: number;
  /** Of the standard deviations. @default {10000} */
  deviation?: number;
};

/** What is kept of a style: `[C, C]`, `[C]` and `[C]`. */
type Moments = { gram: tf.Tensor2D; mean: tf.Tensor1D; deviation: tf.Tensor1D };

/** Added to the variance: a root has no finite slope at 0, where channels that are never active lie. */
const LEAST_VARIANCE = 1e-6;

/**
 * The measure `gram / C² · MSE(G, G*) + mean · MSE(μ, μ*) + deviation · MSE(σ, σ*)` with `G = FᵀF / n`, the
 * means μ and the standard deviations σ of the channels over n positions. The Gram matrix alone is met
 * just as well by other means with other contrasts; the last two terms see the difference.
 *
 * Source: Galerne, Raad, Lezama, Morel 2024, Scaling Painting Style Transfer (arXiv 2212.13459), with
 * their constants, which are for VGG-19 at relu1_1, 2_1, 3_1, 4_1 and 5_1.
 *
 * @throws {RangeError} for a negative weight.
 */
export function moments(options: MomentsOptions = {}): AdditiveMeasure<Moments> {
  checkOptions("use moments", options, ["gram", "mean", "deviation"]);
  const { gram = 1e3, mean = 1e4, deviation = 1e4 } = options;
  for (const [name, weight] of Object.entries({ gram, mean, deviation })) {
    checkNonNegative("use moments", name, weight);
  }
  return {
    name: "moments",
    additive: true,
    describe: momentsOf,
    distance(sums, wanted) {
      const found = momentsOf(sums);
      const channels = sums.products.shape[0];
      return [
        tf.mul(meanSquaredError(found.gram, wanted.gram), gram / channels ** 2),
        tf.mul(meanSquaredError(found.mean, wanted.mean), mean),
        tf.mul(meanSquaredError(found.deviation, wanted.deviation), deviation),
      ].reduce((a, b) => tf.add(a, b)) as tf.Scalar;
    },
  };
}

function momentsOf({ count, sum, products }: Sums): Moments {
  const gram = tf.div(products, count) as tf.Tensor2D;
  const mean = tf.div(sum, count) as tf.Tensor1D;
  const squares = tf.sum(tf.mul(gram, tf.eye(gram.shape[0])), 0);
  // Rounding may leave a little less than 0.
  const variance = tf.relu(tf.sub(squares, tf.square(mean)));
  return { gram, mean, deviation: tf.sqrt(tf.add(variance, LEAST_VARIANCE)) };
}
