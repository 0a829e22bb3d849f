import { assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { scaledDifference, sumOfSquares } from "../../../lib/engine/native/differences.ts";
import { symmetricSum } from "../../../lib/engine/native/many_numbers.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { assertAllClose } from "../../helpers/assert.ts";

const operations = new Operations(await loadRuntime(), new BufferPool());
const noise = (length: number, seed: number) => uniformNoise(length, -1, 1, seededRandom(seed));

// Around the count of squares that are added up in single precision, less than a vector, and many.
for (const length of [1, 3, 255, 256, 257, 1000, 16_385, 300_001]) {
  for (const scale of [1, 0.7]) {
    Deno.test(`${length} squares of differences, scale ${scale}, add up as in float64`, () => {
      const [a, b] = [noise(length, 1), noise(length, 2)];
      const expected = a.reduce((sum, value, i) => sum + (scale * value - b[i]!) ** 2, 0);
      const found = sumOfSquares(operations, a, b, scale);
      assertAllClose([found], [expected], { rtol: 1e-6 });
      for (const by of [1, -3]) {
        const y = new Float32Array(length);
        scaledDifference(operations, a, b, { scale, by }, y);
        assertAllClose(y, a.map((value, i) => (scale * value - b[i]!) * by), {
          rtol: 1e-5,
          atol: 1e-6,
        });
      }
    });
  }
}

Deno.test("a sum of squares keeps what is small beside what is large", () => {
  const a = new Float32Array(2 ** 20).fill(1e-3);
  a[0] = 1e3;
  const found = sumOfSquares(operations, a, new Float32Array(a.length), 1);
  assertAllClose([found - 1e6], [a.length * 1e-6], { rtol: 0.02 });
});

Deno.test("a matrix and what it is turned are added", () => {
  const [side, x] = [37, noise(37 * 37, 3)];
  const y = new Float32Array(side * side);
  symmetricSum(operations, x, side, y);
  const expected = x.map((value, i) => value + x[i % side * side + Math.floor(i / side)]!);
  assertEquals(y, expected);
});
