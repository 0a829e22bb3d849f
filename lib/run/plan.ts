/**
 * Whether a run shows its pictures to the network as a whole or in tiles: as a whole where that fits into
 * the memory, for it is quicker; the results are the same, to rounding.
 *
 * @module
 */
import { cannot } from "../base/check.ts";
import { bytesInWords, bytesOf, freeMemory } from "../base/memory.ts";
import type { Engine } from "../engine/engine.ts";
import { seeThrough } from "../network/features.ts";
import type { Network } from "../network/network.ts";
import { MAX_PIXELS } from "../picture/picture.ts";
import type { Tile } from "../network/tiles.ts";
import { sizeOf } from "../picture/resize.ts";
import { peakBytes, type Size, tilesFor } from "./memory_model.ts";
import type { StylizeOptions } from "./options.ts";
import { sizingPicture } from "./start.ts";

/** What was chosen. */
export type Plan = {
  /** Side of the tiles in pixels; left out for pictures as a whole. */
  tile?: number;
  /** What the run will take at its peak, about. */
  bytes: number;
  /** What it may take; infinite where nobody knows. */
  limit: number;
  /** What there is to say about the choice. */
  note?: string;
};

/** The part of the memory at hand that a run takes unasked. */
const SHARE = 0.6;
/** Sides of tiles, in pixels; with smaller ones most of what is computed is margin. */
const TILES = [1536, 1024, 768, 512, 384, 256, 192, 128];

/** The size at which a run ends. */
export function finalSize(options: StylizeOptions): Size {
  const { width, height } = sizingPicture(options);
  const whole = options.size ?? Math.max(width, height);
  const last = options.sizes?.at(-1) ?? 1;
  return sizeOf({ width, height }, { maxSize: last <= 1 ? Math.round(last * whole) : last });
}

/**
 * Chooses: what `tile` says, or by itself as a whole, in the largest tiles that fit into `maxMemory`, or
 * as a whole and with a note where tiles cannot be.
 *
 * @param size of the mixed image at the end
 * @throws {RangeError} when the run does not fit into the `maxMemory` that was given; the message says why
 * and names the largest size that does.
 */
export function planRun(
  network: Network,
  options: StylizeOptions,
  engine: Engine,
  size: Size = finalSize(options),
): Plan {
  const { tile = "auto", maxMemory } = options;
  const { architecture } = seeThrough(network, options);
  const { size: members } = options.team ?? { size: 1 };
  const peak = (tile?: number, at: Size = size) =>
    members * peakBytes(architecture, options, at, tile);
  const limit = limitOf(maxMemory, engine);
  checkShared(options);
  if (tile === "none") return { bytes: peak(), limit };
  if (tile !== "auto") return { tile, bytes: peak(tile), limit };
  const whole = peak();
  if (whole <= limit && members === 1) return { bytes: whole, limit };
  const needs = `as a whole ${size.width}x${size.height} would take about ` +
    `${bytesInWords(whole)}, and ${bytesInWords(limit)} may be used`;
  const obstacle = obstacleTo(options);
  const fits = obstacle ? [] : TILES.filter((side) => peak(side) <= limit);
  if (members > 1) {
    const work = (side: number) =>
      workInTiles(tilesFor(architecture, options, size, side), members);
    fits.sort((a, b) => work(a) - work(b));
  }
  const [fitting] = fits;
  if (fitting !== undefined) {
    const why = members === 1 ? needs : `${members} threads compute them`;
    const note = `In tiles of ${fitting} pixels: ${why}. The result is the same, to rounding.`;
    return { tile: fitting, bytes: peak(fitting), limit, note };
  }
  const least = obstacle ? undefined : TILES.at(-1);
  const bytes = peak(least);
  const largest = largestSize(size, (at) => peak(least, at) <= limit);
  const advice = largest > 0 ? `; a longer side of ${largest} pixels fits` : "";
  if (maxMemory === undefined) {
    const reason = obstacle ? `. It cannot be painted in tiles, as ${obstacle}` : "";
    const note = `This may take more memory than there is: ${needs}${advice}${reason}.`;
    return { tile: least, bytes, limit, note };
  }
  const rule = `it must fit into ${bytesInWords(limit)}` +
    (obstacle ? `, as a whole, as ${obstacle}` : "");
  throw new RangeError(
    cannot("run", rule, `about ${bytesInWords(bytes)} at ${size.width}x${size.height}`) + advice,
  );
}

/**
 * The tiles of one of several sizes: those of the last one, or a tile that covers it all, where that takes
 * no more memory than the last size in its tiles. A small picture as a whole is several times quicker.
 */
export function tileAt(
  network: Network,
  options: StylizeOptions,
  tile: number,
  size: Size,
): number {
  const { architecture } = seeThrough(network, options);
  const last = finalSize(options);
  if (size.width * size.height >= last.width * last.height) return tile;
  const most = peakBytes(architecture, options, last, tile);
  const all = Math.max(size.width, size.height);
  return peakBytes(architecture, options, size) > most ? tile : Math.max(tile, all);
}

/** The pixels that the busiest of a team sees, as all wait for each other after each has seen a tile. */
function workInTiles(tiles: readonly Tile[], members: number): number {
  const { width, height } = tiles[0]!.window;
  return Math.ceil(tiles.length / members) * width * height;
}

/** @throws {RangeError} when a team has nothing to share */
function checkShared(options: StylizeOptions): void {
  if (!options.team) return;
  const obstacle = obstacleTo(options);
  if (obstacle) throw new RangeError(`Cannot share a run between threads as ${obstacle}`);
  if (options.tile !== "none") return;
  throw new RangeError(
    "Cannot share a run between threads as it needs tiles: choose their side, or auto",
  );
}

function limitOf(maxMemory: number | string | undefined, { name }: Engine): number {
  if (maxMemory !== undefined) return bytesOf(maxMemory);
  // Nobody knows what a GPU has free.
  const free = name === "webgpu" ? undefined : freeMemory();
  return free === undefined ? Infinity : SHARE * (free + Deno.memoryUsage().rss);
}

/** Why a run cannot go in tiles, in words that follow "as". */
function obstacleTo({ style, losses = [], padding }: StylizeOptions): string | undefined {
  const { measure } = style ?? {};
  if (style?.weight !== 0 && measure && !measure.additive) {
    return `the measure ${measure.name} is no function of sums over positions`;
  }
  const whole = losses.find((loss) => "bind" in loss || (loss.layers ?? []).length > 0);
  if (whole) return `the ${whole.name} loss may be no function of sums over positions`;
  return padding === "circular" ? "a circular border needs the picture as a whole" : undefined;
}

/** The longest side, in steps of 16 pixels, at which a picture of this shape fits. */
export function largestSize(shape: Size, fits: (size: Size) => boolean): number {
  const most = Math.sqrt(MAX_PIXELS / (shape.width * shape.height));
  const longest = Math.max(shape.width, shape.height) * Math.min(1, most);
  let [low, high] = [0, Math.floor(longest / 16)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(sizeOf(shape, { maxSize: 16 * middle }))) low = middle;
    else high = middle - 1;
  }
  return 16 * low;
}
