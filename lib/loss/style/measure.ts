/**
 * How the style of a layer is described and compared. A measure is a leaf: one file in this folder and
 * one line in the table of `measures.ts`.
 *
 * Most measures know of the features only sums over positions: how many there are, their sum and the
 * sum of their products. Such sums add up over the tiles of a large picture and over the regions of a
 * mask, and mix over several styles; so everything of that kind works with every additive measure.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../../base/kernels.ts";
import type { Random } from "../../base/random.ts";

/** Sums over the positions of a layer: all that an additive measure knows of its features `F`. */
export type Sums = {
  /** `Σ g`: the number of positions; under a guide, their weight. */
  count: number;
  /** `Σ g F`, `[C]`. */
  sum: tf.Tensor1D;
  /** `Σ g F Fᵀ`, `[C, C]`. */
  products: tf.Tensor2D;
};

/** How much each position of a layer counts. */
export type Guide = {
  /** `[1, H, W, 1]` */
  weights: tf.Tensor4D;
  /** Their sum. */
  total: number;
  /**
   * The first position, row by row, that counts, and where the last one ends; only saves time.
   *
   * @default {all}
   */
  positions?: [first: number, end: number];
};

/** What a measure keeps of a style: tensors by name. */
export type Description = { [name: string]: tf.Tensor };

/** A measure that is a function of sums over positions. */
export type AdditiveMeasure<T extends Description = Description> = {
  name: string;
  additive: true;
  /** Of the style image, once. */
  describe(sums: Sums): T;
  /** How far the mixed image is from the style; differentiable with respect to the sums. */
  distance(sums: Sums, wanted: T): tf.Scalar;
};

/** A measure that must see all positions at once, or samples them. */
export type WholeMeasure<T extends Description = Description> = {
  name: string;
  additive: false;
  /** Of the style image's features `[1, H, W, C]`, once. */
  describe(features: tf.Tensor4D): T;
  /**
   * How far the mixed image's features `[1, H, W, C]` are from the style; differentiable.
   *
   * @param random new in every evaluation, the same for the same seed
   */
  distance(features: tf.Tensor4D, wanted: T, random: Random): tf.Scalar;
};

/** How a style is described and compared. */
// deno-lint-ignore no-explicit-any -- a table of measures holds descriptions of different types
export type StyleMeasure<T extends Description = any> = AdditiveMeasure<T> | WholeMeasure<T>;

/**
 * The sums over the positions of a layer, each position counted once or as a guide says.
 *
 * @param features `[1, H, W, C]`
 */
export function sumsOf(features: tf.Tensor4D, guide?: Guide): Sums {
  const channels = features.shape[3];
  const flat = tf.reshape(features, [-1, channels]) as tf.Tensor2D;
  const weights = guide && tf.reshape(guide.weights, [-1, 1]) as tf.Tensor2D;
  let sum: tf.Tensor1D | undefined;
  return {
    count: guide ? guide.total : features.size / channels,
    // Gram matrices never ask for it.
    get sum() {
      return sum ??= weightedSum(flat, weights);
    },
    products: weights
      ? weightedProduct(flat, weights, guide.positions ?? [0, flat.shape[0]])
      : selfProduct(flat) as tf.Tensor2D,
  };
}

/**
 * The gradient of `⟨slopes, sums⟩` with respect to the features: `g (F (dP + dPᵀ) + ds)`.
 *
 * @param features `[1, H, W, C]`
 */
export function gradientOfSums(
  features: tf.Tensor4D,
  guide: Guide | undefined,
  slopes: Pick<Sums, "sum" | "products">,
): tf.Tensor4D {
  const flat = tf.reshape(features, [-1, features.shape[3]]) as tf.Tensor2D;
  const { sum, products } = slopes;
  const plain = tf.add(gradientOfProduct(flat, products), sum);
  const weighed = guide ? tf.mul(plain, tf.reshape(guide.weights, [-1, 1])) : plain;
  return tf.reshape(weighed, features.shape);
}

