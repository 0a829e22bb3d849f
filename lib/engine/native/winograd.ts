/**
 * 3x3 convolutions by Winograd's method: a quarter of the multiplications. Some tiles at a time
 * go through three steps that stay in the processor's cache: to 36 matrices `[tiles, in]`, 36
 * matrix products with the transformed filter, back to features. Small features take smaller tiles, with
 * 16 matrices and four ninths of the multiplications.
 *
 * @module
 */
import type { Features, FilterShape } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { GROUP } from "./vector_kernels.ts";
import type { Pooled } from "./pooled_rows.ts";
import { shareBands } from "./winograd_bands.ts";
import type { WinogradFilter } from "./winograd_filters.ts";
import { type Tile, TILES } from "./winograd_matrices.ts";
import type { WinogradForward, WinogradGradient } from "./winograd_task.ts";
import { shareTiles } from "./winograd_together.ts";

/** With fewer tiles, reading the matrices of the filter takes longer than what they save. */
const FEWEST_TILES: Readonly<Record<Tile, number>> = { 4: 32, 2: 16 };
/** With fewer for each thread, all threads multiply the same tiles, each at some of their positions. */
const FEWEST_TILES_A_THREAD = 64;
/** With fewer for each thread, not even their transforms are shared. */
const FEWEST_TILES_TOGETHER = 16;

/** The side of the tiles for a convolution whose result has this size; none if the method does not suit it. */
export function winogradTile(
  [filterHeight, filterWidth, inChannels, outChannels]: FilterShape,
  strides: number,
  { height, width }: { height: number; width: number },
): Tile | undefined {
  const suits = filterHeight === 3 && filterWidth === 3 && strides === 1 &&
    inChannels % GROUP === 0 && outChannels % GROUP === 0;
  if (!suits) return undefined;
  return TILES.find((tile) => {
    return Math.ceil(height / tile) * Math.ceil(width / tile) >= FEWEST_TILES[tile];
  });
}

/**
 * Convolves `x` with a transformed filter, or, with `WinogradGradient`, with the
 * filter turned. `y` is as large as `x`, or by two rows and columns smaller (only whole windows) or
 * larger (the gradient of that). It may be `x` where both are equally large. With `pooled`, the result, or the
 * `x` of a gradient, is there in that form alone.
 */
export function winogradConvolution(
  operations: Operations,
  x: Features,
  filter: WinogradFilter,
  y: Features,
  finish: WinogradForward | WinogradGradient,
  pooled?: Pooled,
): void {
  const tiles = Math.ceil(y.height / filter.tile) * Math.ceil(y.width / filter.tile);
  const task = { x, filter, y, finish, pooled };
  const most = (fewest: number) => Math.min(operations.threads, Math.floor(tiles / fewest));
  const [apart, together] = [most(FEWEST_TILES_A_THREAD), most(FEWEST_TILES_TOGETHER)];
  if (apart < 2 && together > 1) shareTiles(operations, task, tiles, together);
  else shareBands(operations, task, Math.max(1, apart));
}
