import { assert, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { fromPalette, toPalette } from "../../../lib/network/weights/palette.ts";

function squaredError(values: Float32Array, size: number): number {
  const back = fromPalette(toPalette(values, size));
  return values.reduce((sum, value, i) => sum + (value - back[i]!) ** 2, 0);
}

/**
 * The least squared error of all palettes of `size` values, in float64: the best split of the sorted
 * values into stretches, by dynamic programming over where the last stretch starts.
 */
function leastError(values: Float32Array, size: number): number {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const cost = (from: number, to: number) => {
    const part = sorted.slice(from, to);
    const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
    return part.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  let best = sorted.map((_, i) => cost(0, i + 1));
  for (let count = 2; count <= size; count++) {
    best = best.map((before, end) => {
      let least = before;
      for (let start = 1; start <= end; start++) {
        least = Math.min(least, best[start - 1]! + cost(start, end + 1));
      }
      return least;
    });
  }
  return best.at(-1)!;
}

/** Like weights: many small ones, few large ones. */
function weightsLike(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from(
    { length: count },
    () => Math.sign(random() - 0.5) * -Math.log(1 - random()) * 0.02,
  );
}

Deno.test("toPalette() keeps up to 256 values as they are", () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => (i * 37 % 200) / 7 - 3);
  const { table, index } = toPalette(values);
  assertEquals(table.length, 200);
  assertEquals(fromPalette({ table, index }), values);
});

Deno.test("toPalette() of one value, and of none but one repeated", () => {
  assertEquals(toPalette(new Float32Array([3])).table, new Float32Array([3]));
  assertEquals(toPalette(new Float32Array(50).fill(-0.5)).table, new Float32Array([-0.5]));
});

Deno.test("toPalette() takes the nearest value for each, and each value is the mean of its own", () => {
  const values = weightsLike(5000, 1);
  const { table, index } = toPalette(values, 16);
  assertEquals(table.length, 16);
  assertEquals(table, table.slice().sort());
  const sums = new Float64Array(16);
  const counts = new Float64Array(16);
  values.forEach((value, i) => {
    const chosen = Math.abs(value - table[index[i]!]!);
    assert(table.every((other) => chosen <= Math.abs(value - other) + 1e-9));
    sums[index[i]!]! += value;
    counts[index[i]!]!++;
  });
  table.forEach((value, i) => {
    assert(Math.abs(value - sums[i]! / counts[i]!) < 1e-6, `${value} is no mean`);
  });
});

for (
  const [name, values] of [
    ["weights", weightsLike(300, 2)],
    ["evenly spread values", uniformNoise(300, -1, 1, seededRandom(3))],
  ] as const
) {
  Deno.test(`toPalette() of ${name} has the least error there is`, () => {
    for (const size of [2, 5, 12]) {
      const [found, least] = [squaredError(values, size), leastError(values, size)];
      const close = Math.abs(found - least) <= 1e-5 * least;
      assert(close, `${size} values: ${found} instead of ${least}`);
    }
  });
}

Deno.test("toPalette() of 100,000 values comes close to what theory says of the best", () => {
  // Panter and Dite: 256 values leave a mean square of (integral of the cube root of the density)^3
  // / (12 * 256^2); with a density of 2 x on 0 to 1 that is 2 * (3/4)^3 / (12 * 256^2).
  const values = uniformNoise(100_000, 0, 1, seededRandom(4)).map(Math.sqrt);
  const found = squaredError(values, 256) / values.length;
  const best = 2 * (3 / 4) ** 3 / (12 * 256 ** 2);
  assert(Math.abs(found / best - 1) < 0.03, `${found} instead of ${best}`);
});
