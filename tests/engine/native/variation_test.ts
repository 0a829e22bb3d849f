import { assert, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import type { Features } from "../../../lib/engine/native/layout.ts";
import { totalVariation, totalVariationGradient } from "../../../lib/engine/native/variation.ts";
import { VectorUnit } from "../../../lib/engine/native/vector_unit.ts";
import { assertAllClose } from "../../helpers/assert.ts";

const unit = new VectorUnit(16);
const random = seededRandom(3);

/** Both as sums over pairs of neighbours, in double precision. */
function plain({ data, height, width, channels }: Features, dy: number) {
  let sum = 0;
  const gradient = new Float64Array(data.length);
  const pair = (from: number, to: number) => {
    const difference = data[to]! - data[from]!;
    sum += Math.abs(difference);
    gradient[to]! += Math.sign(difference) * dy;
    gradient[from]! -= Math.sign(difference) * dy;
  };
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    if (pixel % width > 0) pair(i - channels, i);
    if (pixel >= width) pair(i - width * channels, i);
  }
  return { sum, gradient, height };
}

// The last has more rows than are read at a time, and longer ones than a sum in single precision.
const SIZES = [[1, 1, 3], [1, 6, 3], [6, 1, 3], [13, 17, 3], [5, 9, 1], [7, 3, 5], [70, 401, 3]];
for (const [height, width, channels] of SIZES as [number, number, number][]) {
  Deno.test(`total variation of ${height}x${width}x${channels} is that of all pairs`, () => {
    // Whole levels: some neighbours are equal.
    const noise = uniformNoise(height * width * channels, 0, 9, random);
    const x = { data: noise.map(Math.floor), height, width, channels };
    const wanted = plain(x, 0.25);
    assertAllClose([totalVariation(unit, x)], [wanted.sum], { rtol: 1e-6 });
    const gradient = new Float32Array(x.data.length).fill(7);
    totalVariationGradient(unit, x, 0.25, gradient);
    assertEquals([...gradient], [...wanted.gradient]);
  });
}

Deno.test("total variation of what is no number is none", () => {
  const data = uniformNoise(40 * 40 * 3, 0, 255, random);
  data[777] = NaN;
  assert(Number.isNaN(totalVariation(unit, { data, height: 40, width: 40, channels: 3 })));
});
