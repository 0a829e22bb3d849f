/**
 * Hypercolumns: at each of many places of a picture, what all layers of a network see there, in one long
 * row (Hariharan et al. 2015). Methods that compare places instead of whole statistics begin with them:
 * STROTSS, and nearest neighbours.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Features } from "../network/features.ts";
import { bilinear, type Grid } from "../picture/bilinear.ts";

/**
 * Hypercolumns in parts, a part per layer: `[places, C]` each, the same places in all. Together they would
 * be a large tensor, and nothing here needs it.
 */
export type Columns = tf.Tensor2D[];

/** Added to squared lengths before a root is taken; features are of the order of 1 to 1000. */
const LEAST_SQUARE = 1e-12;

/**
 * The hypercolumns of a picture on a grid: its features, blended bilinearly between pixels.
 *
 * @param features of the picture; may hold further layers
 * @param factors A factor for each layer. @default 1 for each
 */
export function hypercolumns(
  features: Features,
  layers: readonly string[],
  grid: Grid,
  factors?: readonly number[],
): Columns {
  return layers.map((layer, i) => {
    const places = bilinear(features[layer]!, grid);
    const rows = tf.reshape(places, [-1, places.shape[3]]) as tf.Tensor2D;
    return factors ? tf.mul(rows, factors[i]!) as tf.Tensor2D : rows;
  });
}

/** The scalar products of the rows of two sets of hypercolumns: `[places, 1]`. */
export function rowDots(a: Columns, b: Columns): tf.Tensor2D {
  return tf.addN(a.map((part, i) => tf.sum(tf.mul(part, b[i]!), 1, true))) as tf.Tensor2D;
}

/** One over the length of each row: `[places, 1]`. */
export function inverseLengths(columns: Columns): tf.Tensor2D {
  return tf.div(1, tf.sqrt(tf.add(rowDots(columns, columns), LEAST_SQUARE)));
}

/** The rows with length 1. */
export function unitRows(columns: Columns): Columns {
  const lengths = inverseLengths(columns);
  return columns.map((part) => tf.mul(part, lengths) as tf.Tensor2D);
}

/** The rows without their mean. */
export function centered(columns: Columns): Columns {
  return columns.map((part) => tf.sub(part, tf.mean(part, 0, true)) as tf.Tensor2D);
}

/**
 * How far the rows point away from where they should: the mean over places of `1 - cos(F, T)`;
 * differentiable with respect to the columns.
 *
 * @param aim where each row is to point, rows of length 1; a constant to the gradient, though it may
 * depend on the columns
 */
export function cosineDistance(columns: Columns, aim: (columns: Columns) => Columns): tf.Scalar {
  const count = columns.length;
  const apply = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const parts = inputs as Columns;
    const targets = aim(parts);
    const lengths = inverseLengths(parts);
    const cosines = tf.mul(rowDots(parts, targets), lengths);
    save([...parts, ...targets, lengths, tf.mul(cosines, lengths)]);
    // d(1 - cos)/dF = (cos F / |F| - T) / |F|
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [lengths, shrink] = saved.slice(2 * count) as [tf.Tensor, tf.Tensor];
      const each = tf.mul(lengths, tf.div(dy, lengths.shape[0]!));
      return saved.slice(0, count).map((part, i) =>
        tf.mul(tf.sub(tf.mul(part, shrink), saved[count + i]!), each)
      );
    };
    return { value: tf.sub(1, tf.mean(cosines)), gradFunc };
  });
  return apply(...columns) as tf.Scalar;
}
