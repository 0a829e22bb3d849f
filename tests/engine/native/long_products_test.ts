import { assert } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { isLong, longProduct } from "../../../lib/engine/native/long_products.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { assertAllClose } from "../../helpers/assert.ts";

const operations = new Operations(await loadRuntime(), new BufferPool());
const matrix = (rows: number, columns: number, seed: number) => {
  const data = uniformNoise(rows * columns, -1, 1, seededRandom(seed));
  return { data, dims: [rows, columns] };
};

// Whole parts, some rows more, and as many as there are parts at least.
for (const rows of [1024, 1031, 8]) {
  Deno.test(`a product over ${rows} rows in parts is that of float64`, () => {
    const [a, b] = [matrix(rows, 5, 1), matrix(rows, 3, 2)];
    const y = new Float32Array(15).fill(7);
    longProduct(operations, a, b, y);
    const expected = Array.from(y, (_, i) => {
      const [p, q] = [Math.floor(i / 3), i % 3];
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += a.data[row * 5 + p]! * b.data[row * 3 + q]!;
      return sum;
    });
    assertAllClose(y, expected, { rtol: 1e-6, scale: "rms" });
  });
}

Deno.test("products over some rows, and of several matrices, are left to ONNX Runtime", () => {
  assert(isLong({ data: new Float32Array(0), dims: [640, 10] }));
  assert(!isLong({ data: new Float32Array(0), dims: [639, 10] }));
  assert(!isLong({ data: new Float32Array(0), dims: [1, 640, 10] }));
});
