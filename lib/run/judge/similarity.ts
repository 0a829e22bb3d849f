/**
 * What a picture shows, told by which of its places look alike: painted in another manner, two patches
 * of sky are still alike, and sky and wall are not (self-similarity; Kolkin and others 2019, arXiv
 * 1904.12785, section 2.2).
 *
 * @module
 */

/** The cosine distances between places `[n, n]`, only below the diagonal. */
export type SelfSimilarity = { readonly places: number; readonly distances: Float64Array };

/** At most this many places along either side. */
const MOST = 32;

/**
 * The self-similarity of features `[1, H, W, C]`: 1 − cosine for each pair of positions, of which every
 * s-th is taken in both directions, s the least with at most 32 of them along a side.
 */
export function selfSimilarity(
  features: Float32Array,
  [, height, width, channels]: readonly [number, number, number, number],
): SelfSimilarity {
  const stride = Math.max(1, Math.ceil(Math.max(height, width) / MOST));
  const vectors: Float64Array[] = [];
  for (let y = 0; y < height; y += stride) {
    for (let x = 0; x < width; x += stride) {
      const first = (y * width + x) * channels;
      vectors.push(unit(features.subarray(first, first + channels)));
    }
  }
  const places = vectors.length;
  const distances = new Float64Array(places * (places - 1) / 2);
  let target = 0;
  for (let i = 0; i < places; i++) {
    for (let j = 0; j < i; j++) distances[target++] = 1 - product(vectors[i]!, vectors[j]!);
  }
  return { places, distances };
}

/** The mean of |difference| over all pairs of places, a place with itself (0) included. */
export function similarityDistance(a: SelfSimilarity, b: SelfSimilarity): number {
  let sum = 0;
  for (let i = 0; i < a.distances.length; i++) {
    sum += Math.abs(a.distances[i]! - b.distances[i]!);
  }
  return 2 * sum / a.places ** 2;
}

/** The vector at length 1; one of zeros stays as it is. */
function unit(vector: Float32Array): Float64Array {
  let square = 0;
  for (const value of vector) square += value * value;
  const length = Math.max(Math.sqrt(square), 1e-12);
  return Float64Array.from(vector, (value) => value / length);
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
