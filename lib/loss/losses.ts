/**
 * The three losses of the tutorial, each a function from tensors to a scalar. TensorFlow.js
 * differentiates them by itself, and in the same way a loss of your own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Activations } from "../network/network.ts";

/**
 * Mean squared difference: `MSE(a, b) = mean((a - b)²)`.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { meanSquaredError } from "stylebook";
 * const loss = meanSquaredError(tf.tensor1d([1, 2]), tf.tensor1d([1, 4]));
 * if ((await loss.data())[0] !== 2) throw new Error("(0² + 2²) / 2 = 2");
 * ```
 */
export function meanSquaredError(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return meanSquare(tf.sub(a, b)) as tf.Scalar;
}

/** `mean(x²)`; its gradient is one product, `x · 2 / size`, with nothing else as large as `x`. */
const meanSquare = tf.customGrad((...inputs) => {
  const [x, save] = inputs as [tf.Tensor, (tensors: tf.Tensor[]) => void];
  save([x]);
  const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(x, tf.mul(dy, 2 / x.size));
  return { value: tf.mean(tf.square(x)), gradFunc };
});

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

/** `FᵀF` of `F [positions, C]`; its gradient is one product, `F (dG + dGᵀ)`, instead of two. */
const selfProduct = tf.customGrad((...inputs) => {
  const [flat, save] = inputs as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
  save([flat]);
  const gradFunc = (dy: tf.Tensor, [flat]: tf.Tensor[]) =>
    tf.matMul(flat as tf.Tensor2D, tf.add(dy, tf.transpose(dy)) as tf.Tensor2D);
  return { value: tf.matMul(flat, flat, true, false), gradFunc };
});

/** How features `[1, H, W, C]` become a matrix `[C, C]` that stands for their style. */
export type Gram = (features: tf.Tensor4D) => tf.Tensor2D;

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

/** The forms of the Gram matrix by name, for the terminal and for sweeps. */
export const GRAMS: Record<string, Gram> = {
  sum: gramMatrix,
  mean: meanGramMatrix,
  normalized: normalizedGramMatrix,
};

/** Gram matrices by layer name, each `[C, C]`. */
export type GramMatrices = Record<string, tf.Tensor2D>;

/** The Gram matrix of every layer given. */
export function gramMatrices(features: Activations, gram: Gram = gramMatrix): GramMatrices {
  return Object.fromEntries(
    Object.entries(features).map(([layer, value]) => [layer, gram(value)]),
  );
}

/**
 * How far the features of the mixed image are from those of the content image: the mean over
 * `target`'s layers of `MSE(F, F_content)`. Source: Hvass, tutorial 15.
 *
 * @param features of the mixed image; may hold further layers
 * @param target features of the content image
 */
export function contentLoss(features: Activations, target: Activations): tf.Scalar {
  const losses = Object.entries(target).map(([layer, wanted]) =>
    meanSquaredError(features[layer], wanted)
  );
  return mean(losses);
}

/**
 * How far the Gram matrices of the mixed image are from those of the style image: the mean over
 * `target`'s layers of `MSE(G, G_style)`. Source: Hvass, tutorial 15.
 *
 * @param features of the mixed image; may hold further layers
 * @param target Gram matrices of the style image
 * @param gram as for `target`
 */
export function styleLoss(
  features: Activations,
  target: GramMatrices,
  gram: Gram = gramMatrix,
): tf.Scalar {
  const losses = Object.entries(target).map(([layer, wanted]) =>
    meanSquaredError(gram(features[layer]), wanted)
  );
  return mean(losses);
}

/**
 * How noisy a picture is: the sum of the absolute differences between neighbours, down and right
 * (total variation). `Σ |x[i+1, j] - x[i, j]| + Σ |x[i, j+1] - x[i, j]|`. Source: Hvass, tutorial 15.
 *
 * @param image `[1, H, W, 3]`
 */
export function denoiseLoss(image: tf.Tensor4D): tf.Scalar {
  return tf.add(neighbourDifferences(image, 1), neighbourDifferences(image, 2));
}

/** The sum of the absolute differences along an axis. */
function neighbourDifferences(image: tf.Tensor4D, axis: 1 | 2): tf.Scalar {
  if (image.shape[axis] === 1) return tf.scalar(0); // some engines cannot add up nothing
  const size = [...image.shape];
  size[axis] -= 1;
  const begin = [0, 0, 0, 0];
  begin[axis] = 1;
  const difference = tf.sub(tf.slice(image, begin, size), tf.slice(image, [0, 0, 0, 0], size));
  return absoluteSum(difference) as tf.Scalar;
}

/** Σ |x| with the slope 0 at 0; TensorFlow.js 4.22 takes -1 there, unlike TensorFlow and PyTorch. */
const absoluteSum = tf.customGrad((...inputs) => {
  const [x, save] = inputs as [tf.Tensor, (tensors: tf.Tensor[]) => void];
  save([x]);
  const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(dy, tf.sign(x));
  return { value: tf.sum(tf.abs(x)), gradFunc };
});

/** Not `tf.addN`: thirteen inputs are more than the eight buffers that any GPU must bind. */
function mean(values: tf.Scalar[]): tf.Scalar {
  const sum = values.reduce((sum, value) => tf.add(sum, value));
  return values.length === 1 ? sum : tf.div(sum, values.length);
}
