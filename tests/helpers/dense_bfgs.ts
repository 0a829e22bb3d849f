/**
 * BFGS with the inverse Hessian written out, in float64: the twin of the limited-memory recursion.
 *
 * @module
 */

/** Plain numbers. */
export type Vector = number[];

/** `Σ a[i] b[i]`. */
export function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/**
 * `-H g`, where H starts as `s·y / y·y` of the last pair times the identity and takes in every pair by
 * `H = (I - s yᵀ / s·y) H (I - y sᵀ / s·y) + s sᵀ / s·y` (Nocedal, Wright 2006, eq. 6.17).
 */
export function denseDirection(pairs: { s: Vector; y: Vector }[], g: Vector): Vector {
  const { s, y } = pairs.at(-1)!;
  const gamma = dot(s, y) / dot(y, y);
  const identity = g.map((_, i) => g.map((_, j) => i === j ? 1 : 0));
  let inverse = identity.map((row) => row.map((value) => value * gamma));
  for (const { s, y } of pairs) {
    const rho = 1 / dot(s, y);
    const left = identity.map((row, i) => row.map((value, j) => value - rho * s[i]! * y[j]!));
    const right = transpose(left);
    inverse = multiply(multiply(left, inverse), right)
      .map((row, i) => row.map((value, j) => value + rho * s[i]! * s[j]!));
  }
  return inverse.map((row) => -dot(row, g));
}

function transpose(a: Vector[]): Vector[] {
  return a[0]!.map((_, j) => a.map((row) => row[j]!));
}

function multiply(a: Vector[], b: Vector[]): Vector[] {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}
