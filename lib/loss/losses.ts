/**
 * The three losses of the tutorial, each a function from tensors to a scalar. TensorFlow.js
 * differentiates them by itself, and in the same way a loss of your own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../base/kernels.ts";
import type { Features } from "../network/features.ts";

/**
 * Mean squared difference: `MSE(a, b) = mean((a - b)²)`, or `mean((scale · a - b)²)`.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { meanSquaredError } from "stylebook";
 * const loss = meanSquaredError(tf.tensor1d([1, 2]), tf.tensor1d([1, 4]));
 * if ((await loss.data())[0] !== 2) throw new Error("(0² + 2²) / 2 = 2");
 * ```
 */
export function meanSquaredError(a: tf.Tensor, b: tf.Tensor, scale = 1): tf.Scalar {
  if (hasKernel("MeanSquaredError") && tf.util.arraysEqual(a.shape, b.shape)) {
    return tf.engine().runKernel("MeanSquaredError", { a, b }, { scale }) as tf.Scalar;
  }
  return meanSquare(tf.sub(scale === 1 ? a : tf.mul(a, scale), b)) as tf.Scalar;
}

/** `Σ (a - b)²` of the same shape: what the mean squared difference divides by the size. */
export function squaredError(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.mul(meanSquaredError(a, b), a.size);
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
 * @param reduce whether squared differences are averaged or added up
 */
export function contentLoss(
  features: Features,
  target: Features,
  reduce: "mean" | "sum" = "mean",
): tf.Scalar {
  const error = reduce === "sum" ? squaredError : meanSquaredError;
  const losses = Object.entries(target).map(([layer, wanted]) => error(features[layer]!, wanted));
  return meanOf(losses);
}

/** Which differences between neighbours {@linkcode denoiseLoss} looks at. */
export type DenoiseShape = "cross" | "joint" | "nine";

/** The names of {@linkcode DenoiseShape}. */
export const DENOISE_SHAPES: readonly DenoiseShape[] = ["cross", "joint", "nine"];

/** How {@linkcode denoiseLoss} measures differences between neighbours. */
export type DenoiseForm = {
  /**
   * 1 for absolute differences, as in the tutorial; 2 for squared ones, which have no kink; 2.5 as in Keras'
   * example.
   *
   * @default {1}
   */
  power?: 1 | 2 | 2.5;
  /**
   * Which differences count, of a position to its neighbours.
   *
   * - `cross`: `|dx|^power + |dy|^power`, down and right, as in the tutorial
   * - `joint`: `(dx² + dy²)^(power / 2)`, where there is a neighbour below and to the right; source:
   *   Mahendran, Vedaldi 2014 (arXiv 1412.0035), section 3.3, and Keras' example
   * - `nine`: `(|dx|^power + |dy|^power) / 3 + (both diagonals) / 12`, twice, with the picture's edge
   *   repeated once; source: K. Crowson, style-transfer-pytorch, `TVLoss`
   *
   * @default {"cross"}
   */
  shape?: DenoiseShape;
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
  { power = 1, shape = "cross", reduce = "sum", circular = false }: DenoiseForm = {},
): tf.Scalar {
  const over = (total: tf.Tensor, count: number) =>
    (reduce === "mean" ? tf.div(total, count) : total) as tf.Scalar;
  if (shape === "cross" && power === 1 && !circular && hasKernel("TotalVariation")) {
    return over(tf.engine().runKernel("TotalVariation", { x: image }) as tf.Tensor, image.size);
  }
  if (shape === "joint") return over(jointDifferences(image, power, circular), image.size);
  const along = (axis: 1 | 2) => neighborDifferences(image, axis, power, circular);
  const both = over(tf.add(along(1), along(2)), image.size);
  if (shape === "cross") return both;
  const [, height, width, channels] = image.shape;
  // With a border of one pixel there is a row and a column more of diagonals.
  const count = (circular ? height * width : (height + 1) * (width + 1)) * channels;
  const diagonals = over(diagonalDifferences(image, power, circular), count);
  return tf.add(tf.mul(both, 2 / 3), tf.mul(diagonals, 1 / 6));
}

/** `Σ (dx² + dy²)^(power / 2)` over the positions that have both neighbours. */
function jointDifferences(image: tf.Tensor4D, power: number, circular: boolean): tf.Scalar {
  const whole = circular ? bordered(image, 0, 1) : image;
  const [, height, width, channels] = whole.shape;
  if (height === 1 || width === 1) return tf.scalar(0);
  const size: [number, number, number, number] = [1, height - 1, width - 1, channels];
  const here = tf.slice(whole, [0, 0, 0, 0], size);
  const squares = [[0, 1, 0, 0], [0, 0, 1, 0]].map((begin) =>
    tf.square(tf.sub(tf.slice(whole, begin, size), here))
  ) as [tf.Tensor, tf.Tensor];
  return tf.sum(tf.pow(tf.add(...squares), power / 2)) as tf.Scalar;
}

/** `Σ |difference|^power` along both diagonals; beyond the border stand the edge's own values. */
function diagonalDifferences(image: tf.Tensor4D, power: number, circular: boolean): tf.Scalar {
  const whole = circular ? bordered(image, 0, 1) : bordered(image, 1, 1, true);
  const [, height, width, channels] = whole.shape;
  const corner = (top: number, left: number) =>
    tf.slice(whole, [0, top, left, 0], [1, height - 1, width - 1, channels]);
  const down = powered(tf.sub(corner(1, 1), corner(0, 0)), power);
  return tf.add(down, powered(tf.sub(corner(1, 0), corner(0, 1)), power));
}

/** Rows and columns of the far side, or of the edge itself, put before and after a picture. */
function bordered(image: tf.Tensor4D, before: 0 | 1, after: 0 | 1, own = false): tf.Tensor4D {
  const along = (x: tf.Tensor4D, axis: 1 | 2) => {
    const first = edgeAlong(x, axis, "first");
    const last = edgeAlong(x, axis, "last");
    const parts = [before ? own ? first : last : [], x, after ? own ? last : first : []].flat();
    return tf.concat(parts, axis);
  };
  return along(along(image, 1), 2);
}

/** `Σ |x|^power`. */
function powered(x: tf.Tensor, power: number): tf.Scalar {
  if (power === 1) return absoluteSum(x) as tf.Scalar;
  const square = tf.square(x);
  return tf.sum(power === 2 ? square : tf.pow(square, power / 2)) as tf.Scalar;
}

/** The sum of the differences along an axis, each to a power. */
function neighborDifferences(
  image: tf.Tensor4D,
  axis: 1 | 2,
  power: number,
  circular: boolean,
): tf.Scalar {
  if (image.shape[axis] === 1) return tf.scalar(0); // some engines cannot add up nothing
  const size = [...image.shape];
  size[axis] = image.shape[axis] - 1;
  const begin = [0, 0, 0, 0];
  begin[axis] = 1;
  const next = tf.slice(image, begin, size);
  const difference = circular
    ? tf.sub(tf.concat([next, edgeAlong(image, axis, "first")], axis), image)
    : tf.sub(next, tf.slice(image, [0, 0, 0, 0], size));
  return powered(difference, power);
}

/** The first or the last row or column. */
function edgeAlong(image: tf.Tensor4D, axis: 1 | 2, which: "first" | "last"): tf.Tensor4D {
  const [begin, size] = [[0, 0, 0, 0], [...image.shape]];
  begin[axis] = which === "first" ? 0 : size[axis]! - 1;
  size[axis] = 1;
  return tf.slice(image, begin, size);
}

/** Σ |x| with the slope 0 at 0; TensorFlow.js 4.22 takes -1 there, unlike TensorFlow and PyTorch. */
export const absoluteSum = tf.customGrad((...inputs) => {
  const [x, save] = inputs as [tf.Tensor, (tensors: tf.Tensor[]) => void];
  save([x]);
  const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(dy, tf.sign(x!));
  return { value: tf.sum(tf.abs(x)), gradFunc };
});

/** The mean of some losses. */
export function meanOf(values: readonly tf.Scalar[]): tf.Scalar {
  return values.length === 1 ? values[0]! : tf.div(tf.addN([...values]), values.length);
}
