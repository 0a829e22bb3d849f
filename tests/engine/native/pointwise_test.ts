import { assertAllClose } from "../../helpers/assert.ts";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { multiplyBlocks } from "../../../lib/engine/native/pointwise.ts";

const noise = (length: number, seed: number) => uniformNoise(length, -1, 1, seededRandom(seed));

const operations = new Operations(await loadRuntime(), new BufferPool());
// As wide as this processor's vectors, which may be 1 on some; and plain matrices on all.
for (const block of new Set([operations.block, 1])) {
  Deno.test(`products of matrices in blocks of ${block} are those of float64`, () => {
    const [count, rows, inputs, outputs] = [5, 7, 2 * 16, 3 * 16];
    const x = noise(count * rows * inputs, 1);
    const filter = noise(count * inputs * outputs, 2);
    const y = new Float32Array(count * rows * outputs);
    multiplyBlocks(operations, block, { count, rows, inputs, outputs, x, filter, y });
    /** Where column `c` of row `r` is, in blocks of columns. */
    const place = (product: number, height: number, width: number, r: number, c: number) => {
      const side = block === 1 ? width : block;
      const within = Math.floor(c / side) * height * side + r * side + c % side;
      return product * height * width + within;
    };
    const [found, expected]: [number[], number[]] = [[], []];
    for (let product = 0; product < count; product++) {
      for (let r = 0; r < rows; r++) {
        for (let o = 0; o < outputs; o++) {
          let sum = 0;
          for (let i = 0; i < inputs; i++) {
            sum += x[place(product, rows, inputs, r, i)]! *
              filter[place(product, inputs, outputs, i, o)]!;
          }
          found.push(y[place(product, rows, outputs, r, o)]!);
          expected.push(sum);
        }
      }
    }
    assertAllClose(found, expected, { rtol: 1e-5, atol: 1e-5 });
  });
}
