/**
 * The Gram matrix: the tutorial's measure of style, in three scalings.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Features } from "../../network/features.ts";
import { meanOf, meanSquaredError } from "../losses.ts";
import { type AdditiveMeasure, selfProduct, type Sums } from "./measure.ts";

/**
 * The Gram matrix of a layer: how often two channels are active together, wherever in the picture.
 * `G[i, j] = Σ over positions of F[position, i] · F[position, j]`.
 *
 * Differs from Gatys et al. 2015 (arXiv 1508.06576), eq. 3 to 5, where the loss divides by the
 * number of positions and channels: the tutorial does not normalise.
 *
 * @param features `[1, H, W, C]`
 * @returns `[C, C]`
 */
export function gramMatrix(features: tf.Tensor4D): tf.Tensor2D {
  const channels = features.shape[3];
  return selfProduct(tf.reshape(features, [-1, channels])) as tf.Tensor2D;
}

/**
 * The Gram matrix divided by the number of features, `G / (H · W · C)`: it does not grow with the
 * picture, and layers with more channels do not outweigh the others.
 *
 * Differs from Gatys et al. 2015, eq. 4, where the loss has the factor `1 / (4 N² M²)` with N channels
 * and M positions: the mean over the matrix gives `1 / N²`, this one `1 / (N² M²)` on top.
 */
export function normalizedGramMatrix(features: tf.Tensor4D): tf.Tensor2D {
  return tf.div(gramMatrix(features), features.size);
}

/**
 * The Gram matrix divided by the number of positions, `G / (H · W)`: the mean over the picture instead
 * of the sum, so that pictures of different sizes can be compared.
 */
export function meanGramMatrix(features: tf.Tensor4D): tf.Tensor2D {
  return tf.div(gramMatrix(features), features.size / features.shape[3]);
}

/** Gram matrices by layer name, each `[C, C]`. */
export type GramMatrices = Record<string, tf.Tensor2D>;

/** A form of the Gram matrix: from features `[1, H, W, C]` to `[C, C]`. */
export type Gram = (features: tf.Tensor4D) => tf.Tensor2D;

/** The Gram matrix of every layer given. */
export function gramMatrices(features: Features, form: Gram = gramMatrix): GramMatrices {
  return Object.fromEntries(
    Object.entries(features).map(([layer, value]) => [layer, form(value)]),
  );
}

/**
 * How far the Gram matrices of the mixed image are from those of the style image: the mean over
 * `target`'s layers of `MSE(G, G_style)`. Source: Hvass, tutorial 15.
 *
 * @param features of the mixed image; may hold further layers
 * @param target Gram matrices of the style image
 * @param form as for `target`
 */
export function styleLoss(
  features: Features,
  target: GramMatrices,
  form: Gram = gramMatrix,
): tf.Scalar {
  const losses = Object.entries(target).map(([layer, wanted]) =>
    meanSquaredError(form(features[layer]!), wanted)
  );
  return meanOf(losses);
}

/** How the Gram matrix is scaled: not at all, over positions, over positions and channels. */
export type GramScale = "sum" | "mean" | "normalized";

/**
 * The measure `MSE(G, G_style)`, for one layer; `scale` as in {@linkcode gramMatrix} (`sum`, the
 * tutorial's), {@linkcode meanGramMatrix} (`mean`), {@linkcode normalizedGramMatrix} (`normalized`).
 */
export function gram(scale: GramScale = "sum"): AdditiveMeasure<{ gram: tf.Tensor }> {
  const factor = ({ count, products }: Sums) => {
    if (scale === "sum") return 1;
    return 1 / (scale === "mean" ? count : count * products.shape[0]);
  };
  return {
    name: scale === "sum" ? "gram" : `gram-${scale}`,
    additive: true,
    describe: (sums) => ({ gram: tf.mul(sums.products, factor(sums)) }),
    distance: (sums, wanted) => meanSquaredError(sums.products, wanted.gram, factor(sums)),
  };
}
