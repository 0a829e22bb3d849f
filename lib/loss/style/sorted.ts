/**
 * Distributions of single numbers compared by their sorted values: the Wasserstein distance in one
 * dimension, where the best plan carries the smallest to the smallest, the next to the next, and so on.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Each row of `[rows, n]` in descending order. */
export function sortRows(values: tf.Tensor2D): tf.Tensor2D {
  return tf.topk(values, values.shape[1], true).values as tf.Tensor2D;
}

/**
 * `mean (sort(x) - sort(x*))²` over rows of numbers; differentiable with respect to `values`, where the
 * order, and with it what each number is compared with, is a constant to the gradient.
 *
 * @param values `[rows, n]`
 * @param wanted `[rows, m]`, each row in descending order; brought to n numbers by the nearest quantile
 */
export function sortedDistance(values: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar {
  const [rows, count] = values.shape;
  const compare = tf.customGrad((...inputs) => {
    const [values, save] = inputs as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    const sorted = tf.topk(values, count, true);
    const difference = tf.sub(sorted.values, quantiles(wanted, count));
    save([difference, sorted.indices]);
    const gradFunc = (dy: tf.Tensor, [difference, indices]: tf.Tensor[]) => {
      const slopes = tf.mul(difference!, tf.mul(dy, 2 / (rows * count)));
      const first = tf.reshape(tf.range(0, rows * count, count, "int32"), [rows, 1]);
      const places = tf.reshape(tf.add(indices!, first), [rows * count, 1]);
      const back = tf.scatterND(places, tf.reshape(slopes, [rows * count]), [rows * count]);
      return tf.reshape(back, [rows, count]);
    };
    return { value: tf.mean(tf.square(difference)), gradFunc };
  });
  return compare(values) as tf.Scalar;
}

/** As many numbers of each sorted row as asked for, evenly over the row. */
function quantiles(sorted: tf.Tensor2D, count: number): tf.Tensor2D {
  const given = sorted.shape[1];
  if (given === count) return sorted;
  const nearest = (_: unknown, i: number) => Math.floor((i + 0.5) * given / count);
  return tf.gather(sorted, tf.tensor1d(Array.from({ length: count }, nearest), "int32"), 1);
}
