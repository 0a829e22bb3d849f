import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Picture } from "../../../lib/picture/picture.ts";
import { correlation, edgesOf, grainOf, halve } from "../../../lib/run/judge/pixels.ts";

const grey = (width: number, height: number, level: (x: number, y: number) => number): Picture => ({
  width,
  height,
  data: Float32Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return level(pixel % width, Math.floor(pixel / width));
  }),
});

Deno.test("halve() takes means of four and leaves an odd row and column out", () => {
  const half = halve(grey(5, 3, (x, y) => 10 * y + x));
  // (0 + 1 + 10 + 11) / 4 and (2 + 3 + 12 + 13) / 4
  assertEquals(half, { width: 2, height: 1, data: Float32Array.of(5.5, 5.5, 5.5, 7.5, 7.5, 7.5) });
});

Deno.test("grainOf() a checkerboard of 0 and 200 is 100²; of a plain picture it is 0", () => {
  assertAlmostEquals(grainOf(grey(8, 6, (x, y) => (x + y) % 2 * 200)), 10000);
  assertAlmostEquals(grainOf(grey(9, 7, () => 80)), 0, 1e-20);
});

Deno.test("grainOf() a ramp is 0 but at the border, where nothing lies beyond", () => {
  const [narrow, wide] = [20, 80].map((width) => grainOf(grey(width, 8, (x) => 2 * x)));
  // Twice 0.25 · 2 levels: a column on either side, off by half a level of 2.
  assertAlmostEquals(narrow! * 20, 2 * 1 ** 2, 1e-6);
  assertAlmostEquals(wide! * 80, 2 * 1 ** 2, 1e-6);
});

Deno.test("edgesOf() a step of 16 levels is 64 on both sides of it: (1 + 2 + 1) · 16", () => {
  const edges = edgesOf(grey(12, 8, (x) => x < 6 ? 20 : 36));
  // At half the size 6 x 4, without the border 4 x 2; the step is between columns 2 and 3.
  const rounded = [...edges].map((value) => Math.round(value * 1000) / 1000);
  assertEquals(rounded, [0, 64, 64, 0, 0, 64, 64, 0]);
});

Deno.test("correlation() is 1 for a scaled and shifted copy, 0 where nothing varies", () => {
  const values = Float32Array.of(1, 5, 2, 8);
  assertAlmostEquals(correlation(values, values.map((v) => 3 * v + 7)), 1);
  assertEquals(correlation(values, Float32Array.of(4, 4, 4, 4)), 0);
});
