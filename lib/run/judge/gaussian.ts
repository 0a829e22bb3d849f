/**
 * How far apart two clouds of features lie, when each is taken for a Gaussian: the 2-Wasserstein
 * distance, the least work (root of the mean square of the way) that carries one into the other.
 *
 * @module
 */
import { choleskyFactor, dot, eigenvaluesOf } from "./symmetric.ts";

/** The Gaussian of `size` channels: their mean `[C]` and covariance `[C, C]`, over all positions. */
export type Gaussian = {
  readonly size: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
};

/**
 * Mean and covariance (divided by the number of positions) of the rows of `[n, C]`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gaussianOf } from "./gaussian.ts";
 *
 * const { mean, covariance } = gaussianOf(Float32Array.of(1, 5, 3, 5), 2);
 * assertEquals([...mean, ...covariance], [2, 5, 1, 0, 0, 0]);
 * ```
 */
export function gaussianOf(rows: Float32Array, size: number): Gaussian {
  const count = rows.length / size;
  const mean = new Float64Array(size);
  for (let i = 0; i < rows.length; i += size) {
    for (let j = 0; j < size; j++) mean[j]! += rows[i + j]!;
  }
  for (let j = 0; j < size; j++) mean[j]! /= count;
  const covariance = new Float64Array(size * size);
  // Four rows at a time: a sum is fetched and stored once for four products.
  const block = new Float64Array(4 * size);
  for (let first = 0; first < count; first += 4) {
    block.fill(0);
    const values = Math.min(4, count - first) * size;
    for (let k = 0; k < values; k++) block[k] = rows[first * size + k]! - mean[k % size]!;
    addProducts(covariance, block, size);
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      covariance[i * size + j]! /= count;
      covariance[j * size + i] = covariance[i * size + j]!;
    }
  }
  return { size, mean, covariance };
}

/** Adds the products of channels in four rows to the lower half of `sums`. */
function addProducts(sums: Float64Array, block: Float64Array, size: number): void {
  const [second, third, fourth] = [size, 2 * size, 3 * size];
  for (let i = 0; i < size; i++) {
    const a = block[i]!;
    const b = block[second + i]!;
    const c = block[third + i]!;
    const d = block[fourth + i]!;
    const row = i * size;
    for (let j = 0; j <= i; j++) {
      sums[row + j]! += a * block[j]! + b * block[second + j]! + c * block[third + j]! +
        d * block[fourth + j]!;
    }
  }
}

/**
 * The 2-Wasserstein distance of two Gaussians,
 *
 *     W² = |μ − μ'|² + tr Σ + tr Σ' − 2 tr (Σ'^½ Σ Σ'^½)^½
 *
 * With Σ' = L Lᵀ the last trace is the sum of the roots of the eigenvalues of Lᵀ Σ L.
 *
 * Source: Dowson, Landau 1982; Olkin, Pukelsheim 1982.
 */
export function wassersteinDistance(a: Gaussian, b: Gaussian): number {
  const { size } = a;
  let square = 0;
  for (let i = 0; i < size; i++) {
    const diagonal = i * size + i;
    square += (a.mean[i]! - b.mean[i]!) ** 2 + a.covariance[diagonal]! + b.covariance[diagonal]!;
  }
  const middle = conjugate(a.covariance, choleskyFactor(b.covariance, size), size);
  for (const eigenvalue of eigenvaluesOf(middle, size)) {
    square -= 2 * Math.sqrt(Math.max(0, eigenvalue));
  }
  return Math.sqrt(Math.max(0, square));
}

/** Lᵀ Σ L `[n, n]` for a lower triangular L. */
function conjugate(covariance: Float64Array, l: Float64Array, n: number): Float64Array {
  const turned = new Float64Array(n * n); // Lᵀ: row i holds column i of L, 0 before its diagonal
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) turned[i * n + j] = l[j * n + i]!;
  }
  const result = new Float64Array(n * n);
  const row = new Float64Array(n); // of Lᵀ Σ
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) row[j] = dot(turned, i * n + i, covariance, j * n + i, n - i);
    for (let j = 0; j <= i; j++) {
      const value = dot(row, j, turned, j * n + j, n - j);
      result[i * n + j] = value;
      result[j * n + i] = value;
    }
  }
  return result;
}
