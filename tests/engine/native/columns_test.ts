import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { columnGradient } from "../../../lib/engine/native/column_gradient.ts";
import { CHANNELS, columnConvolution, columnFilter } from "../../../lib/engine/native/columns.ts";
import { type Window, windowOf } from "../../../lib/engine/native/layers.ts";
import type { Features } from "../../../lib/engine/native/layout.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { assertAllClose } from "../../helpers/assert.ts";

const operations = new Operations(await loadRuntime(), new BufferPool());
const random = seededRandom(8);
const OUT = 16;

/** Calls back with the places in picture, filter and result of each number that a window sees. */
function eachSeen(
  x: Features,
  y: Features,
  { size: [rows, columns], strides, top, left }: Window,
  visit: (pixel: number, weight: number, position: number) => void,
) {
  for (let position = 0; position < y.height * y.width; position++) {
    for (let tap = 0; tap < rows * columns; tap++) {
      const [r, c] = [Math.floor(tap / columns), tap % columns];
      const row = Math.floor(position / y.width) * strides[0] + r - top;
      const column = position % y.width * strides[1] + c - left;
      if (row < 0 || row >= x.height || column < 0 || column >= x.width) continue;
      visit(row * x.width + column, tap, position);
    }
  }
}

// The last ones have more windows than are worked on at a time, in several rows and in one.
const CASES = [
  { picture: [13, 17], filter: 3, strides: 1, padding: "same" },
  { picture: [13, 17], filter: 3, strides: 1, padding: "valid" },
  { picture: [30, 41], filter: 7, strides: 2, padding: "same" },
  { picture: [31, 22], filter: 7, strides: 2, padding: "valid" },
  { picture: [23, 29], filter: 2, strides: 3, padding: "valid" },
  { picture: [3, 2], filter: 5, strides: 1, padding: "same" },
  { picture: [90, 101], filter: 3, strides: 1, padding: "same" },
  { picture: [3, 5000], filter: 3, strides: 1, padding: "same" },
] as const;
for (const { picture: [height, width], filter, strides, padding } of CASES) {
  const how = `${filter}x${filter}, strides ${strides}, ${padding}`;
  Deno.test(`a picture of ${height}x${width} in columns, ${how}, is the plain sum`, () => {
    const noise = (length: number) => uniformNoise(length, -1, 1, random);
    const x = { data: noise(height * width * CHANNELS), channels: CHANNELS, height, width };
    const window = windowOf(x, [filter, filter], strides, padding);
    const length = (side: number) =>
      padding === "same" ? Math.ceil(side / strides) : Math.floor((side - filter) / strides) + 1;
    const [down, across] = [length(height), length(width)];
    const y = { data: noise(down * across * OUT), channels: OUT, height: down, width: across };
    const weights = noise(filter ** 2 * CHANNELS * OUT);
    const bias = noise(OUT);
    const matrix = columnFilter(weights, bias);

    const slope = new Float64Array(x.data.length);
    const sums = new Float64Array(y.data.length).map((_, i) => bias[i % OUT]!);
    eachSeen(x, y, window, (pixel, tap, position) => {
      for (let i = 0; i < CHANNELS; i++) {
        for (let o = 0; o < OUT; o++) {
          const weight = weights[(tap * CHANNELS + i) * OUT + o]!;
          sums[position * OUT + o]! += x.data[pixel * CHANNELS + i]! * weight;
          slope[pixel * CHANNELS + i]! += y.data[position * OUT + o]! * weight;
        }
      }
    });

    const dx = { ...x, data: new Float32Array(x.data.length).fill(7) };
    columnGradient(operations, y, matrix, window, dx);
    assertAllClose(dx.data, slope, { rtol: 1e-5, scale: "rms" });
    columnConvolution(operations, x, matrix, window, true, y);
    assertAllClose(y.data, sums.map((sum) => Math.max(0, sum)), { rtol: 1e-5, scale: "rms" });
  });
}
