/**
 * Means and covariances of colours, and the affine maps that carry one pair of them to another.
 *
 * @module
 */
import { seededRandom } from "../base/random.ts";
import { cannot, describe } from "../base/check.ts";
import { checkPicture, type Picture } from "./picture.ts";
import { apply, type Matrix, product, spectral } from "./symmetric.ts";

/** What is known of a cloud of colours: its centre and its spread, both in the colours' units. */
export type Moments = { mean: readonly number[]; covariance: Matrix };

/** `x -> matrix x + offset`. */
export type AffineMap = { matrix: Matrix; offset: readonly number[] };

/**
 * A direction with less than this part of the mean variance has none: a grey picture has no spread in two
 * directions, and none is invented out of rounding.
 */
const LEAST_VARIANCE = 1e-6;

/**
 * Mean and covariance over the positions of interleaved values.
 *
 * @param values `[positions, channels]`
 * @param channels Which of the interleaved ones count. @default all `of` of them
 * @param weights How much each position counts. @default all the same
 */
export function momentsOf(
  values: ArrayLike<number>,
  of = 3,
  channels: readonly number[] = Array.from({ length: of }, (_, i) => i),
  weights?: Float32Array,
): Moments {
  const n = weights?.reduce((sum, weight) => sum + weight, 0) ?? values.length / of;
  const mean = channels.map(() => 0);
  const products = channels.map(() => channels.map(() => 0));
  // A shift keeps the products small: the difference of two large sums would lose digits.
  const shift = channels.map((channel) => values[channel]!);
  for (let at = 0, position = 0; at < values.length; at += of, position++) {
    const part = (weights?.[position] ?? 1) / n;
    for (let i = 0; i < channels.length; i++) {
      const x = (values[at + channels[i]!]! - shift[i]!) * part;
      mean[i]! += x;
      for (let j = 0; j <= i; j++) {
        products[i]![j]! += x * (values[at + channels[j]!]! - shift[j]!);
      }
    }
  }
  const covariance = products.map((row, i) =>
    row.map((_, j) => products[Math.max(i, j)]![Math.min(i, j)]! - mean[i]! * mean[j]!)
  );
  return { mean: mean.map((value, i) => value + shift[i]!), covariance };
}

/**
 * The moments of several clouds of colours together, each with its share of 1: the means mix, and so do the
 * second moments `Σ + μ μᵀ`.
 */
export function mixMoments(all: readonly Moments[], shares: readonly number[]): Moments {
  const sum = (value: (moments: Moments) => number) =>
    all.reduce((total, moments, i) => total + shares[i]! * value(moments), 0);
  const mean = all[0]!.mean.map((_, i) => sum((moments) => moments.mean[i]!));
  const covariance = mean.map((m, i) =>
    mean.map((other, j) =>
      sum(({ mean, covariance }) => covariance[i]![j]! + mean[i]! * mean[j]!) - m * other
    )
  );
  return { mean, covariance };
}

/**
 * The symmetric map from one mean and covariance to another, which moves colours least of all linear maps
 * that do so (Monge's map between Gaussians):
 * `A = Σ^-½ (Σ^½ Σ' Σ^½)^½ Σ^-½`, `x -> A (x - μ) + μ'`.
 *
 * Source: Pitié, Kokaram 2007, The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer.
 */
export function mongeMap(from: Moments, to: Moments): AffineMap {
  const n = from.mean.length;
  const trace = from.covariance.reduce((sum, row, i) => sum + row[i]!, 0);
  const least = LEAST_VARIANCE * trace / n;
  const root = spectral(from.covariance, (x) => x > least ? Math.sqrt(x) : 0);
  const inverse = spectral(from.covariance, (x) => x > least ? 1 / Math.sqrt(x) : 0);
  const middle = product(product(root, to.covariance), root);
  const matrix = product(
    product(inverse, spectral(middle, (x) => Math.sqrt(Math.max(x, 0)))),
    inverse,
  );
  const moved = apply(matrix, from.mean);
  return { matrix, offset: to.mean.map((value, i) => value - moved[i]!) };
}

/**
 * A picture recoloured so that its colours have the mean and covariance of another's: the start of a run
 * that need not find the colours first. What leaves 0–255 is clipped, so that pictures with strong
 * colours match a little less than exactly.
 *
 * @param weights how much each position counts for the picture's own moments
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { matchMoments } from "stylebook";
 *
 * const grey = { width: 2, height: 1, data: Float32Array.of(90, 90, 90, 110, 110, 110) };
 * const red = { width: 2, height: 1, data: Float32Array.of(200, 0, 0, 200, 0, 0) };
 * assertEquals([...matchMoments(grey, red).data], [200, 0, 0, 200, 0, 0]);
 * ```
 */
export function matchMoments(
  picture: Picture,
  like: Picture | Moments,
  weights?: Float32Array,
): Picture {
  const what = "match the colours of two pictures";
  checkPicture(what, picture);
  const own = momentsOf(picture.data, 3, [0, 1, 2], weights);
  const { matrix, offset } = mongeMap(own, momentsLike(what, like));
  return { ...picture, data: clip(mapped(picture.data, matrix, offset)) };
}

/**
 * Noise with the mean and covariance of a picture's colours: `μ + Σ^½ z` with z from the normal
 * distribution, the same for the same seed; clipped to 0–255.
 */
export function noiseLike(
  like: Picture | Moments,
  { width, height, seed = 1 }: {
    width: number;
    height: number;
    /** A whole number. @default {1} */
    seed?: number;
  },
): Picture {
  const what = "make noise";
  if (!(width * height > 0)) {
    throw new RangeError(cannot(what, "sides must be above 0", describe([width, height])));
  }
  const { mean, covariance } = momentsLike(what, like);
  const root = spectral(covariance, (x) => Math.sqrt(Math.max(x, 0)));
  const random = seededRandom(seed);
  const data = new Float32Array(width * height * 3);
  // Box, Muller 1958: two even numbers give one normal one (and another that is not used).
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }
  return { width, height, data: clip(mapped(data, root, mean)) };
}

function momentsLike(what: string, like: Picture | Moments): Moments {
  if ("covariance" in like) return like;
  checkPicture(what, like);
  return momentsOf(like.data);
}

/** `matrix x + offset` of every colour. */
function mapped(values: Float32Array, matrix: Matrix, offset: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 3) {
    for (let i = 0; i < 3; i++) {
      const [a, b, c] = matrix[i]! as [number, number, number];
      result[at + i] = a * values[at]! + b * values[at + 1]! + c * values[at + 2]! + offset[i]!;
    }
  }
  return result;
}

function clip(values: Float32Array): Float32Array {
  return values.map((value) => Math.min(255, Math.max(0, value)));
}
