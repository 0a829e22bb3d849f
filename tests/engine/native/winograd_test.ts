import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import type { Features } from "../../../lib/engine/native/layout.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { sizesOnly } from "../../../lib/engine/native/pooled_rows.ts";
import { pairsGradient, poolPairs } from "../../../lib/engine/native/pooling.ts";
import { winogradConvolution, winogradTile } from "../../../lib/engine/native/winograd.ts";
import {
  FORWARD,
  TILES,
  TURNED,
  type WinogradMatrices,
} from "../../../lib/engine/native/winograd_matrices.ts";
import { transformFilter } from "../../../lib/engine/native/winograd_filters.ts";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { assertAllClose } from "../../helpers/assert.ts";

const random = seededRandom(11);
const features = (channels: number, height: number, width: number): Features => (
  { data: uniformNoise(channels * height * width, -1, 1, random), channels, height, width }
);

/** Σ over a window of `x` times a filter `[3, 3, in, out]`, in float64. */
function convolve(x: Features, filter: Float32Array, out: number, turned: boolean): Float64Array {
  const y = new Float64Array(x.height * x.width * out);
  const weight = (r: number, c: number, i: number, o: number) =>
    turned
      ? filter[(((2 - r) * 3 + 2 - c) * out + o) * x.channels + i]
      : filter[((r * 3 + c) * x.channels + i) * out + o];
  for (let at = 0; at < y.length; at++) {
    const [o, position] = [at % out, Math.floor(at / out)];
    const [row, column] = [Math.floor(position / x.width), position % x.width];
    for (let r = 0; r < 3; r++) {
      for (let c = 0; c < 3; c++) {
        const [yy, xx] = [row + r - 1, column + c - 1];
        if (yy < 0 || yy >= x.height || xx < 0 || xx >= x.width) continue;
        for (let i = 0; i < x.channels; i++) {
          y[at]! += x.data[(yy * x.width + xx) * x.channels + i]! * weight(r, c, i, o)!;
        }
      }
    }
  }
  return y;
}

/** `Aᵀ ((G g) · (Bᵀ d))` of six numbers and a filter of three. */
function alongOneAxis({ input, filter, output }: WinogradMatrices, d: number[], g: number[]) {
  const times = (matrix: number[][], x: number[]) =>
    matrix.map((row) => row.reduce((sum, value, i) => sum + value * x[i]!, 0));
  const [u, v] = [times(filter, g), times(input, d)];
  return times(output, u.map((value, i) => value * v[i]!));
}

for (const tile of TILES) {
  Deno.test(`Winograd's matrices give ${tile} products of a filter with three numbers`, () => {
    // 1·1 + 2·10 + 3·100 = 321, and so on
    for (const matrices of [FORWARD[tile], TURNED[tile]]) {
      const y = alongOneAxis(matrices, [1, 2, 3, 4, 5, 6].slice(0, tile + 2), [1, 10, 100]);
      assertAllClose(y, [321, 432, 543, 654].slice(0, tile), { rtol: 1e-12 });
    }
  });

  Deno.test(`a turned filter has the same transform with tiles of ${tile}, in reverse order`, () => {
    const [g, turned] = [[2, 3, 5], [5, 3, 2]];
    const at = ({ filter }: WinogradMatrices, g: number[]) =>
      filter.map((row) => row.reduce((sum, value, i) => sum + value * g[i]!, 0));
    assertAllClose(at(TURNED[tile], turned), at(FORWARD[tile], g), { rtol: 1e-12 });
  });
}

// The last has more tiles in a row than are worked on at a time.
const SIZES = [[16, 16], [13, 35], [70, 9], [9, 1030]] as const;
/** As wide as the processor's vectors, or plain matrices where ONNX Runtime has no blocks. */
const BLOCKS = [undefined, 1];
const cases = SIZES.flatMap((size) =>
  TILES.flatMap((tile) => BLOCKS.map((block) => ({ size, tile, block })))
);
for (const { size: [height, width], tile, block } of cases) {
  const how = `in tiles of ${tile}${block ? ", plain matrices," : ""}`;
  Deno.test(`a convolution of ${height}x${width} ${how} is the plain sum`, async () => {
    const operations = new Operations(await loadRuntime(), new BufferPool(), block);
    const [x, y] = [features(16, height!, width!), features(32, height!, width!)];
    const filter = uniformNoise(9 * 16 * 32, -1, 1, random);
    const bias = uniformNoise(32, -1, 1, random);
    const transformed = transformFilter(operations, filter, [3, 3, 16, 32], tile);
    winogradConvolution(operations, x, transformed, y, { bias, relu: true });
    const expected = convolve(x, filter, 32, false).map((v, i) => Math.max(0, v + bias[i % 32]!));
    assertAllClose(y.data, expected, { rtol: 2e-5, scale: "rms" });

    const add = uniformNoise(x.data.length, -1, 1, random);
    const dx = { ...x, data: add.slice() };
    winogradConvolution(operations, y, transformed, dx, { add: dx.data, mask: x.data });
    const gradient = convolve(y, filter, 16, true);
    const masked = gradient.map((v, i) => x.data[i]! > 0 ? v + add[i]! : 0);
    assertAllClose(dx.data, masked, { rtol: 2e-5, scale: "rms" });
  });
}

