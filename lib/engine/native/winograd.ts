/**
 * 3x3 convolutions by Winograd's method: a quarter of the multiplications. Some tiles at a time
 * go through three steps that stay in the processor's cache: to 36 matrices `[tiles, in]`, 36
 * matrix products with the transformed filter, back to features.
 *
 * @module
 */
import { type Deferral, isDeferral, writeDeferral } from "./deferral.ts";
import type { Features, FilterShape } from "./layout.ts";
import { partsFor, partsOf } from "./lanes.ts";
import type { Operations } from "./operations.ts";
import { GROUP } from "./vector_kernels.ts";
import { copyIn, copyOut, type Region, variant } from "./vector_unit.ts";
import { REACH, TILE } from "./winograd_matrices.ts";

/** Matrix products are at their best with about so many rows. */
const TILES_AT_A_TIME = 128;
/** With fewer tiles, reading the 36 matrices of the filter takes longer than what they save. */
const FEWEST_TILES = 32;
/** With fewer for each thread, one product on all threads is faster than one on each. */
const FEWEST_TILES_A_THREAD = 64;
const POSITIONS = REACH * REACH;

/** Whether the method suits a convolution whose result has this size. */
export function suitsWinograd(
  [filterHeight, filterWidth, inChannels, outChannels]: FilterShape,
  strides: number,
  { height, width }: { height: number; width: number },
): boolean {
  return filterHeight === 3 && filterWidth === 3 && strides === 1 &&
    inChannels % GROUP === 0 && outChannels % GROUP === 0 &&
    Math.ceil(height / TILE) * Math.ceil(width / TILE) >= FEWEST_TILES;
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

/** Some of the rows of tiles of a convolution. */
export type WinogradTask = {
  readonly x: Features;
  /** `[36, out, in]` */
  readonly filter: Float32Array;
  readonly y: Features;
  readonly finish: WinogradForward | WinogradGradient;
  /** Rows of tiles that are worked on at a time, and the bands of so many that are to be done. */
  readonly rows: number;
  readonly firstBand: number;
  readonly endBand: number;
  /** Where others write over `x`: its row before the first band, and that after the last, as they were. */
  readonly above?: Float32Array;
  readonly below?: Float32Array;
};

/**
 * Convolves `x` with a transformed filter `[36, out, in]`, or, with `WinogradGradient`, with the
 * filter turned. `y` is as large as `x`, or by two rows and columns smaller (only whole windows) or
 * larger (the gradient of that). It may be `x` where both are equally large.
 */
export function winogradConvolution(
  operations: Operations,
  x: Features,
  filter: Float32Array,
  y: Features,
  finish: WinogradForward | WinogradGradient,
): void {
  const across = Math.ceil(y.width / TILE);
  const down = Math.ceil(y.height / TILE);
  const fewest = Math.ceil(down / Math.max(1, Math.floor(TILES_AT_A_TIME / across)));
  const threads = Math.min(operations.threads, Math.floor(down * across / FEWEST_TILES_A_THREAD));
  const rows = Math.ceil(down / (threads > 1 ? threads * Math.ceil(fewest / threads) : fewest));
  const bands = partsOf(Math.ceil(down / rows), partsFor(threads));
  const row = x.width * x.channels;
  const copy = (band: number, by: number) => {
    const at = (TILE * rows * band + by) * row;
    const inside = at >= 0 && TILE * rows * band < x.height;
    return x.data.buffer === y.data.buffer && inside ? x.data.slice(at, at + row) : undefined;
  };
  const tasks = bands.map(([firstBand, endBand]): WinogradTask => {
    const [above, below] = [copy(firstBand, -1), copy(endBand, 0)];
    return { x, filter, y, finish, rows, firstBand, endBand, above, below };
  });
  operations.share("convolve", convolveBands, tasks);
}

/** Does some bands, one after the other. */
export function convolveBands(operations: Operations, task: WinogradTask): void {
  const { x, filter, y, finish, rows, firstBand, endBand, above, below } = task;
  const { unit } = operations;
  const { height, width } = y;
  const before = 1 + (height - x.height) / 2; // how far the first window reaches beyond the border
  const across = Math.ceil(width / TILE);
  const end = Math.min(endBand * rows, Math.ceil(height / TILE));
  const columns = Math.ceil(across / Math.ceil(rows * across / TILES_AT_A_TIME));
  const forward = "bias" in finish ? finish : undefined;
  const { add, mask } = forward ? {} as WinogradGradient : finish as WinogradGradient;
  const xRow = (TILE * across + REACH - TILE) * x.channels;
  const part = TILE * rows * TILE * columns * y.channels;
  const [v, m, target, extra, ...sources] = unit.reserve([
    POSITIONS * odd(rows * columns) * x.channels,
    POSITIONS * odd(rows * columns) * y.channels,
    part,
    forward ? y.channels : mask ? part : 0,
    ...[0, 1].map(() => (TILE * rows + REACH - TILE) * xRow),
  ]);
  for (const { values } of sources) values.fill(0);
  if (forward) extra.values.set(forward.bias);
  const name = forward ? "output" : variant("turnedOutput", !!add, !!mask);
  const beyond = forward ? extra.address : extra.address - target.address;
  const floor = forward?.relu ? 0 : -Infinity;
  const read = (first: number) => {
    const count = TILE * Math.min(rows, end - first) + REACH - TILE;
    const source = sources[first / rows % 2]!;
    copyIn(x, { first: TILE * first - before, count, row: xRow, left: before }, source);
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
    const addend = add && isDeferral(add) ? writeRows(operations, add, y, first, tileRows) : add;
    for (let left = 0; left < across; left += columns) {
      const count = Math.min(columns, across - left);
      const tiles = odd(tileRows * count);
      for (let i = 0; i < tileRows; i++) {
        unit.call[forward ? "input" : "turnedInput"](
          source.address + 4 * TILE * (i * xRow + left * x.channels),
          4 * xRow,
          4 * x.channels,
          count,
          v.address + 4 * i * count * x.channels,
          4 * tiles * x.channels,
        );
      }
      operations.matMul({
        a: matrices(v, tiles, x.channels),
        b: {
          data: filter,
          dims: [POSITIONS, ...(forward ? [y.channels, x.channels] : [x.channels, y.channels])],
        },
        y: matrices(m, tiles, y.channels),
        transposeA: false,
        transposeB: !!forward,
      });
      const row = TILE * count * y.channels;
      const place = { count: TILE * tileRows, row, column: TILE * left, columns: TILE * count };
      const band = { first: TILE * first, ...place };
      if (addend instanceof Float32Array) copyIn({ ...y, data: addend }, band, target);
      else if (addend) copyIn(addend, { first: 0, ...place }, target);
      if (mask) copyIn({ ...y, data: mask }, band, extra);
      for (let i = 0; i < tileRows; i++) {
        unit.call[name](
          m.address + 4 * i * count * y.channels,
          4 * tiles * y.channels,
          count,
          4 * y.channels,
          target.address + 4 * i * TILE * row,
          4 * row,
          beyond,
          floor,
        );
      }
      copyOut(target, y, band);
    }
    if (addend && !(addend instanceof Float32Array)) operations.give(addend);
  }
}

/** The rows of features under some rows of tiles, written now. */
function writeRows(
  operations: Operations,
  deferral: Deferral,
  { height, width, channels }: Features,
  first: number,
  tileRows: number,
): Features {
  const start = TILE * first;
  const rows = operations.take(channels, Math.min(TILE * tileRows, height - start), width);
  writeDeferral(operations, deferral, rows.data, start * width * channels);
  return rows;
}

/**
 * An odd count of tiles sets the 36 matrices apart by no power of two: places in memory that differ
 * by one get into each other's way in the cache.
 */
function odd(tiles: number): number {
  return tiles | 1;
}

function matrices({ values }: Region, rows: number, columns: number) {
  const dims = [POSITIONS, rows, columns];
  return { data: values.subarray(0, POSITIONS * rows * columns), dims };
}
