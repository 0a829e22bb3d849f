/**
 * Total variation of pictures `[H, W, C]`, by vectors: some rows at a time.
 *
 * @module
 */
import { type Features, roundUp } from "./layout.ts";
import type { Region, VectorUnit } from "./vector_unit.ts";
import { SEGMENT_BYTES } from "./vector_kernels.ts";
import { FLOATS } from "./wasm.ts";

/** Numbers at a time: they stay in the cache. */
const AT_A_TIME = 2 ** 15;

/** `Σ |x[i+1, j] - x[i, j]| + Σ |x[i, j+1] - x[i, j]|`. */
export function totalVariation(unit: VectorUnit, x: Features): number {
  const line = x.width * x.channels;
  const whole = line - line % FLOATS;
  const segments = Math.ceil(4 * whole / SEGMENT_BYTES);
  let sum = 0;
  eachBand(unit, x, (rows) => rows * segments * FLOATS, (start, stride, rows, source, sums) => {
    const values = source.values;
    if (whole > 0) {
      const address = source.address + 4 * start;
      unit.call.variation(address, 4 * whole, 4 * stride, 4 * x.channels, rows, sums.address);
      for (const part of sums.values.subarray(0, rows * segments * FLOATS)) sum += part;
    }
    for (let row = 0; row < rows; row++) {
      for (let i = whole; i < line; i++) {
        const at = start + row * stride + i;
        sum += Math.abs(values[at]! - values[at - x.channels]!);
        sum += Math.abs(values[at]! - values[at - stride]!);
      }
    }
  });
  return sum;
}

/** The gradient of that times `dy`, written to `dx`. */
export function totalVariationGradient(
  unit: VectorUnit,
  x: Features,
  dy: number,
  dx: Float32Array,
): void {
  const line = x.width * x.channels;
  eachBand(
    unit,
    x,
    (rows, stride) => rows * stride,
    (start, stride, rows, source, target, first) => {
      const sizes = [4 * line, 4 * stride, 4 * x.channels, rows] as const;
      unit.call.variationGradient(source.address + 4 * start, ...sizes, target.address, dy);
      for (let row = 0; row < rows; row++) {
        const from = row * stride;
        dx.set(target.values.subarray(from, from + line), (first + row) * line);
      }
    },
  );
}

/**
 * Copies some rows of a picture, with the border that the functions need.
 *
 * @param room the floats needed for what is made of so many rows, each `stride` floats
 */
function eachBand(
  unit: VectorUnit,
  { data, width, height, channels }: Features,
  room: (rows: number, stride: number) => number,
  run: (
    start: number,
    stride: number,
    rows: number,
    source: Region,
    made: Region,
    first: number,
  ) => void,
): void {
  const line = width * channels;
  const before = roundUp(channels, FLOATS);
  const stride = before + roundUp(line + channels + FLOATS, FLOATS);
  const most = Math.min(height, Math.max(1, Math.floor(AT_A_TIME / stride)));
  const [source, made] = unit.reserve([(most + 2) * stride, room(most, stride)]);
  for (let first = 0; first < height; first += most) {
    const rows = Math.min(most, height - first);
    for (let i = 0; i < rows + 2; i++) {
      const row = Math.min(height - 1, Math.max(0, first + i - 1));
      const start = i * stride + before;
      source.values.set(data.subarray(row * line, (row + 1) * line), start);
      source.values.copyWithin(start - channels, start, start + channels);
      const end = start + line;
      for (let at = end; at < end + channels + FLOATS - 1; at++) {
        source.values[at] = source.values[at - channels]!;
      }
    }
    run(stride + before, stride, rows, source, made, first);
  }
}
