/**
 * Style as a heap of features to be moved: how far each place of the mixed image is from the nearest one of
 * the style, and each of the style from the nearest one of the mixed image, whichever is more. Shapes are
 * kept by how alike the content's places are to each other, not by what they look like.
 *
 * Source: Kolkin, Salavon, Shakhnarovich 2019, Style Transfer by Relaxed Optimal Transport and
 * Self-Similarity (STROTSS, arXiv 1904.12785).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/**
 * Added to squared distances of colours (0–1) before the root: where two are equal the root has no slope.
 */
const LEAST_SQUARE = 1e-8;

/** `1 - cos` between the rows of two sets of unit rows: `[n, m]`. */
export function cosineDistances(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.sub(1, tf.matMul(a, b, false, true));
}

/** Euclidean distances between the rows of two sets: `[n, m]`. */
export function euclideanDistances(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const squares = (x: tf.Tensor2D) => tf.sum(tf.square(x), 1, true);
  const products = tf.mul(tf.matMul(a, b, false, true), 2);
  const sums = tf.add(tf.sub(squares(a), products), tf.transpose(squares(b)));
  return tf.sqrt(tf.add(tf.relu(sums), LEAST_SQUARE));
}

/**
 * The relaxed earth mover's distance of two sets whose members are so far apart:
 * `max(mean over i of min over j of D[i, j], mean over j of min over i of D[i, j])`.
 *
 * @param distances `[n, m]`
 */
export function relaxedEarthMover(distances: tf.Tensor2D): tf.Scalar {
  const along = tf.mean(least(distances));
  const across = tf.mean(least(tf.transpose(distances)));
  return tf.maximum(along, across);
}

/** The least of each row: `[n]`. Its gradient goes to one place in a row, also where several are equal. */
function least(distances: tf.Tensor2D): tf.Tensor1D {
  const apply = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    save([tf.oneHot(tf.argMin(x, 1) as tf.Tensor1D, x.shape[1], 1, 0, "float32")]);
    const gradFunc = (dy: tf.Tensor, [chosen]: tf.Tensor[]) =>
      tf.mul(chosen!, tf.reshape(dy, [-1, 1]));
    return { value: tf.min(x, 1) as tf.Tensor1D, gradFunc };
  });
  return apply(distances) as tf.Tensor1D;
}

/** Mean `[1, C]` and covariance `[C, C]` of rows. */
export type RowMoments = { mean: tf.Tensor2D; covariance: tf.Tensor2D };

/** Mean and covariance of rows `[n, C]`, over n. */
export function momentsOfRows(rows: tf.Tensor2D): RowMoments {
  const mean = tf.mean(rows, 0, true) as tf.Tensor2D;
  const rest = tf.sub(rows, mean);
  return { mean, covariance: tf.div(tf.matMul(rest, rest, true, false), rows.shape[0]) };
}

/**
 * How far mean and covariance of rows `[n, C]` are from others: `mean |μ - μ*| + mean |Σ - Σ*|`.
 * The gradient is written out: with the signs S of the differences it is
 * `(sign(μ - μ*) / C + 2 (F - μ) S / C²) / n`, one product instead of two.
 */
export function momentDistance(rows: tf.Tensor2D, wanted: RowMoments): tf.Scalar {
  const apply = tf.customGrad((...inputs) => {
    const [rows, save] = inputs as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    const [count, channels] = rows.shape;
    const { mean, covariance } = momentsOfRows(rows);
    const shift = tf.sub(mean, wanted.mean);
    const change = tf.sub(covariance, wanted.covariance);
    save([tf.sub(rows, mean), tf.sign(shift), tf.sign(change)]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [rest, shift, change] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const ofCovariance = tf.mul(tf.matMul(rest, change), 2 / (channels * channels));
      const ofMean = tf.div(shift, channels);
      return tf.mul(tf.add(ofCovariance, ofMean), tf.div(dy, count));
    };
    return { value: tf.add(tf.mean(tf.abs(shift)), tf.mean(tf.abs(change))), gradFunc };
  });
  return apply(rows) as tf.Scalar;
}
