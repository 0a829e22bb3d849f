/**
 * Small symmetric matrices as plain numbers: roots of the covariances of colours.
 *
 * @module
 */

/** A square matrix, row by row. */
export type Matrix = readonly (readonly number[])[];

/** Sweeps after which Jacobi's method has long converged at such sizes; it takes 5 or 6. */
const SWEEPS = 30;

/**
 * `f` of a symmetric matrix: `V f(Λ) Vᵀ` with its eigenvalues Λ and eigenvectors V, by Jacobi's
 * rotations (1846). Meant for a handful of rows.
 *
 * @example
 * ```ts ignore
 * spectral([[4, 0], [0, 9]], Math.sqrt); // [[2, 0], [0, 3]]
 * ```
 */
export function spectral(matrix: Matrix, f: (eigenvalue: number) => number): number[][] {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotate(a, v, p, q);
    }
  }
  return v.map((row) =>
    v.map((other) => row.reduce((sum, x, k) => sum + x * f(a[k]![k]!) * other[k]!, 0))
  );
}

/** Turns the axes p and q so that `a[p][q]` becomes 0. */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const off = a[p]![q]!;
  if (off === 0) return;
  const angle = 0.5 * Math.atan2(2 * off, a[q]![q]! - a[p]![p]!);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const turnColumns = (rows: number[][]) => {
    for (const row of rows) {
      const [x, y] = [row[p]!, row[q]!];
      row[p] = c * x - s * y;
      row[q] = s * x + c * y;
    }
  };
  turnColumns(a);
  const [x, y] = [[...a[p]!], [...a[q]!]];
  a[p] = x.map((value, k) => c * value - s * y[k]!);
  a[q] = x.map((value, k) => s * value + c * y[k]!);
  a[p]![q] = a[q]![p] = 0;
  turnColumns(v);
}

/** `A B`. */
export function product(a: Matrix, b: Matrix): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
}

/** `A x`. */
export function apply(a: Matrix, x: readonly number[]): number[] {
  return a.map((row) => row.reduce((sum, value, k) => sum + value * x[k]!, 0));
}
