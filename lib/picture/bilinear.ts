/**
 * Looking at tensors between their pixels. Rows and columns are blended by two small matrices, so that
 * the whole is two products, and the gradient two more: what every engine is fast at. (TensorFlow.js'
 * own gradient of bilinear resizing, as of 4.22, does not know half-pixel centres.)
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Random } from "../base/random.ts";

/**
 * Where a picture is looked at: on every row and column given, in parts of its height and width, from 0
 * at the top left corner to 1 at the bottom right one.
 */
export type Grid = { rows: readonly number[]; columns: readonly number[] };

/** The centres of the pixels of a picture with these sides. */
export function regularGrid(height: number, width: number): Grid {
  return { rows: centres(height), columns: centres(width) };
}

/**
 * A grid for a picture of the given sides that is new for every random source: about `positions` places
 * in all, one at random in each of as many even strips of rows and of columns.
 */
export function randomGrid(
  height: number,
  width: number,
  positions: number,
  random: Random,
): Grid {
  const rows = Math.max(1, Math.round(Math.sqrt(positions * height / width)));
  const columns = Math.max(1, Math.round(positions / rows));
  const strips = (count: number) => Array.from({ length: count }, (_, i) => (i + random()) / count);
  return { rows: strips(Math.min(rows, height)), columns: strips(Math.min(columns, width)) };
}

/**
 * A tensor between its pixels, by bilinear interpolation without antialiasing; beyond the centres of the
 * outermost pixels their own values count. On the regular grid of another size this is resizing. Linear, and
 * differentiable.
 *
 * @param x `[1, H, W, C]`
 * @returns `[1, rows, columns, C]`
 */
export function bilinear(x: tf.Tensor4D, { rows, columns }: Grid): tf.Tensor4D {
  const [, height, width] = x.shape;
  const [down, across] = [blends(rows, height), blends(columns, width)];
  try {
    return sample(x, down, across);
  } finally {
    // The gradient keeps them as long as it needs them.
    tf.dispose([down, across]);
  }
}

/**
 * The adjoint of {@linkcode bilinear}: what is given at the places of a grid is shared out to the pixels
 * from which it would be blended. `<bilinear(x), y> = <x, spread(y)>`.
 *
 * @param y `[1, rows, columns, C]`
 * @param size the sides of `x`
 */
export function spread(
  y: tf.Tensor4D,
  { rows, columns }: Grid,
  { height, width }: { height: number; width: number },
): tf.Tensor4D {
  return tf.tidy(() => back(y, blends(rows, height), blends(columns, width)));
}

function centres(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 0.5) / count);
}

/** How the pixels of a line are blended at each place: `[places, pixels]`. */
function blends(places: readonly number[], pixels: number): tf.Tensor2D {
  const values = new Float32Array(places.length * pixels);
  for (const [i, place] of places.entries()) {
    const at = Math.min(pixels - 1, Math.max(0, place * pixels - 0.5));
    const left = Math.min(Math.floor(at), Math.max(0, pixels - 2));
    values[i * pixels + left] = 1 - (at - left);
    if (at > left) values[i * pixels + left + 1] = at - left;
  }
  return tf.tensor2d(values, [places.length, pixels]);
}

/** Rows first, as one product over whole rows; then the columns of each. */
function sample(x: tf.Tensor4D, down: tf.Tensor2D, across: tf.Tensor2D): tf.Tensor4D {
  const apply = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor4D, (tensors: tf.Tensor[]) => void];
    const [, height, width, channels] = x.shape;
    save([down, across]);
    const lines = tf.matMul(down, tf.reshape(x, [height, width * channels]) as tf.Tensor2D);
    const cells = tf.reshape(lines, [down.shape[0], width, channels]);
    const places = tf.matMul(tf.expandDims(across, 0), cells);
    return {
      value: tf.expandDims(places, 0) as tf.Tensor4D,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        back(dy as tf.Tensor4D, saved[0] as tf.Tensor2D, saved[1] as tf.Tensor2D),
    };
  });
  return apply(x) as tf.Tensor4D;
}

function back(dy: tf.Tensor4D, down: tf.Tensor2D, across: tf.Tensor2D): tf.Tensor4D {
  const [[rows, height], [, width]] = [down.shape, across.shape];
  const channels = dy.shape[3];
  const places = tf.reshape(dy, [rows, across.shape[0], channels]);
  const cells = tf.matMul(tf.expandDims(across, 0), places, true, false);
  const lines = tf.reshape(cells, [rows, width * channels]) as tf.Tensor2D;
  return tf.reshape(tf.matMul(down, lines, true, false), [1, height, width, channels]);
}
