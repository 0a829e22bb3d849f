/**
 * The filters of Winograd's convolution. Their order is that of a pointwise convolution of blocks, with the
 * outputs of a block side by side: `[36, out / B, in, B]`. Seen from the other side it is that of blocked
 * features, `out` channels at `in` positions, so that the same filter serves the gradient as well.
 *
 * @module
 */
import { partsOf } from "./parts.ts";
import type { FilterShape } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { reachOf, type Tile } from "./winograd_matrices.ts";

/** A transformed filter, `[36 or 16, out / block, in, block]`. */
export type WinogradFilter = {
  readonly tile: Tile;
  readonly data: Float32Array;
  readonly block: number;
};

/** So many numbers of a filter's nine planes are transformed at a time: they stay in the cache. */
const NUMBERS_AT_A_TIME = 8192;

/** A filter `[3, 3, in, out]`, and where its transform goes. */
type FilterTask = {
  readonly data: Float32Array | Float16Array;
  readonly shape: FilterShape;
  readonly result: WinogradFilter;
};

/** The first of some inputs, and where they end. */
type Inputs = readonly [first: number, end: number];

/** Transforms a 3x3 filter `[3, 3, in, out]` to `G g Gᵀ`, for each position in a tile. */
export function transformFilter(
  operations: Operations,
  data: Float32Array | Float16Array | Int32Array | Uint8Array,
  shape: FilterShape,
  tile: Tile = 4,
): WinogradFilter {
  const [, , inChannels, outChannels] = shape;
  const block = operations.block > 1 ? operations.block : outChannels;
  const kept = data instanceof Float32Array || data instanceof Float16Array;
  const numbers = kept ? data : Float32Array.from(data);
  const length = reachOf(tile) ** 2 * inChannels * outChannels;
  const result = { tile, block, data: new Float32Array(length) };
  const task = { data: numbers, shape, result };
  const parts = partsOf(inChannels, operations.parts);
  operations.share("transformFilter", transformInputs, task, parts);
  return result;
}

/** Transforms what some inputs are multiplied by. */
export function transformInputs(
  { unit }: Operations,
  { data, shape: [, , inChannels, outChannels], result }: FilterTask,
  [start, stop]: Inputs,
): void {
  const { tile, block } = result;
  const half = data instanceof Float16Array;
  const size = inChannels * outChannels;
  const positions = reachOf(tile) ** 2;
  const step = Math.min(stop - start, Math.max(1, Math.floor(NUMBERS_AT_A_TIME / outChannels)));
  const most = step * outChannels; // a multiple of four: see `winogradTile`
  const [planes, transformed] = unit.reserve([9 * most, positions * most]);
  const { buffer, byteOffset } = planes.values;
  const source = half ? new Float16Array(buffer, byteOffset, 9 * most) : planes.values;
  for (let first = start; first < stop; first += step) {
    const inputs = Math.min(step, stop - first);
    const length = inputs * outChannels;
    for (let place = 0; place < 9; place++) {
      const from = place * size + first * outChannels;
      source.set(data.subarray(from, from + length), place * length);
    }
    const [from, to] = [planes.address, transformed.address];
    const sizes = [source.BYTES_PER_ELEMENT * length, inputs, 4 * outChannels, 4 * block] as const;
    unit.call[`${half ? "halfFilter" : "filter"}${tile}`](from, ...sizes, to, 4 * length);
    let done = 0;
    for (let position = 0; position < positions; position++) {
      for (let out = 0; out < outChannels; out += block) {
        const made = transformed.values.subarray(done, done += inputs * block);
        result.data.set(made, position * size + out * inChannels + first * block);
      }
    }
  }
}