for (const tile of TILES) {
  Deno.test(`a filter of half precision is that of single precision, in tiles of ${tile}`, async () => {
    const operations = new Operations(await loadRuntime(), new BufferPool());
    const halves = Float16Array.from(uniformNoise(9 * 48 * 32, -1, 1, random));
    // The largest and the smallest numbers there are, and those without an exponent.
    halves.set([65504, -65504, 2 ** -24, -(2 ** -24), 3 * 2 ** -20, 0, -0, 2 ** -14]);
    const shape = [3, 3, 48, 32] as const;
    const [half, single] = [halves, Float32Array.from(halves)].map((data) =>
      transformFilter(operations, data, shape, tile)
    );
    assertEquals(half!.data, single!.data);
  });
}

for (const [height, width] of [[41, 67], [21, 1030]]) {
  Deno.test(`Winograd's convolution of ${height}x${width} may write over its input`, async () => {
    const operations = new Operations(await loadRuntime(), new BufferPool());
    const x = features(16, height!, width!);
    const transformed = transformFilter(operations, uniformNoise(9 * 256, -1, 1, random), [
      3,
      3,
      16,
      16,
    ]);
    const apart = { ...x, data: new Float32Array(x.data.length) };
    winogradConvolution(operations, x, transformed, apart, {});
    winogradConvolution(operations, x, transformed, x, {});
    assertEquals(x.data, apart.data);
  });
}

// Even and odd sides, and the last with more tiles in a row than are worked on at a time.
for (const [height, width] of [[16, 16], [13, 35], [70, 9], [9, 1030]] as const) {
  for (const tile of TILES) {
    Deno.test(`features of ${height}x${width} in tiles of ${tile} may be pooled at once`, async () => {
      const operations = new Operations(await loadRuntime(), new BufferPool());
      const [x, whole] = [features(16, height, width), features(32, height, width)];
      const filter = uniformNoise(9 * 16 * 32, -1, 1, random);
      // Negative for half of the channels, so that there are windows without a positive value.
      const bias = Float32Array.from({ length: 32 }, (_, i) => i % 2 ? -8 : 1);
      const transformed = transformFilter(operations, filter, [3, 3, 16, 32], tile);
      const half = () => features(32, Math.ceil(height / 2), Math.ceil(width / 2));
      const [separate, values, dy] = [half(), half(), half()];
      winogradConvolution(operations, x, transformed, whole, { bias, relu: true });
      poolPairs(operations, whole, separate);
      const places = { ...values, channels: 8, data: new Float32Array(values.data.length / 4) };
      const finish = { bias, relu: true };
      winogradConvolution(operations, x, transformed, sizesOnly(whole), finish, { values, places });
      assertEquals(values.data, separate.data);
      assert(separate.data.includes(0));

      const [add, mask] = [features(16, height, width).data, features(16, height, width).data];
      const [expected, dx] = [features(16, height, width), features(16, height, width)];
      pairsGradient(operations, whole, dy, whole, { mask: true });
      winogradConvolution(operations, whole, transformed, expected, { add, mask });
      const pooled = { values: dy, places };
      winogradConvolution(operations, sizesOnly(whole), transformed, dx, { add, mask }, pooled);
      assertEquals(dx.data, expected.data);
    });
  }
}

// The rows of the last are whole tiles: what is added is written where the result will be.
for (const [height, width] of [[41, 67], [21, 1030], [22, 64]]) {
  Deno.test(`a gradient of ${height}x${width} may be written as it is needed`, async () => {
    const operations = new Operations(await loadRuntime(), new BufferPool());
    const x = features(16, height!, width!);
    const transformed = transformFilter(operations, uniformNoise(9 * 256, -1, 1, random), [
      3,
      3,
      16,
      16,
    ]);
    const add = uniformNoise(x.data.length, -1, 1, random);
    const [whole, parts] = [0, 0].map(() => ({ ...x, data: new Float32Array(x.data.length) }));
    winogradConvolution(operations, x, transformed, whole!, { add });
    winogradConvolution(operations, x, transformed, parts!, { add: { kind: "sum", parts: [add] } });
    assertEquals(parts!.data, whole!.data);
  });
}

Deno.test("few tiles, other filters, strides and odd counts of channels are left to others", () => {
  const size = { height: 16, width: 32 };
  assertEquals(winogradTile([3, 3, 16, 32], 1, size), 4);
  assertEquals(winogradTile([3, 3, 16, 32], 1, { height: 16, width: 28 }), 2);
  assertEquals(winogradTile([3, 3, 16, 32], 1, { height: 8, width: 7 }), 2);
  assertEquals(winogradTile([3, 3, 16, 32], 1, { height: 8, width: 6 }), undefined);
  assertEquals(winogradTile([3, 3, 16, 32], 2, size), undefined);
  assertEquals(winogradTile([3, 3, 16, 20], 1, size), undefined);
  assertEquals(winogradTile([5, 5, 16, 32], 1, size), undefined);
});

Deno.test("the gradient of pooling may write over the features", async () => {
  const operations = new Operations(await loadRuntime(), new BufferPool());
  const [x, dy] = [features(16, 7, 9), features(16, 4, 5)];
  const y = { ...dy, data: new Float32Array(dy.data.length) };
  poolPairs(operations, x, y);
  assertEquals(Math.max(...y.data), Math.max(...x.data));
  const apart = { ...x, data: new Float32Array(x.data.length) };
  pairsGradient(operations, x, dy, apart, { mask: true });
  pairsGradient(operations, x, dy, x, { mask: true });
  assertEquals(x.data, apart.data);
});
