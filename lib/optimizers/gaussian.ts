/**
 * Blurring by a matrix product, which every engine does fast, whatever the width.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Where the Gaussian is cut off, in sigmas, as in SciPy. */
const TRUNCATE = 4;

/**
 * The matrix B with which `B x` is a line x of `size` numbers, blurred by a Gaussian: weights
 * `exp(-d² / 2σ²)` for whole d up to 4σ, divided by their sum. Beyond its ends the line goes on as in a
 * mirror, `b a | a b c | c b`. As SciPy's `gaussian_filter`.
 *
 * @returns `[size, size]`, to be disposed by the caller.
 */
export function gaussianMatrix(size: number, sigma: number): tf.Tensor2D {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const weights = Array.from(
    { length: 2 * radius + 1 },
    (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const matrix = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    weights.forEach((weight, i) => {
      matrix[row * size + mirrored(row + i - radius, size)]! += weight / sum;
    });
  }
  return tf.tensor2d(matrix, [size, size]);
}

/** The place within a line that a place beyond it stands for; the mirror image repeats. */
function mirrored(place: number, size: number): number {
  const within = ((place % (2 * size)) + 2 * size) % (2 * size);
  return within < size ? within : 2 * size - 1 - within;
}
