import { assertAlmostEquals, assertThrows } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { choleskyFactor, eigenvaluesOf } from "../../../lib/run/judge/symmetric.ts";

/** B Bᵀ of a random B `[n, rank]`: symmetric, of that rank. */
function ofRank(n: number, rank: number): Float64Array {
  const b = uniformNoise(n * rank, -1, 1, seededRandom(3));
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < rank; k++) a[i * n + j]! += b[i * rank + k]! * b[j * rank + k]!;
    }
  }
  return a;
}

const trace = (a: Float64Array, n: number) =>
  a.reduce((sum, value, i) => i % (n + 1) === 0 ? sum + value : sum, 0);

Deno.test("eigenvaluesOf() of second differences are 2 - 2 cos(k π / (n + 1))", () => {
  const n = 50;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = 2;
    if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
  }
  eigenvaluesOf(a, n).forEach((value, k) =>
    assertAlmostEquals(value, 2 - 2 * Math.cos((k + 1) * Math.PI / (n + 1)), 1e-13)
  );
});

Deno.test("eigenvaluesOf() sum to the trace, their squares to the sum of all squares", () => {
  const n = 60;
  const a = ofRank(n, n);
  const values = eigenvaluesOf(a, n);
  assertAlmostEquals(values.reduce((sum, v) => sum + v, 0), trace(a, n), 1e-10);
  const squares = (values: Float64Array) => values.reduce((sum, v) => sum + v * v, 0);
  assertAlmostEquals(squares(values) / squares(a), 1, 1e-13);
});

Deno.test("eigenvaluesOf() of a matrix of rank 7 are 0 but for seven", () => {
  const n = 90;
  const values = eigenvaluesOf(ofRank(n, 7), n);
  const [greatest] = values.slice(-1);
  values.slice(0, -7).forEach((value) => assertAlmostEquals(value / greatest!, 0, 1e-14));
  if (!(values[n - 7]! > 0.1 * greatest!)) throw new Error(`the seventh is ${values[n - 7]}`);
});

Deno.test("eigenvaluesOf() takes single numbers, diagonals and zeros, and leaves its input alone", () => {
  assertAlmostEquals(eigenvaluesOf(Float64Array.of(-4), 1)[0]!, -4);
  const diagonal = Float64Array.of(3, 0, 0, 0, 1, 0, 0, 0, 2);
  eigenvaluesOf(diagonal, 3).forEach((value, i) => assertAlmostEquals(value, i + 1));
  assertAlmostEquals(diagonal[0]!, 3);
  eigenvaluesOf(new Float64Array(16), 4).forEach((value) => assertAlmostEquals(value, 0));
});

Deno.test("eigenvaluesOf() throws where there is a NaN", () => {
  const a = ofRank(4, 4);
  a[5] = NaN;
  assertThrows(() => eigenvaluesOf(a, 4), RangeError, "must be finite");
});

for (const [n, rank] of [[30, 30], [30, 12]] as const) {
  Deno.test(`choleskyFactor() of a matrix of ${n} rows and rank ${rank} gives it back as L Lᵀ`, () => {
    const a = ofRank(n, rank);
    const l = choleskyFactor(a, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += l[i * n + k]! * l[j * n + k]!;
        assertAlmostEquals(sum, a[i * n + j]!, 1e-6 * trace(a, n));
        if (j > i) assertAlmostEquals(l[i * n + j]!, 0, 0);
      }
    }
  });
}
