/**
 * Winograd's convolution of many tiles: a band of rows of tiles at a time goes through all steps on one
 * thread, and stays in the cache of its core.
 *
 * @module
 */
import { partOf, partsFor, partsOf } from "./parts.ts";
import type { Operations } from "./operations.ts";
import { behind } from "./vector_unit.ts";
import { reachOf } from "./winograd_matrices.ts";
import { reachBefore, type WinogradTask } from "./winograd_task.ts";
import { reserveTiles, type Room } from "./winograd_room.ts";
import { type Addend, Transforms } from "./winograd_transforms.ts";

/** Matrix products are at their best with about so many rows. */
const TILES_AT_A_TIME = 128;
/**
 * Numbers of so many tiles at a position, before and after the product: of few channels more tiles take less
 * time, of many they take more memory and no less time.
 */
const [FEWEST_NUMBERS, MOST_NUMBERS] = [2 ** 15, 2 ** 16];

/** Rows of `x` that a band and the next one both read. */
const OVERLAP = 2;

/** Each thread gets at least so many bands: where one is slower, the other takes more of them. */
const BANDS_A_THREAD = 2;

/** How many tiles are multiplied at a time. */
function tilesAtATime({ x, y }: WinogradTask): number {
  const tilesOf = (numbers: number) => Math.floor(numbers / (x.channels + y.channels));
  return Math.max(tilesOf(FEWEST_NUMBERS), Math.min(TILES_AT_A_TIME, tilesOf(MOST_NUMBERS)));
}

/** A band of rows of tiles at a time, each thread some bands. */
type BandsTask = WinogradTask & {
  /** How many bands there are. */
  readonly bands: number;
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
  // As many for each thread, of as many rows: one band more would keep the others waiting.
  const each = threads > 1 ? Math.max(BANDS_A_THREAD, Math.ceil(fewest / threads)) : fewest;
  const bands = Math.min(down, threads * each);
  const row = x.width * x.channels;
  const copy = (band: number, by: number) => {
    const [first] = partOf(down, bands, band);
    const at = (tile * first + by) * row;
    const inside = at >= 0 && tile * first < x.height;
    if (x.data.buffer !== y.data.buffer || !inside) return undefined;
    const copied = operations.pool.take(row);
    copied.set(x.data.subarray(at, at + row));
    return copied;
  };
  const parts = partsOf(bands, partsFor(threads)).map(([firstBand, endBand]): Bands => {
    return { firstBand, endBand, above: copy(firstBand, -1), below: copy(endBand, 0) };
  });
  reserveTiles(operations, task, roomForBands({ ...task, bands }));
  operations.share("convolve", convolveBands, { ...task, bands }, parts);
  for (const { above, below } of parts) {
    if (above) operations.pool.give(above);
    if (below) operations.pool.give(below);
  }
}

function roomForBands(task: BandsTask): Room {
  const { x, y, filter: { tile }, bands } = task;
  const across = Math.ceil(y.width / tile);
  const rows = Math.ceil(y.height / tile / bands);
  const columns = Math.ceil(across / Math.ceil(rows * across / tilesAtATime(task)));
  const xRow = (tile * across + 2) * x.channels;
  return { tiles: rows * columns, rows, columns, xRow, together: false };
}

/** Does some bands, one after the other. */
export function convolveBands(
  operations: Operations,
  task: BandsTask,
  { firstBand, endBand, above, below }: Bands,
): void {
  const { x, y, filter: { tile }, bands } = task;
  const before = reachBefore(task);
  const [across, down] = [Math.ceil(y.width / tile), Math.ceil(y.height / tile)];
  const room = roomForBands(task);
  const transforms = new Transforms(operations, task, room);
  const { source } = transforms;
  /** Brings the rows that a band reads. */
  const read = (band: number, first: number, tileRows: number) => {
    const [row, left] = [room.xRow, before * x.channels];
    const count = tile * tileRows + OVERLAP;
    // `y` may be `x`: of what the band before has read, the last rows must not be read again.
    const kept = band > firstBand ? OVERLAP : 0;
    const from = tile * (first - partOf(down, bands, band - 1)[0]) * row;
    source.values.copyWithin(0, from, from + kept * row);
    const rest = { first: tile * first - before + kept, count: count - kept, row, left: before };
    transforms.read(rest, behind(source, kept * row));
    if (above && kept === 0) source.values.set(above, left);
    if (below && band === endBand - 1) source.values.set(below, (count - 1) * row + left);
  };
  for (let band = firstBand; band < endBand; band++) {
    const [first, end] = partOf(down, bands, band);
    const tileRows = end - first;
    read(band, first, tileRows);
    let addend: Addend | undefined;
    for (let left = 0; left < across; left += room.columns) {
      const columns = Math.min(room.columns, across - left);
      const tiles = { across: columns, first: 0, end: tileRows * columns };
      transforms.enter(source.address + 4 * tile * left * x.channels, tiles, tiles.end);
      transforms.multiply(tiles.end, 0, reachOf(tile) ** 2);
      // Not before the products, which need the cache for themselves.
      if (left === 0) addend = transforms.addend(first, tileRows);
      const band = { top: first, rows: tileRows, left, columns };
      transforms.bring(addend, band, band);
      transforms.leave(tiles, tiles.end);
      transforms.take(band, band);
    }
  }
}
