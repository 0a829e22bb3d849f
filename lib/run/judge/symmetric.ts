/**
 * Symmetric matrices in float64, as the distance of two Gaussians needs them: TensorFlow.js has no
 * eigenvalues, and float32 would drown the small ones, whose roots count. Matrices are square,
 * row-major, and only read below the diagonal and on it unless said otherwise.
 *
 * @module
 */
import { cannot } from "../../base/check.ts";

/**
 * The lower triangular L `[n, n]` with A = L Lᵀ, for A positive semidefinite: a column whose pivot has
 * vanished in rounding is left 0, as in exact arithmetic, where a matrix of lower rank has such columns.
 *
 * @param a `[n, n]`.
 */
export function choleskyFactor(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const pivot = a[j * n + j]! - dot(l, j * n, l, j * n, j);
    // Far above the rounding of float64, far below what a feature's variance is made of.
    if (!(pivot > 1e-13 * a[j * n + j]!)) continue;
    const root = Math.sqrt(pivot);
    l[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      l[i * n + j] = (a[i * n + j]! - dot(l, i * n, l, j * n, j)) / root;
    }
  }
  return l;
}

/** The sum over k < length of `a[i + k] · b[j + k]`. */
export function dot(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  length: number,
): number {
  let [first, second] = [0, 0]; // two sums that do not wait for each other
  let k = 0;
  for (; k + 1 < length; k += 2) {
    first += a[i + k]! * b[j + k]!;
    second += a[i + k + 1]! * b[j + k + 1]!;
  }
  return k < length ? first + second + a[i + k]! * b[j + k]! : first + second;
}

/**
 * The eigenvalues of a symmetric matrix, ascending: Householder's reflections make it tridiagonal,
 * then QL iterations with implicit shifts make that diagonal (Golub, Van Loan 2013, algorithms 8.3.1
 * and 8.3.2). About 4/3 n³ multiplications; no eigenvectors.
 *
 * @param matrix `[n, n]`, both halves.
 * @throws {RangeError} when a number is not finite.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { eigenvaluesOf } from "./symmetric.ts";
 *
 * const [least, greatest] = eigenvaluesOf(Float64Array.of(2, 1, 1, 2), 2);
 * assertAlmostEquals(least!, 1);
 * assertAlmostEquals(greatest!, 3);
 * ```
 */
export function eigenvaluesOf(matrix: Float64Array, n: number): Float64Array {
  const { diagonal, beside } = tridiagonal(matrix.slice(), n);
  // What is nothing beside the matrix as a whole; in a matrix of lower rank all of a block may be.
  let negligible = 0;
  for (let i = 0; i < n; i++) {
    negligible = Math.max(negligible, Math.abs(diagonal[i]!) + Math.abs(beside[i]!));
  }
  if (!Number.isFinite(negligible)) {
    const rule = "every number of the matrix must be finite";
    throw new RangeError(cannot("find eigenvalues", rule, `${negligible} as its size`));
  }
  negligible *= Number.EPSILON;
  for (let first = 0; first < n; first++) {
    for (let rounds = 0;; rounds++) {
      let last = first;
      while (last < n - 1 && Math.abs(beside[last]!) > negligible) last++;
      if (last === first) break;
      if (rounds === 60) {
        const rule = "each must settle within 60 rounds";
        throw new Error(cannot("find eigenvalues", rule, `number ${first} of ${n} has not`));
      }
      qlRound(diagonal, beside, first, last);
    }
  }
  return diagonal.sort();
}

/** Overwrites `a`; the diagonal, and what stands below it (`beside[i]` between i and i + 1). */
function tridiagonal(a: Float64Array, n: number) {
  const beside = new Float64Array(n);
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let [norm, scale] = [0, 0];
    for (let i = k + 1; i < n; i++) scale = Math.max(scale, Math.abs(a[i * n + k]!));
    if (scale === 0) continue;
    for (let i = k + 1; i < n; i++) norm += (v[i] = a[i * n + k]! / scale) ** 2;
    const alpha = v[k + 1]! > 0 ? -Math.sqrt(norm) : Math.sqrt(norm);
    beside[k] = alpha * scale;
    v[k + 1]! -= alpha;
    const half = -alpha * v[k + 1]!; // vᵀv / 2
    // A ← (I − v vᵀ / half) A (I − v vᵀ / half) = A − v wᵀ − w vᵀ, by whole rows
    const from = k + 1;
    for (let i = from; i < n; i++) p[i] = dot(a, i * n + from, v, from, n - from) / half;
    const share = dot(v, from, p, from, n - from) / (2 * half);
    for (let i = from; i < n; i++) p[i]! -= share * v[i]!;
    for (let i = from; i < n; i++) {
      const [vi, pi, row] = [v[i]!, p[i]!, i * n];
      for (let j = from; j < n; j++) a[row + j]! -= vi * p[j]! + pi * v[j]!;
    }
  }
  if (n > 1) beside[n - 2] = a[(n - 1) * n + n - 2]!;
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), beside };
}

/** One QL round on the block from `first` to `last`, with Wilkinson's shift, by plane rotations. */
function qlRound(diagonal: Float64Array, beside: Float64Array, first: number, last: number) {
  let g = (diagonal[first + 1]! - diagonal[first]!) / (2 * beside[first]!);
  g = diagonal[last]! - diagonal[first]! +
    beside[first]! / (g + (g >= 0 ? 1 : -1) * Math.hypot(g, 1));
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const [f, b] = [sine * beside[i]!, cosine * beside[i]!];
    const r = Math.sqrt(f * f + g * g);
    beside[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1]! -= moved;
      beside[last] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = diagonal[i + 1]! - moved;
    const t = (diagonal[i]! - g) * sine + 2 * cosine * b;
    moved = sine * t;
    diagonal[i + 1] = g + moved;
    g = cosine * t - b;
  }
  diagonal[first]! -= moved;
  beside[first] = g;
  beside[last] = 0;
}
