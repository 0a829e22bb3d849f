/**
 * Winograd's convolution of many tiles: a band of rows of tiles at a time goes through all steps on one
 * thread, and stays in the cache of its core.
 *
 * @module
 */
import { partsFor, partsOf } from "./parts.ts";
import type { Operations } from "./operations.ts";
import { reachOf } from "./winograd_matrices.ts";
import { reachBefore, type WinogradTask } from "./winograd_task.ts";
import { reserveTiles, type Room } from "./winograd_room.ts";
import { Transforms } from "./winograd_transforms.ts";

/** Matrix products are at their best with about so many rows. */
const MOST_TILES = 128;
/** Numbers of so many tiles at a position, before and after the product: more take more memory, not less time. */
const MOST_NUMBERS = 2 ** 16;

/** Each thread gets at least so many bands: where one is slower, the other takes more of them. */
const BANDS_A_THREAD = 2;

/** How many tiles are multiplied at a time. */
function tilesAtATime({ x, y }: WinogradTask): number {
  return Math.min(MOST_TILES, Math.floor(MOST_NUMBERS / (x.channels + y.channels)));
}

/** A band of rows of tiles at a time, each thread some bands. */
type BandsTask = WinogradTask & {
  /** Rows of tiles in a band. */
  readonly rows: number;
};

/** Some bands. */
type Bands = {
  readonly firstBand: number;
  readonly endBand: number;
  /** Where others write over `x`: its row before the first band, and that after the last, as they were. */
  readonly above?: Float32Array;
  readonly below?: Float32Array;
};

/** Convolves on so many threads. */
export function shareBands(operations: Operations, task: WinogradTask, threads: number): void {
  const { x, y, filter: { tile } } = task;
  const across = Math.ceil(y.width / tile);
  const down = Math.ceil(y.height / tile);
  const fewest = Math.ceil(down / Math.max(1, Math.floor(tilesAtATime(task) / across)));
  const least = threads > 1 ? BANDS_A_THREAD * threads : 1;
  const rows = Math.ceil(down / (least * Math.ceil(fewest / least)));
  const bands = partsOf(Math.ceil(down / rows), partsFor(threads));
  const row = x.width * x.channels;
  const copy = (band: number, by: number) => {
    const at = (tile * rows * band + by) * row;
    const inside = at >= 0 && tile * rows * band < x.height;
    if (x.data.buffer !== y.data.buffer || !inside) return undefined;
    const copied = operations.pool.take(row);
    copied.set(x.data.subarray(at, at + row));
    return copied;
  };
  const parts = bands.map(([firstBand, endBand]): Bands => {
    return { firstBand, endBand, above: copy(firstBand, -1), below: copy(endBand, 0) };
  });
  reserveTiles(operations, task, roomForBands({ ...task, rows }));
  operations.share("convolve", convolveBands, { ...task, rows }, parts);
  for (const { above, below } of parts) {
    if (above) operations.pool.give(above);
    if (below) operations.pool.give(below);
  }
}

function roomForBands(task: BandsTask): Room {
  const { x, y, filter: { tile }, rows } = task;
  const across = Math.ceil(y.width / tile);
  const columns = Math.ceil(across / Math.ceil(rows * across / tilesAtATime(task)));
  const xRow = (tile * across + 2) * x.channels;
  return { tiles: rows * columns, rows, columns, xRow, sources: 2, together: false };
}

/** Does some bands, one after the other. */
export function convolveBands(
  operations: Operations,
  task: BandsTask,
  { firstBand, endBand, above, below }: Bands,
): void {
  const { x, y, filter: { tile }, rows } = task;
  const before = reachBefore(task);
  const across = Math.ceil(y.width / tile);
  const end = Math.min(endBand * rows, Math.ceil(y.height / tile));
  const room = roomForBands(task);
  const transforms = new Transforms(operations, task, room);
  const read = (first: number) => {
    const count = tile * Math.min(rows, end - first) + 2;
    const source = transforms.sources[first / rows % 2]!;
    transforms.read({ first: tile * first - before, count, row: room.xRow, left: before }, source);
    const left = before * x.channels;
    if (above && first === firstBand * rows) source.values.set(above, left);
    if (below && first + rows >= end) source.values.set(below, (count - 1) * room.xRow + left);
    return source;
  };
  let next = read(firstBand * rows);
  for (let first = firstBand * rows; first < end; first += rows) {
    const source = next;
    // Now, as `y` may be `x`: what is written next must have been read.
    if (first + rows < end) next = read(first + rows);
    const tileRows = Math.min(rows, end - first);
    const addend = transforms.addend(first, tileRows);
    for (let left = 0; left < across; left += room.columns) {
      const columns = Math.min(room.columns, across - left);
      const tiles = { across: columns, first: 0, end: tileRows * columns };
      transforms.enter(source.address + 4 * tile * left * x.channels, tiles, tiles.end);
      transforms.multiply(tiles.end, 0, reachOf(tile) ** 2);
      const band = { top: first, rows: tileRows, left, columns };
      transforms.bring(addend, band, band);
      transforms.leave(tiles, tiles.end);
      transforms.take(band, band);
    }
  }
}
