/**
 * The heart of L-BFGS: from past steps s and changes of the gradient y to the direction `-H g`, where
 * H is the inverse Hessian that BFGS would have built from them.
 *
 * All that the recursion does with the vectors is to add multiples of them and to take their dot
 * products. So it runs on the dot products alone and returns the multiples; the vectors, each as long
 * as the picture, stay where they are. Sources: Nocedal, Wright 2006, algorithm 7.4; Chen, Wang, Zhou
 * 2014, Large-scale L-BFGS using MapReduce, algorithm 3.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { heldMask, inward } from "./box.ts";
import { type Pair, read } from "./lbfgs_state.ts";

/** The direction as multiples of the vectors. */
export type Recursion = {
  /** Of s0, y0, s1, y1, … g, in the order of the dot products. */
  coefficients: number[];
  /** The scale of H before any pair: `s·y / y·y` of the last pair used. */
  gamma: number;
};

/**
 * Pairs with `s·y <= CURVATURE |s| |y|` are left out: H would not be positive definite, and `-H g` no
 * descent. In exact numbers a step that satisfies the Wolfe conditions has `s·y > 0`; the threshold
 * is what float32 can tell from 0.
 */
export const CURVATURE = 1e-6;

/**
 * `-H g` from dot products in float64.
 *
 * @param dots the dot products of s0, y0, … s(k-1), y(k-1), g with one another, `[2k + 1, 2k + 1]`,
 * row by row, oldest pair first
 * @param plain the scale of H when no pair is used
 */
export function twoLoop(dots: ArrayLike<number>, plain: number): Recursion {
  const size = Math.round(Math.sqrt(dots.length));
  const g = size - 1;
  const dot = (a: number, b: number) => dots[a * size + b]!;
  const product = (b: number) => coefficients.reduce((sum, c, a) => sum + c * dot(a, b), 0);

  const pairs = Array.from({ length: g / 2 }, (_, i) => ({ s: 2 * i, y: 2 * i + 1 })).filter(
    ({ s, y }) => dot(s, y) > CURVATURE * Math.sqrt(dot(s, s)) * Math.sqrt(dot(y, y)),
  );
  const coefficients = new Array<number>(size).fill(0);
  coefficients[g] = -1;

  // First loop: q = -g, and from the newest pair to the oldest q -= alpha y, alpha = s·q / s·y.
  const alphas = new Map<number, number>();
  for (const { s, y } of pairs.toReversed()) {
    const alpha = product(s) / dot(s, y);
    coefficients[y]! -= alpha;
    alphas.set(s, alpha);
  }
  // r = H0 q with H0 = gamma I (eq. 7.20).
  const last = pairs.at(-1);
  const gamma = last ? dot(last.s, last.y) / dot(last.y, last.y) : plain;
  for (let i = 0; i < size; i++) coefficients[i]! *= gamma;
  // Second loop: from the oldest to the newest r += s (alpha - beta), beta = y·r / s·y.
  for (const { s, y } of pairs) {
    const beta = product(y) / dot(s, y);
    coefficients[s]! += alphas.get(s)! - beta;
  }
  return { coefficients, gamma };
}

/**
 * The direction at a picture: `-H g` for the variables that are not held at a bound, plain descent for
 * the others.
 *
 * @param stepSize how far to go without a history, per root mean square of the gradient
 * @returns undefined when there is nowhere to go: the gradient is 0 or not finite.
 */
export async function findDirection(
  image: tf.Tensor4D,
  gradient: tf.Tensor4D,
  pairs: Pair[],
  stepSize: number,
): Promise<tf.Tensor4D | undefined> {
  const { held, rows, dots } = tf.tidy(() => {
    const held = heldMask(image, gradient);
    const free = tf.sub(1, held);
    const vectors = [...pairs.flatMap(({ s, y }) => [s, y]), gradient];
    const rows = tf.concat(vectors.map((v) => tf.reshape(tf.mul(v, free), [1, -1])), 0);
    return { held, rows: rows as tf.Tensor2D, dots: tf.matMul(rows, rows, false, true) };
  });
  try {
    const products = await read(dots);
    const rms = Math.sqrt(products[products.length - 1]! / image.size);
    if (!(rms > 0 && rms < Infinity)) return undefined;
    const { coefficients, gamma } = twoLoop(products, stepSize / rms);
    return tf.tidy(() => {
      const free = tf.reshape(tf.matMul(tf.tensor2d([coefficients]), rows), image.shape);
      const plain = tf.mul(tf.mul(held, gradient), gamma);
      return inward(image, tf.sub(free, plain) as tf.Tensor4D);
    });
  } finally {
    tf.dispose([held, rows]);
  }
}
