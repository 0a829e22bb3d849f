/**
 * The three losses of the tutorial, each a function from tensors to a scalar. TensorFlow.js
 * differentiates them by itself, and in the same way a loss of your own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Features } from "../network/features.ts";

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

/** `Σ (a - b)²`: what the mean squared difference divides by the size. */
export function squaredError(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  const difference = tf.sub(a, b);
  return tf.mul(meanSquare(difference), difference.size);
}

/** `mean(x²)`; its gradient is one product, `x · 2 / size`, with nothing else as large as `x`. */
const meanSquare = tf.customGrad((...inputs) => {
  const [x, save] = inputs as [tf.Tensor, (tensors: tf.Tensor[]) => void];
  save([x]);
  const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(x!, tf.mul(dy, 2 / x!.size));
  return { value: tf.mean(tf.square(x)), gradFunc };
});

/**
 * How far the features of the mixed image are from those of the content image: the mean over
 * `target`'s layers of `MSE(F, F_content)`. Source: Hvass, tutorial 15.
 *
 * @param features of the mixed image; may hold further layers
 * @param target features of the content image
 */
export function contentLoss(features: Features, target: Features): tf.Scalar {
  const losses = Object.entries(target).map(([layer, wanted]) =>
    meanSquaredError(features[layer]!, wanted)
  );
  return meanOf(losses);
}

/** How {@linkcode denoiseLoss} measures differences between neighbours. */
export type DenoiseForm = {
  /**
   * 1 for absolute differences, as in the tutorial; 2 for squared ones, which have no kink.
   *
   * @default {1}
   */
  power?: 1 | 2;
  /**
   * Whether differences are added up, as in the tutorial, or divided by the number of values in the
   * picture, so that the loss does not grow with its size.
   *
   * @default {"sum"}
   */
  reduce?: "sum" | "mean";
  /**
   * Whether the last row and column have the first ones for neighbours, as in a picture that tiles.
   *
   * @default {false}
   */
  circular?: boolean;
};

/**
 * How noisy a picture is: the absolute differences between neighbours, down and right, added up (total
 * variation). `Σ |x[i+1, j] - x[i, j]| + Σ |x[i, j+1] - x[i, j]|`. Source: Hvass, tutorial 15.
 *
 * @param image `[1, H, W, 3]`
 */
export function denoiseLoss(
  image: tf.Tensor4D,
  { power = 1, reduce = "sum", circular = false }: DenoiseForm = {},
): tf.Scalar {
  const along = (axis: 1 | 2) => neighborDifferences(image, axis, power, circular);
  const both = tf.add(along(1), along(2));
  return reduce === "mean" ? tf.div(both, image.size) : both as tf.Scalar;
}

/** The sum of the differences along an axis, absolute or squared. */
function neighborDifferences(
  image: tf.Tensor4D,
  axis: 1 | 2,
  power: 1 | 2,
  circular: boolean,
): tf.Scalar {
  if (image.shape[axis] === 1) return tf.scalar(0); // some engines cannot add up nothing
  const size = [...image.shape];
  size[axis] = image.shape[axis] - 1;
  const begin = [0, 0, 0, 0];
  begin[axis] = 1;
  const next = tf.slice(image, begin, size);
  const difference = circular
    ? tf.sub(tf.concat([next, firstAlong(image, axis)], axis), image)
    : tf.sub(next, tf.slice(image, [0, 0, 0, 0], size));
  return (power === 1 ? absoluteSum(difference) : tf.sum(tf.square(difference))) as tf.Scalar;
}

/** The first row or column. */
function firstAlong(image: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const size = [...image.shape];
  size[axis] = 1;
  return tf.slice(image, [0, 0, 0, 0], size);
}

/** Σ |x| with the slope 0 at 0; TensorFlow.js 4.22 takes -1 there, unlike TensorFlow and PyTorch. */
export const absoluteSum = tf.customGrad((...inputs) => {
  const [x, save] = inputs as [tf.Tensor, (tensors: tf.Tensor[]) => void];
  save([x]);
  const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(dy, tf.sign(x!));
  return { value: tf.sum(tf.abs(x)), gradFunc };
});

/** The mean of some losses. Not `tf.addN`: thirteen inputs are more than any GPU must bind. */
export function meanOf(values: readonly tf.Scalar[]): tf.Scalar {
  const sum = values.reduce((sum, value) => tf.add(sum, value));
  return values.length === 1 ? sum : tf.div(sum, values.length);
}
