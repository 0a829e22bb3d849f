import { assert, assertEquals, assertThrows } from "@std/assert";
import { normalNoise, seededRandom, uniformNoise } from "../../lib/base/random.ts";

Deno.test("seededRandom() gives mulberry32's numbers", () => {
  // Computed with Python integers: tests/reference/style_transfer.py holds the same generator.
  const random = seededRandom(1);
  assertEquals([random(), random(), random()].map((x) => x.toFixed(9)), [
    "0.627073941",
    "0.002735721",
    "0.527447040",
  ]);
});

Deno.test("seededRandom() repeats for a seed and differs between seeds", () => {
  const draw = (seed: number) => Array.from({ length: 8 }, seededRandom(seed));
  assertEquals(draw(7), draw(7));
  assert(draw(7).every((value, i) => value !== draw(8)[i]));
});

Deno.test("uniformNoise() fills its range evenly", () => {
  const values = uniformNoise(20_000, 128, 129, seededRandom(3));
  assert(values.every((value) => value >= 128 && value <= 129));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // The mean of 20,000 draws has a standard deviation of 0.29 / √20,000 = 0.002.
  assert(Math.abs(mean - 128.5) < 0.01, `mean ${mean}`);
});

Deno.test("seededRandom() takes whole numbers from 0 to 2^32 - 1 and no other seeds", () => {
  const first = (seed: number) => seededRandom(seed)();
  assert(first(0) !== first(2 ** 32 - 1));
  for (const seed of [-1, 0.7, 1.5, 2 ** 32, 1e99, NaN, Infinity]) {
    assertThrows(
      () => seededRandom(seed),
      RangeError,
      "Cannot make random numbers as the seed must be a whole number from 0 to 4294967295: " +
        `current value is ${seed}`,
    );
  }
  for (const seed of ["5", null, undefined, 1n]) {
    assertThrows(() => seededRandom(seed as unknown as number), TypeError, "the seed must be");
  }
});

Deno.test("normalNoise() is the Box–Muller transform of its source", () => {
  // u = 1 - 0.75, v = 0.125: sqrt(-2 ln 0.25) = sqrt(2.772589) = 1.665109; cos and sin of π/4 are
  // sqrt(0.5), and 1.665109 * 0.707107 = 1.177410; with deviation 10 about 100: 111.7741 twice.
  const draws = [0.75, 0.125, 0.75, 0.125];
  const values = normalNoise(3, 100, 10, () => draws.shift()!);
  assertEquals([...values].map((value) => value.toFixed(4)), ["111.7741", "111.7741", "111.7741"]);
  assertEquals(normalNoise(0, 0, 1, () => 0.5).length, 0);
});

Deno.test("normalNoise() has the moments and the tails of the normal distribution", () => {
  const n = 100_001;
  const values = normalNoise(n, 5, 2, seededRandom(11));
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + ((value - 5) / 2) ** power, 0) / n;
  // Standard errors of the four moments: 1, sqrt 2, sqrt 15 and sqrt 96 over sqrt n = 316; four of each.
  const expected = [[1, 0, 1], [2, 1, 1.42], [3, 0, 3.88], [4, 3, 9.8]] as const;
  for (const [power, value, spread] of expected) {
    const found = moment(power);
    assert(Math.abs(found - value) < 4 * spread / 316, `moment ${power} is ${found}`);
  }
  // 4.55 % lie beyond two deviations.
  const beyond = values.filter((value) => Math.abs(value - 5) > 4).length / n;
  assert(Math.abs(beyond - 0.0455) < 0.003, `${beyond}`);
  // Neighbours, of which pairs share a radius, are not correlated.
  const products = values.slice(1).reduce((sum, v, i) => sum + (v - 5) * (values[i]! - 5) / 4, 0) /
    n;
  assert(Math.abs(products) < 4 / 316, `correlation ${products}`);
  assert(values.every(Number.isFinite));
});
