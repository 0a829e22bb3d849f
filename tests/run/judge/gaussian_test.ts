import { assertAlmostEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { gaussianOf, wassersteinDistance } from "../../../lib/run/judge/gaussian.ts";

const cloud = (count: number, size: number, seed: number) =>
  uniformNoise(count * size, 0, 10, seededRandom(seed));

Deno.test("gaussianOf() counts rows that are no multiple of four: 0, 3, 6 have variance 6", () => {
  const { mean, covariance } = gaussianOf(Float32Array.of(0, 1, 3, 1, 6, 4), 2);
  assertAlmostEquals(mean[0]!, 3);
  assertAlmostEquals(covariance[0]!, 6); // (9 + 0 + 9) / 3
  assertAlmostEquals(covariance[1]!, 3); // (-3 · -1 + 0 · -1 + 3 · 2) / 3
  assertAlmostEquals(covariance[2]!, 3);
  assertAlmostEquals(covariance[3]!, 2); // (1 + 1 + 4) / 3
});

Deno.test("wassersteinDistance() on a line is the root of (μ − μ')² + (σ − σ')²", () => {
  // 0, 2: mean 1, deviation 1. 0, 10: mean 5, deviation 5. (1 − 5)² + (1 − 5)² = 32
  const [a, b] = [gaussianOf(Float32Array.of(0, 2), 1), gaussianOf(Float32Array.of(0, 10), 1)];
  assertAlmostEquals(wassersteinDistance(a, b), Math.sqrt(32));
});

Deno.test("wassersteinDistance() of a cloud that was moved is the length of the way", () => {
  const rows = cloud(40, 5, 1);
  const moved = rows.map((value, i) => value + (i % 5 === 1 ? 3 : i % 5 === 4 ? -4 : 0));
  assertAlmostEquals(wassersteinDistance(gaussianOf(rows, 5), gaussianOf(moved, 5)), 5, 1e-5);
});

Deno.test("wassersteinDistance() of a cloud swollen by k about its mean is (k − 1) √tr Σ", () => {
  const rows = cloud(64, 6, 2);
  const a = gaussianOf(rows, 6);
  const swollen = rows.map((value, i) => a.mean[i % 6]! + 3 * (value - a.mean[i % 6]!));
  let trace = 0;
  for (let i = 0; i < 6; i++) trace += a.covariance[7 * i]!;
  const distance = wassersteinDistance(a, gaussianOf(swollen, 6));
  assertAlmostEquals(distance, 2 * Math.sqrt(trace), 1e-5);
});

Deno.test("wassersteinDistance() does not see the order of the rows, is symmetric, and 0 to itself", () => {
  // Fewer rows than channels: covariances without full rank.
  const [rows, others] = [cloud(9, 20, 3), cloud(11, 20, 4)];
  const reversed = Float32Array.from(
    { length: 9 },
    (_, i) => 8 - i,
  );
  const shuffled = Float32Array.from(
    rows,
    (_, i) => rows[reversed[Math.floor(i / 20)]! * 20 + i % 20]!,
  );
  const [a, b] = [gaussianOf(rows, 20), gaussianOf(others, 20)];
  assertAlmostEquals(wassersteinDistance(a, gaussianOf(shuffled, 20)), 0, 1e-5);
  assertAlmostEquals(wassersteinDistance(a, a), 0, 1e-5);
  assertAlmostEquals(wassersteinDistance(a, b), wassersteinDistance(b, a), 1e-6);
});
