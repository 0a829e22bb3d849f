/**
 * Some of the positions of a layer, for losses that compare positions one by one: all of them would be
 * too many.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Random } from "../base/random.ts";

/**
 * Numbers of positions out of `total`, one at random out of each of `count` stretches of equal length:
 * no position twice, and every part of the picture is there. All of them if `count` is not smaller.
 *
 * @returns ascending
 */
export function samplePositions(total: number, count: number, random: Random): Int32Array {
  if (count >= total) return Int32Array.from({ length: total }, (_, i) => i);
  return Int32Array.from({ length: count }, (_, i) => {
    const [first, end] = [Math.ceil(i * total / count), Math.ceil((i + 1) * total / count)];
    return first + Math.floor(random() * (end - first));
  });
}

/**
 * The rows of `x [positions, C]` with the given numbers, no number twice: `[numbers, C]`; differentiable.
 * The gradient of `tf.gather` takes a pass over all rows for each of them (TensorFlow.js 4.22).
 */
export function takeRows(x: tf.Tensor2D, numbers: Int32Array): tf.Tensor2D {
  const [positions, channels] = x.shape;
  if (numbers.length === positions) return x;
  const take = tf.customGrad((...inputs) => {
    const [x] = inputs as [tf.Tensor2D];
    const value = tf.gather(x, tf.tensor1d(numbers, "int32"));
    const gradFunc = (dy: tf.Tensor) => {
      const places = tf.tensor2d(numbers, [numbers.length, 1], "int32");
      return tf.scatterND(places, dy, [positions, channels]);
    };
    return { value, gradFunc };
  });
  return take(x) as tf.Tensor2D;
}
