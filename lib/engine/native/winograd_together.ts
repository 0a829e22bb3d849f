/**
 * Winograd's convolution of few tiles, of which one thread alone would have too few for its products: all
 * threads transform some tiles each, multiply all of them at some positions each, and transform some back.
 *
 * @module
 */
import { partsOf } from "./parts.ts";
import { roundUp } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { reachOf } from "./winograd_matrices.ts";
import { reachBefore, type WinogradTask } from "./winograd_task.ts";
import { reserveTiles, type Room } from "./winograd_room.ts";
import { type Box, type Tiles, Transforms } from "./winograd_transforms.ts";

/** The tiles that one thread transforms, and the positions at which it multiplies. */
type Share = {
  readonly firstTile: number;
  readonly endTile: number;
  readonly firstPosition: number;
  readonly endPosition: number;
};

type TogetherTask = WinogradTask & {
  /** All tiles, and the threads that share them. */
  readonly tiles: number;
  readonly threads: number;
};

/** Convolves on so many threads. */
export function shareTiles(
  operations: Operations,
  task: WinogradTask,
  tiles: number,
  threads: number,
): void {
  const { group } = operations.unit;
  const positions = partsOf(reachOf(task.filter.tile) ** 2, threads);
  const blocks = roundUp(tiles, group) / group;
  // Rounded down: one block more is not for the first thread, which all that is not shared keeps busy.
  const start = (i: number) => Math.floor(i * blocks / threads) * group;
  const shares = positions.map(([firstPosition, endPosition], i): Share => ({
    firstTile: start(i),
    endTile: Math.min(tiles, start(i + 1)),
    firstPosition,
    endPosition,
  }));
  const together = { ...task, tiles, threads };
  reserveTiles(operations, task, roomForShare(together, shares[0]!));
  operations.share("convolveTogether", convolveTogether, together, shares);
}

function roomForShare({ x, y, filter: { tile }, tiles }: TogetherTask, share: Share): Room {
  const across = Math.ceil(y.width / tile);
  const { rows } = boxOf(share, across);
  const xRow = (tile * across + 2) * x.channels;
  return { tiles, rows, columns: across, xRow, together: true };
}

/** The rows of tiles of which a thread has some. */
function boxOf({ firstTile, endTile }: Share, across: number): Box {
  const top = Math.floor(firstTile / across);
  return { top, rows: Math.ceil(endTile / across) - top, left: 0, columns: across };
}

/** Does what one thread has to do, while the others do the rest. */
export function convolveTogether(operations: Operations, task: TogetherTask, share: Share): void {
  const { y, filter: { tile }, tiles: all, threads } = task;
  const before = reachBefore(task);
  const across = Math.ceil(y.width / tile);
  const box = boxOf(share, across);
  const tiles: Tiles = { across, first: share.firstTile, end: share.endTile };
  const { xRow, ...room } = roomForShare(task, share);
  const transforms = new Transforms(operations, task, { ...room, xRow });
  const { source } = transforms;
  const rows = { first: tile * box.top - before, count: tile * box.rows + 2 };
  transforms.read({ ...rows, row: xRow, left: before }, source);
  transforms.enter(source.address, tiles, all);
  operations.meet(threads);
  transforms.multiply(all, share.firstPosition, share.endPosition);
  const addend = transforms.addend(box.top, box.rows);
  operations.meet(threads);
  const parts = rowsOf(share, across);
  for (const part of parts) transforms.bring(addend, part, box);
  transforms.leave(tiles, all);
  for (const part of parts) transforms.take(part, box);
}

/** The tiles of a thread, row by row: of the first and of the last it may have some only. */
function rowsOf(share: Share, across: number): Box[] {
  const { top, rows } = boxOf(share, across);
  return Array.from({ length: rows }, (_, i) => {
    const start = (top + i) * across;
    const left = Math.max(0, share.firstTile - start);
    const columns = Math.min(across, share.endTile - start) - left;
    return { top: top + i, rows: 1, left, columns };
  });
}
