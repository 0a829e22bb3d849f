/**
 * How much memory the tiles of a Winograd convolution need.
 *
 * @module
 */
import { roundUp } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { reachOf } from "./winograd_matrices.ts";
import type { WinogradTask } from "./winograd_task.ts";

/** For how many tiles, and whose, there must be room. */
export type Room = {
  /** Tiles that are multiplied at a time. */
  readonly tiles: number;
  /** Rows of tiles, and tiles in them, that one thread transforms at a time. */
  readonly rows: number;
  readonly columns: number;
  /** The length of a row of `source`. */
  readonly xRow: number;
  /** Whether all threads multiply the same tiles. */
  readonly together: boolean;
};

/**
 * For how many tiles the planes have room. Forward an odd count sets the planes apart by no power of two:
 * places in memory that differ by one get into each other's way in the cache.
 */
export function roomFor(tiles: number, { finish }: WinogradTask, { unit }: Operations): number {
  return "bias" in finish ? tiles | 1 : roundUp(tiles, unit.group);
}

/** Lengths of the planes of transformed tiles, and of their products. */
export function planeLengths(
  operations: Operations,
  task: WinogradTask,
  tiles: number,
): [number, number] {
  const planes = reachOf(task.filter.tile) ** 2 * roomFor(tiles, task, operations);
  return [planes * task.x.channels, planes * task.y.channels];
}

/** Makes room for so many tiles of each thread, or of all together. */
export function reserveTiles(operations: Operations, task: WinogradTask, room: Room): void {
  const [v, m] = planeLengths(operations, task, room.tiles);
  operations.unit.reserveTiles((v + m) * (room.together ? 1 : operations.lanes));
}
