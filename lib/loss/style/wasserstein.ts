/**
 * Style as the mean and the covariance of the features, compared by what it costs to carry one
 * normal distribution to the other (the Wasserstein-2 distance).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkOptions, checkPositive } from "../../base/check.ts";
import type { AdditiveMeasure, Sums } from "./measure.ts";
import { transportMap } from "./transport.ts";

/** Settings of {@linkcode wasserstein}. */
export type WassersteinOptions = {
  /**
   * What is added to the variance of every channel, of the style and of the mixed image alike, as a
   * part of the style's mean variance: few positions leave most directions of a deep layer without any.
   * In relative terms, because variances differ a thousandfold between layers, networks and input
   * scales; and not smaller, because a few products in float32 resolve roots over no more than three
   * decimal places, and one direction of a layer often has 50 times the mean variance.
   *
   * @default {0.1}
   */
  epsilon?: number;
  /**
   * Whether layers of more than 256 channels are computed as precisely as the others, for a third more
   * products. Without it, directions of little variance are followed part of the way there: on photographs
   * and paintings at 256 px the distance is off by up to 6e-3, the gradient by 2 to 4 % of its length.
   *
   * @default {false}
   */
  precise?: boolean;
};

/**
 * What is kept of a style: `covariance` with ε I in units of its mean variance `unit`, and the identity, which
 * would be made and sent to a GPU in every step.
 */
type Wanted = {
  mean: tf.Tensor1D;
  covariance: tf.Tensor2D;
  unit: tf.Scalar;
  identity: tf.Tensor2D;
};

/** The mean variance that a layer without any is taken to have. */
const LEAST_VARIANCE = 1e-6;

/**
 * The measure `(|μ - μ*|² + tr(S + S* - 2 (S*^½ S S*^½)^½)) / C` with `S = Σ + ε I`: the Wasserstein-2
 * distance between two normal distributions, divided by the number of channels. Its gradient is closed,
 * `∂/∂Σ = (I - T) / C`, with the map `T` from `S` to `S*` of {@linkcode transportMap}.
 *
 * Source: Crowson 2022, style-transfer-pytorch (`wasserstein`), with 1e-4 in place of ε; the distance
 * is that of Dowson, Landau 1982, the gradient follows from `T S T = S*`.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { sumsOf, wasserstein } from "stylebook";
 *
 * // One channel, means 2 and 5, no variance: (2 - 5)².
 * const measure = wasserstein();
 * const wanted = measure.describe(sumsOf(tf.fill([1, 4, 4, 1], 5)));
 * const distance = measure.distance(sumsOf(tf.fill([1, 4, 4, 1], 2)), wanted);
 * const [value = NaN] = await distance.data();
 * if (!(Math.abs(value - 9) < 1e-3)) throw new Error("(2 - 5)² = 9");
 * ```
 *
 * @throws {RangeError} if `epsilon` is not above 0.
 */
export function wasserstein(options: WassersteinOptions = {}): AdditiveMeasure<Wanted> {
  checkOptions("use the Wasserstein distance", options, ["epsilon", "precise"]);
  const { epsilon = 0.1, precise = false } = options;
  checkPositive("use the Wasserstein distance", "epsilon", epsilon);
  return {
    name: "wasserstein",
    additive: true,
    describe({ count, sum, products }) {
      const channels = sum.shape[0];
      const { mean, covariance } = meanAndCovariance(count, sum, products);
      const identity = tf.eye(channels);
      const trace = tf.sum(tf.mul(covariance, identity));
      const unit = tf.maximum(tf.div(trace, channels), LEAST_VARIANCE) as tf.Scalar;
      const wanted = regularized(covariance, { unit, identity }, epsilon);
      return { mean, covariance: wanted, unit, identity };
    },
    distance: (sums, wanted) => distance(sums, wanted, epsilon, precise),
  };
}

function distance(
  { count, sum, products }: Sums,
  wanted: Wanted,
  epsilon: number,
  precise: boolean,
): tf.Scalar {
  const compute = tf.customGrad((...inputs) => {
    const [sum, products, save] = inputs as [
      tf.Tensor1D,
      tf.Tensor2D,
      (tensors: tf.Tensor[]) => void,
    ];
    const channels = sum.shape[0];
    const { mean, covariance } = meanAndCovariance(count, sum, products);
    const found = regularized(covariance, wanted, epsilon);
    const shift = tf.sub(mean, wanted.mean);
    const map = transportMap(found, wanted.covariance, precise);
    const away = tf.sub(wanted.identity, map) as tf.Tensor2D;
    // tr(S + S* - 2 T S) = tr((I - T) S (I - T)): never negative, and nothing cancels.
    const effort = tf.mul(tf.sum(tf.mul(tf.matMul(away, found), away)), wanted.unit);
    const value = tf.div(tf.add(tf.sum(tf.square(shift)), effort), channels);
    save([mean, shift, away]);
    const gradFunc = (dy: tf.Tensor, [mean, shift, away]: tf.Tensor[]) => {
      const factor = tf.div(dy, count * channels);
      // ∂/∂μ = 2 (μ - μ*) - 2 (I - T) μ, as Σ = Σ F Fᵀ / count - μ μᵀ
      const turned = tf.matMul(away as tf.Tensor2D, tf.reshape(mean!, [channels, 1]));
      const ofMean = tf.mul(tf.sub(shift!, tf.reshape(turned, [channels])), 2);
      return [tf.mul(ofMean, factor), tf.mul(away!, factor)];
    };
    return { value, gradFunc };
  });
  return compute(sum, products) as tf.Scalar;
}

function meanAndCovariance(count: number, sum: tf.Tensor1D, products: tf.Tensor2D) {
  const mean = tf.div(sum, count) as tf.Tensor1D;
  // Subtracted before anything is scaled: of a single position nothing at all is left.
  const covariance = tf.sub(tf.div(products, count), tf.outerProduct(mean, mean)) as tf.Tensor2D;
  return { mean, covariance };
}

/** `Σ / unit + ε I` */
function regularized(
  covariance: tf.Tensor2D,
  { unit, identity }: Pick<Wanted, "unit" | "identity">,
  epsilon: number,
): tf.Tensor2D {
  return tf.add(tf.div(covariance, unit), tf.mul(identity, epsilon));
}
