/**
 * The map that carries one normal distribution to another with the least effort, by matrix products
 * alone: TensorFlow.js has no eigenvalues, and products are what every engine is best at.
 *
 * The map `T = S*^½ (S*^½ S S*^½)^-½ S*^½` is the symmetric solution of `T S T = S*`. The coupled
 * iteration `R = T V, T ← q(R) T, V ← V q(R)` from `T = S*`, `V = S` leads `T` to the map and `V` to its
 * inverse (Newton–Schulz with q = (3 - R) / 2: Higham 2008, Functions of Matrices, section 6.3). Neither
 * a root of the style's covariance nor one of the product is ever formed.
 *
 * Newton–Schulz lets small eigenvalues grow by 1.5 in each step of three products. These polynomials
 * are the best odd ones for the sign on an interval, each for the interval that the one before it
 * leaves, and grow by up to 15 in a step of five products (the idea: Amsel, Persson, Musco, Gower 2025,
 * The Polar Express, arXiv 2505.16932).
 *
 * An engine that registers the TensorFlow.js kernel `TransportMap` (attribute `steps`) does all of it at once.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../../base/kernels.ts";

/**
 * Coefficients of `q` in each step, lowest power first. Made by
 * `tests/reference/make_measures_golden.py`.
 */
type Steps = readonly (readonly number[])[];

/** `x q(x²)`, one after the other, takes [1e-3, 1] to 1 ± 6e-7. 23 products. */
const PRECISE: Steps = [
  [15.0762499, -148.076423, 493.196143, -634.211132, 276.000085],
  [7.15612574, -17.4713942, 14.6791031, -4.77680562, 0.526702721],
  [5.24180693, -11.9568118, 10.4883491, -3.65967477, 0.437244181],
  [2.78288038, -4.30113546, 3.98672071, -1.77230221, 0.297097221],
  [1.87505636, -1.25002119, 0.374964853],
];

/** The same for [1e-2, 1], to 1 ± 7e-6. 17 products. */
const QUICK: Steps = [
  [13.9101124, -132.779535, 438.524328, -561.613902, 243.820028],
  [4.82369603, -10.7107925, 9.50706379, -3.39217848, 0.416223385],
  [2.651258, -3.87864674, 3.56748586, -1.62949642, 0.287683],
  [1.50000811, -0.500001159],
];

/** A product of matrices with more channels than this costs as much as a part of the network. */
const CHANNELS_FOR_PRECISE = 256;

/**
 * The map from the covariance `from` to the covariance `to`: `T` with `T · from · T = to`.
 *
 * Up to 256 channels, and with `precise` always, roots of eigenvalues of `to · from` down to a thousandth
 * of the largest are found to rounding; else those down to a hundredth. Smaller ones are followed part of
 * the way, and `T` falls short there. The error must be that small: the gradient of what is computed and
 * the closed one differ by many times as much, as the polynomials swing up and down.
 *
 * Source: Olkin, Pukelsheim 1982, The distance between two random vectors with given dispersion
 * matrices.
 *
 * @param from `[C, C]`, symmetric, all eigenvalues above 0
 * @param to `[C, C]`, likewise
 * @returns `[C, C]`
 */
export function transportMap(from: tf.Tensor2D, to: tf.Tensor2D, precise = false): tf.Tensor2D {
  const steps = precise || from.shape[0] <= CHANNELS_FOR_PRECISE ? PRECISE : QUICK;
  if (hasKernel("TransportMap")) {
    return tf.engine().runKernel("TransportMap", { from, to }, { steps } as never);
  }
  return tf.tidy(() => {
    const product = tf.matMul(to, from);
    // The largest eigenvalue becomes at most 1.
    const scale = tf.div(1, tf.sqrt(tf.sum(tf.square(product))));
    const half = tf.sqrt(scale);
    let [map, inverse] = [tf.mul(to, half), tf.mul(from, half)] as [tf.Tensor2D, tf.Tensor2D];
    for (const [i, coefficients] of steps.entries()) {
      const last = i === steps.length - 1;
      const next = tf.tidy(() => {
        const ratio = i === 0 ? tf.mul(product, scale) : tf.matMul(map, inverse);
        const factor = polynomial(coefficients, ratio as tf.Tensor2D);
        return [tf.matMul(factor, map), ...last ? [] : [tf.matMul(inverse, factor)]];
      });
      tf.dispose([map, inverse]); // a few matrices that stay in the cache are faster than many
      [map, inverse] = next as [tf.Tensor2D, tf.Tensor2D];
    }
    return map;
  });
}

/** `c[0] I + c[1] X + c[2] X² + …` with two, three or five coefficients: none to two products. */
function polynomial(c: readonly number[], x: tf.Tensor2D): tf.Tensor2D {
  const identity = (factor: number) => tf.diag(tf.fill([x.shape[0]], factor));
  const low = tf.add(identity(c[0]!), tf.mul(x, c[1]!)) as tf.Tensor2D;
  if (c.length === 2) return low;
  const square = tf.matMul(x, x) as tf.Tensor2D;
  if (c.length === 3) return tf.add(low, tf.mul(square, c[2]!));
  // c[2] X² + c[3] X³ + c[4] X⁴ = X² (c[2] I + c[3] X + c[4] X²)
  const high = tf.add(tf.add(identity(c[2]!), tf.mul(x, c[3]!)), tf.mul(square, c[4]!));
  return tf.add(low, tf.matMul(square, high as tf.Tensor2D));
}
