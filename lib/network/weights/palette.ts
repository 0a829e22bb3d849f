/**
 * Weights at eight bits each: a palette of at most 256 values a kernel, and for every weight the place
 * of the nearest one. The values are found by k-means in one dimension. There the clusters are
 * stretches of the sorted weights, so the best ones can be found outright: among some thousand cuts,
 * by dynamic programming. Then the means move with all the weights (Lloyd), where a round costs 256
 * look-ups rather than a pass over millions.
 *
 * Sources: S. Lloyd, "Least squares quantization in PCM", 1982; the dynamic programme from H. Wang,
 * M. Song, "Ckmeans.1d.dp", 2011; cuts where weights are dense, by the density's cube root, from
 * P. F. Panter, W. Dite, 1951; for networks Han, Mao, Dally 2015, "Deep Compression" (arXiv
 * 1510.00149).
 *
 * @module
 */

/** A palette and, for every value, its place there. */
export type Palette = { table: Float32Array<ArrayBuffer>; index: Uint8Array<ArrayBuffer> };

const MOST_ROUNDS = 500;
/** So many cuts to choose from. */
const MOST_CUTS = 4096;

/**
 * Replaces values by at most `size` of their own kind, so that the sum of the squared differences is
 * small: the least there is for a few thousand values, and close to it for more.
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
  let centers = means(sums, bestCuts(sorted, sums, size));
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

/** Where the stretches start and end that differ least from their means; among chosen cuts. */
function bestCuts(sorted: Float32Array, sums: Float64Array, size: number): number[] {
  const cuts = chooseCuts(sorted);
  const last = cuts.length - 1;
  const squares = new Float64Array(sorted.length + 1);
  sorted.forEach((value, i) => squares[i + 1] = squares[i]! + value * value);
  const cost = (i: number, j: number) => {
    const [from, to] = [cuts[i]!, cuts[j]!];
    return squares[to]! - squares[from]! - (sums[to]! - sums[from]!) ** 2 / (to - from);
  };
  // best[j]: the least cost of what lies before cut j, in so many stretches; start: of the last one.
  let best = Float64Array.from(cuts, (_, j) => j === 0 ? 0 : cost(0, j));
  const starts: Int32Array[] = [new Int32Array(cuts.length)];
  for (let count = 2; count <= Math.min(size, last); count++) {
    const next = new Float64Array(cuts.length).fill(Infinity);
    const start = new Int32Array(cuts.length);
    // The last stretch never starts earlier for a later end: halve the ends, and the starts with them.
    const solve = (low: number, high: number, least: number, most: number) => {
      if (low > high) return;
      const end = (low + high) >> 1;
      for (let i = least; i <= Math.min(most, end - 1); i++) {
        const total = best[i]! + cost(i, end);
        if (total < next[end]!) [next[end], start[end]] = [total, i];
      }
      solve(low, end - 1, least, start[end]!);
      solve(end + 1, high, start[end]!, most);
    };
    solve(count, last, count - 1, last);
    best = next;
    starts.push(start);
  }
  const ends = [last];
  for (const start of starts.reverse()) ends.unshift(start[ends[0]!]!);
  return ends.map((cut) => cuts[cut]!);
}

/** Places in the sorted values: all between unequal ones, or some, denser where values are. */
function chooseCuts(sorted: Float32Array): number[] {
  const all: number[] = [0];
  for (let i = 1; i < sorted.length && all.length < MOST_CUTS; i++) {
    if (sorted[i] !== sorted[i - 1]) all.push(i);
  }
  if (all.length < MOST_CUTS) return [...all, sorted.length];
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  const edges = Array.from({ length: MOST_CUTS + 1 }, (_, i) => {
    return lowerBound(sorted, least + i * (most - least) / MOST_CUTS);
  });
  const roots = edges.slice(1).map((edge, i) => Math.cbrt(edge - edges[i]!));
  const total = roots.reduce((sum, root) => sum + root, 0);
  const cuts = new Set([0]);
  let reached = 0;
  roots.forEach((root, i) => {
    // A bin with k times its share is cut k times.
    const [first, end] = [reached, reached += root].map((x) => Math.floor(x / total * MOST_CUTS));
    for (let k = first!; k < end!; k++) {
      const share = (k + 1 - first!) / (end! - first!);
      cuts.add(Math.round(edges[i]! + share * (edges[i + 1]! - edges[i]!)));
    }
  });
  return [...cuts.add(sorted.length)].sort((a, b) => a - b);
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
