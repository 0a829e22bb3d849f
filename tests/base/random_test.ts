import { assert, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";

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
