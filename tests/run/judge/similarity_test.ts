import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { selfSimilarity, similarityDistance } from "../../../lib/run/judge/similarity.ts";

Deno.test("selfSimilarity() of features at right angles is 1, of those in line 0", () => {
  const features = Float32Array.of(2, 0, 0, 3, 5, 0); // [1, 1, 3, 2]
  const { places, distances } = selfSimilarity(features, [1, 1, 3, 2]);
  assertEquals(places, 3);
  assertEquals([...distances], [1, 0, 1]); // (2nd, 1st), (3rd, 1st), (3rd, 2nd)
});

Deno.test("similarityDistance() counts every pair twice, and a place with itself", () => {
  const alike = selfSimilarity(Float32Array.of(1, 0, 1, 0), [1, 1, 2, 2]);
  const apart = selfSimilarity(Float32Array.of(1, 0, 0, 1), [1, 1, 2, 2]);
  assertEquals(similarityDistance(alike, apart), 0.5); // (0 + 1 + 1 + 0) / 4
});

Deno.test("selfSimilarity() does not see brightness, nor both pictures shuffled alike", () => {
  const [a, b] = [1, 2].map((seed) => uniformNoise(4 * 5 * 6, 0, 1, seededRandom(seed)));
  const brighter = a!.map((value, i) => value * (1 + Math.floor(i / 6)));
  const shape = [1, 4, 5, 6] as const;
  const turned = (values: Float32Array) =>
    Float32Array.from(values, (_, i) => values[(19 - Math.floor(i / 6)) * 6 + i % 6]!);
  const of = (values: Float32Array) => selfSimilarity(values, shape);
  assertAlmostEquals(similarityDistance(of(a!), of(brighter)), 0, 1e-7);
  assertAlmostEquals(
    similarityDistance(of(turned(a!)), of(turned(b!))),
    similarityDistance(of(a!), of(b!)),
    1e-12,
  );
});

Deno.test("selfSimilarity() takes at most 32 places along a side", () => {
  const places = (height: number, width: number) =>
    selfSimilarity(new Float32Array(height * width), [1, height, width, 1]).places;
  assertEquals(places(2, 32), 64);
  assertEquals(places(2, 33), 17); // every second: 1 row of 17
  assertEquals(places(65, 3), 22); // every third
});
