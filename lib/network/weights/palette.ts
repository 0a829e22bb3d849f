/**
 * Weights at eight bits each: a palette of at most 256 values a kernel, and for every weight the place
 * of the nearest one. The values are found by k-means in one dimension, where each has a stretch of
 * the sorted weights, so that a round costs 256 look-ups rather than a pass over millions.
 *
 * Sources: S. Lloyd, "Least squares quantization in PCM", 1982; the start, more values where weights
 * are dense, by its cube root, from P. F. Panter, W. Dite, 1951; for networks Han, Mao, Dally 2015,
 * "Deep Compression" (arXiv 1510.00149).
 *
 * @module
 */

/** A palette and, for every value, its place there. */
export type Palette = { table: Float32Array<ArrayBuffer>; index: Uint8Array<ArrayBuffer> };

const MOST_ROUNDS = 500;
const BINS = 4096;

/**
 * Replaces values by at most `size` of their own kind, so that the sum of the squared differences is
 * small: a local minimum.
 *
 * @param values at least one, all finite
 * @param size 1 to 256
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { table, index } = toPalette(new Float32Array([1, 9, 1, 1, 8]), 2);
 * assertEquals([Array.from(table), Array.from(index)], [[1, 8.5], [0, 1, 0, 0, 1]]);
 * ```
 */
export function toPalette(values: Float32Array, size = 256): Palette {
  const sorted = new Float32Array(values).sort();
  const sums = new Float64Array(sorted.length + 1);
  sorted.forEach((value, i) => sums[i + 1] = sums[i]! + value);
  let centers = startCenters(sorted, size);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const ends = borders(centers).map((border) => lowerBound(sorted, border));
    const moved = means(sums, [0, ...ends, sorted.length]);
    const still = moved.length === centers.length && moved.every((mean, i) => mean === centers[i]);
    centers = moved;
    if (still) break;
  }
  const table = Float32Array.from(new Set(centers.map(Math.fround)));
  const limits = Float64Array.from(borders(Array.from(table)));
  const index = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) index[i] = upperBound(limits, values[i]!);
  return { table, index };
}

/** The values that a palette stands for. */
export function fromPalette(
  { table, index }: { table: Float32Array; index: Uint8Array },
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(index.length);
  for (let i = 0; i < index.length; i++) values[i] = table[index[i]!]!;
  return values;
}

/** Sorted values, denser where there are more, in proportion to the cube root of the density. */
function startCenters(sorted: Float32Array, size: number): number[] {
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  if (least === most) return [least];
  const width = (most - least) / BINS;
  const roots = Array.from({ length: BINS }, (_, i) => {
    const [from, to] = [i, i + 1].map((edge) => lowerBound(sorted, least + edge * width));
    return Math.cbrt((i === BINS - 1 ? sorted.length : to!) - from!);
  });
  const total = roots.reduce((sum, root) => sum + root, 0);
  const centers: number[] = [];
  let reached = 0;
  roots.forEach((root, i) => {
    reached += root;
    while (centers.length < size && reached >= total * (centers.length + 0.5) / size) {
      centers.push(least + (i + 0.5) * width);
    }
  });
  return [...new Set(centers)];
}

function borders(centers: readonly number[]): number[] {
  return centers.slice(1).map((center, i) => (center + centers[i]!) / 2);
}

/** The mean of each stretch that is not empty. */
function means(sums: Float64Array, ends: readonly number[]): number[] {
  return ends.slice(1).flatMap((end, i) => {
    const start = ends[i]!;
    return end > start ? [(sums[end]! - sums[start]!) / (end - start)] : [];
  });
}

/** How many of the sorted values are below `limit`. */
function lowerBound(sorted: Float32Array | Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the sorted values are `limit` or below. */
function upperBound(sorted: Float32Array | Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
