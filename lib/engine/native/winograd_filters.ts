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

/** Some of the inputs of one block of outputs. */
type Piece = { readonly out: number; readonly first: number; readonly end: number };

/** A filter `[3, 3, in, out]`, and where its transform goes. */
type FilterTask = {
  readonly data: Float32Array | Float16Array | Int32Array;
  readonly shape: FilterShape;
  readonly result: WinogradFilter;
};

/** Transforms a 3x3 filter `[3, 3, in, out]` to `G g Gᵀ`, for each position in a tile. */
export function transformFilter(
  operations: Operations,
  data: FilterTask["data"] | Uint8Array,
  shape: FilterShape,
  tile: Tile = 4,
): WinogradFilter {
  const [, , inChannels, outChannels] = shape;
  const block = operations.block > 1 ? operations.block : outChannels;
  const numbers = data instanceof Uint8Array ? Float32Array.from(data) : data;
  const length = reachOf(tile) ** 2 * inChannels * outChannels;
  const result = { tile, block, data: new Float32Array(length) };
  const pieces: Piece[] = [];
  const most = Math.max(1, Math.floor(NUMBERS_AT_A_TIME / block));
  for (let out = 0; out < outChannels; out += block) {
    for (let first = 0; first < inChannels; first += most) {
      pieces.push({ out, first, end: Math.min(inChannels, first + most) });
    }
  }
  const parts = partsOf(pieces.length, operations.parts)
    .map(([first, end]) => pieces.slice(first, end));
  operations.share("transformFilter", transformPieces, { data: numbers, shape, result }, parts);
  return result;
}

/** Transforms some pieces. */
export function transformPieces(
  { unit }: Operations,
  task: FilterTask,
  pieces: readonly Piece[],
): void {
  const { data, shape: [, , inChannels, outChannels] } = task;
  const { tile, block, data: result } = task.result;
  const size = inChannels * outChannels;
  const positions = reachOf(tile) ** 2;
  for (const { out, first, end } of pieces) {
    const length = (end - first) * block; // a multiple of four: see `winogradTile`
    const [planes, transformed] = unit.reserve([9 * length, positions * length]);
    let to = 0;
    for (let place = 0; place < 9; place++) {
      for (let i = first; i < end; i++, to += block) {
        const from = place * size + i * outChannels + out;
        for (let o = 0; o < block; o++) planes.values[to + o] = data[from + o]!;
      }
    }
    unit.call[`filter${tile}`](planes.address, 4 * length, transformed.address);
    for (let position = 0; position < positions; position++) {
      const values = transformed.values.subarray(position * length, (position + 1) * length);
      result.set(values, position * size + out * inChannels + first * block);
    }
  }
}