/** `FᵀF` of `F [positions, C]`; its gradient is one product, `F (dG + dGᵀ)`, instead of two. */
export const selfProduct = tf.customGrad((...inputs) => {
  const [flat, save] = inputs as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
  save([flat]);
  const gradFunc = (dy: tf.Tensor, [flat]: tf.Tensor[]) => gradientOfProduct(flat!, dy);
  return { value: tf.matMul(flat, flat, true, false), gradFunc };
});

/**
 * `Σ g F Fᵀ` of `F [positions, C]`, of the positions that count: `(√g F)ᵀ (√g F)` is still one symmetric
 * product. Its gradient is `g F (dP + dPᵀ)`.
 *
 * @param weights `[positions, 1]`
 */
function weightedProduct(
  flat: tf.Tensor2D,
  weights: tf.Tensor2D,
  [first, end]: [first: number, end: number],
): tf.Tensor2D {
  const part = (x: tf.Tensor2D) => {
    return end - first === x.shape[0] ? x : tf.slice(x, [first, 0], [end - first, x.shape[1]]);
  };
  const compute = tf.customGrad((...inputs) => {
    const [flat, save] = inputs as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    save([flat, weights]);
    const rooted = tf.mul(part(flat), tf.sqrt(part(weights)));
    const gradFunc = (dy: tf.Tensor, [flat, weights]: tf.Tensor[]) =>
      tf.mul(gradientOfProduct(flat!, dy), weights!);
    return { value: tf.matMul(rooted, rooted, true, false), gradFunc };
  });
  return compute(flat) as tf.Tensor2D;
}

/** `F (dP + dPᵀ)`; the sum is one kernel where the engine has it. */
function gradientOfProduct(flat: tf.Tensor, x: tf.Tensor): tf.Tensor2D {
  const both = hasKernel("SymmetricSum")
    ? tf.engine().runKernel("SymmetricSum", { x }) as tf.Tensor
    : tf.add(x, tf.transpose(x));
  return tf.matMul(flat as tf.Tensor2D, both as tf.Tensor2D);
}

/**
 * `Σ w F` of `F [positions, C]`, every weight 1 if none are given. A product in both directions: the
 * gradient of a plain sum would fill tensors as large as the features.
 *
 * @param given `[positions, 1]`
 */
function weightedSum(flat: tf.Tensor2D, given?: tf.Tensor): tf.Tensor1D {
  const compute = tf.customGrad((...inputs) => {
    const [flat, save] = inputs as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    const [positions, channels] = flat.shape;
    const weights = given ?? tf.ones([positions, 1]);
    save([weights]);
    const gradFunc = (dy: tf.Tensor, [weights]: tf.Tensor[]) =>
      tf.matMul(weights as tf.Tensor2D, tf.reshape(dy, [1, channels]));
    const value = tf.matMul(tf.reshape(weights, [1, positions]), flat);
    return { value: tf.reshape(value, [channels]), gradFunc };
  });
  return compute(flat) as tf.Tensor1D;
}

/** Sums of the same layer in two places (tiles, say) together. */
export function addSums(a: Sums, b: Sums): Sums {
  return {
    count: a.count + b.count,
    sum: tf.add(a.sum, b.sum),
    products: tf.add(a.products, b.products),
  };
}

/**
 * The sums of a blend of styles: their means over positions mixed with `shares` that add up to 1, and as
 * many positions as the styles have on average. Second moments mix, not covariances: a blend of a light and
 * a dark style has both.
 */
export function mixSums(all: readonly Sums[], shares: readonly number[]): Sums {
  const positions = all.reduce((total, { count }, i) => total + shares[i]! * count, 0);
  const mixed = all.map(({ count, sum, products }, i) => {
    const factor = shares[i]! * positions / count;
    return {
      count: shares[i]! * positions,
      sum: tf.mul(sum, factor),
      products: tf.mul(products, factor),
    } as Sums;
  });
  return mixed.reduce(addSums);
}
