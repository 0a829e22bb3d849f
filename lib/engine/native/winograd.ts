/**
 * 3x3 convolutions by Winograd's method: a quarter of the multiplications. Some tiles at a time
 * go through three steps that stay in the processor's cache: to 36 matrices `[tiles, in]`, 36
 * matrix products with the transformed filter, back to features. Small features take smaller tiles, with
 * 16 matrices and four ninths of the multiplications.
 *
 * @module
 */
import { type Deferral, isDeferral, writeDeferral } from "./deferral.ts";
import type { Features, FilterShape } from "./layout.ts";
import { partsFor, partsOf } from "./lanes.ts";
import type { Operations } from "./operations.ts";
import { GROUP } from "./vector_kernels.ts";
import { copyIn, copyOut } from "./vector_unit.ts";
import type { WinogradFilter } from "./winograd_filters.ts";
import { type Tile, TILES } from "./winograd_matrices.ts";
import { Transforms } from "./winograd_transforms.ts";

/** Matrix products are at their best with about so many rows. */
const TILES_AT_A_TIME = 128;
/** With fewer tiles, reading the matrices of the filter takes longer than what they save. */
const FEWEST_TILES = 32;
/** With fewer for each thread, one product on all threads is faster than one on each. */
const FEWEST_TILES_A_THREAD = 64;

/** The side of the tiles for a convolution whose result has this size; none if the method does not suit it. */
export function winogradTile(
  [filterHeight, filterWidth, inChannels, outChannels]: FilterShape,
  strides: number,
  { height, width }: { height: number; width: number },
): Tile | undefined {
  const suits = filterHeight === 3 && filterWidth === 3 && strides === 1 &&
    inChannels % GROUP === 0 && outChannels % GROUP === 0;
  if (!suits) return undefined;
  return TILES.find((tile) => Math.ceil(height / tile) * Math.ceil(width / tile) >= FEWEST_TILES);
}

/** What the forward convolution does to its result. */
export type WinogradForward = { readonly bias: Float32Array; readonly relu: boolean };

/** Where the gradient goes. */
export type WinogradGradient = {
  /** Added to the result: may be the result's own buffer, or numbers that are made as they are needed. */
  readonly add?: Float32Array | Deferral;
  /** The result is kept where this is positive. */
  readonly mask?: Float32Array;
};

/** A convolution. */
export type WinogradTask = {
  readonly x: Features;
  readonly filter: WinogradFilter;
  readonly y: Features;
  readonly finish: WinogradForward | WinogradGradient;
  /** Rows of tiles that are worked on at a time. */
  readonly rows: number;
};

/** Some of its bands of so many rows of tiles. */
type Bands = {
  readonly firstBand: number;
  readonly endBand: number;
  /** Where others write over `x`: its row before the first band, and that after the last, as they were. */
  readonly above?: Float32Array;
  readonly below?: Float32Array;
};

/**
 * Convolves `x` with a transformed filter, or, with `WinogradGradient`, with the
 * filter turned. `y` is as large as `x`, or by two rows and columns smaller (only whole windows) or
 * larger (the gradient of that). It may be `x` where both are equally large.
 */
export function winogradConvolution(
  operations: Operations,
  x: Features,
  filter: WinogradFilter,
  y: Features,
  finish: WinogradForward | WinogradGradient,
): void {
  const { tile } = filter;
  const across = Math.ceil(y.width / tile);
  const down = Math.ceil(y.height / tile);
  const fewest = Math.ceil(down / Math.max(1, Math.floor(TILES_AT_A_TIME / across)));
  const threads = Math.min(operations.threads, Math.floor(down * across / FEWEST_TILES_A_THREAD));
  const rows = Math.ceil(down / (threads > 1 ? threads * Math.ceil(fewest / threads) : fewest));
  const bands = partsOf(Math.ceil(down / rows), partsFor(threads));
  const row = x.width * x.channels;
  const copy = (band: number, by: number) => {
    const at = (tile * rows * band + by) * row;
    const inside = at >= 0 && tile * rows * band < x.height;
    return x.data.buffer === y.data.buffer && inside ? x.data.slice(at, at + row) : undefined;
  };
  const parts = bands.map(([firstBand, endBand]): Bands => {
    return { firstBand, endBand, above: copy(firstBand, -1), below: copy(endBand, 0) };
  });
  operations.share("convolve", convolveBands, { x, filter, y, finish, rows }, parts);
}

/** Does some bands, one after the other. */
export function convolveBands(
  operations: Operations,
  task: WinogradTask,
  { firstBand, endBand, above, below }: Bands,
): void {
  const { x, filter, y, finish, rows } = task;
  const { height, width } = y;
  const { tile } = filter;
  const before = 1 + (height - x.height) / 2; // how far the first window reaches beyond the border
  const across = Math.ceil(width / tile);
  const end = Math.min(endBand * rows, Math.ceil(height / tile));
  const columns = Math.ceil(across / Math.ceil(rows * across / TILES_AT_A_TIME));
  const xRow = (tile * across + 2) * x.channels;
  const transforms = new Transforms(operations, task, rows * columns, xRow);
  const { target, extra, rowsAdded, sources } = transforms;
  const { add = undefined, mask = undefined } = "bias" in finish ? {} : finish;
  const read = (first: number) => {
    const count = tile * Math.min(rows, end - first) + 2;
    const source = sources[first / rows % 2]!;
    copyIn(x, { first: tile * first - before, count, row: xRow, left: before }, source);
    const left = before * x.channels;
    if (above && first === firstBand * rows) source.values.set(above, left);
    if (below && first + rows >= end) source.values.set(below, (count - 1) * xRow + left);
    return source;
  };
  let next = read(firstBand * rows);
  for (let first = firstBand * rows; first < end; first += rows) {
    const source = next;
    // Now, as `y` may be `x`: what is written next must have been read.
    if (first + rows < end) next = read(first + rows);
    const tileRows = Math.min(rows, end - first);
    const count = Math.min(tile * tileRows, height - tile * first);
    const added = add && isDeferral(add)
      ? { ...y, height: count, data: rowsAdded.values }
      : undefined;
    if (added) {
      const row = y.width * y.channels;
      const values = added.data.subarray(0, count * row);
      writeDeferral(operations, add as Deferral, values, tile * first * row);
    }
    for (let left = 0; left < across; left += columns) {
      const count = Math.min(columns, across - left);
      const row = tile * count * y.channels;
      const place = { count: tile * tileRows, row, column: tile * left, columns: tile * count };
      const band = { first: tile * first, ...place };
      transforms.multiply(source.address + 4 * tile * left * x.channels, tileRows, count);
      if (added) copyIn(added, { first: 0, ...place }, target);
      else if (add) copyIn({ ...y, data: add as Float32Array }, band, target);
      if (mask) copyIn({ ...y, data: mask }, band, extra);
      transforms.finish(tileRows, count);
      copyOut(target, y, band);
    }
  }
}
