/**
 * What Winograd's convolution does with some tiles: their transform, the products with the filter, the
 * transform of those. Forward and backward multiply the same filter from its two sides: tiles are rows of a
 * pointwise convolution, `[in / B, tiles, B]`, or its filter, `[tiles / B, out, B]`.
 *
 * @module
 */
import { isDeferral, writeDeferral } from "./deferral.ts";
import { type Features, roundUp } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { multiplyBlocks } from "./pointwise.ts";
import { PLACES, poolBand, type PooledRows, unpoolBand, valuesOf } from "./pooled_rows.ts";
import {
  type Band,
  behind,
  copyIn,
  copyOut,
  type Region,
  variant,
  type VectorUnit,
} from "./vector_unit.ts";
import { planeLengths, type Room, roomFor } from "./winograd_room.ts";
import type { WinogradTask } from "./winograd_task.ts";

/** Tiles, counted row by row: so many in a row, the first of those meant, and where they end. */
export type Tiles = { readonly across: number; readonly first: number; readonly end: number };

/** A box of tiles: its first row and column, and how many. */
export type Box = {
  readonly top: number;
  readonly rows: number;
  readonly left: number;
  readonly columns: number;
};

/** Rows of features that a result is added to, from row `first` of all on. */
export type Addend = { readonly features: Features; readonly first: number };

/** Memory for some tiles of a convolution, and how they get from `source` to `target`. */
export class Transforms {
  /** A band of features, with its border. */
  readonly source: Region;
  /** What the result is added to, and then the result. */
  readonly target: Region;
  /** The bias, or the mask of the result. */
  readonly extra: Region;
  /** Rows of features that are added, where they are only written as they are needed. */
  readonly rowsAdded: Region;
  readonly #operations: Operations;
  readonly #task: WinogradTask;
  readonly #unit: VectorUnit;
  readonly #xRow: number;
  readonly #v: Region;
  readonly #m: Region;
  readonly #table: Region;
  /** What is pooled, or is to be spread again, and the places. */
  readonly #pooled: Omit<PooledRows, "rows">;
  /** Whether a row of `target` is one of the result. */
  readonly #wholeRows: boolean;

  constructor(operations: Operations, task: WinogradTask, room: Room) {
    const { y, filter: { tile }, finish } = task;
    const { rows, columns, xRow } = room;
    const { unit } = operations;
    const part = tile ** 2 * rows * columns * y.channels;
    const late = "add" in finish && finish.add && isDeferral(finish.add);
    this.#wholeRows = tile * columns === y.width;
    this.#operations = operations;
    this.#unit = unit;
    this.#task = task;
    this.#xRow = xRow;
    const [v, m] = planeLengths(operations, task, room.tiles);
    const start = room.together ? 0 : unit.lane * (v + m);
    [this.#v, this.#m] = [unit.tiles(start, v), unit.tiles(start + v, m)];
    const some = pooledValues(task, room);
    const regions = unit.reserve([
      roundUp(rows * columns, unit.group),
      part,
      "bias" in finish ? y.channels : finish.mask ? part : 0,
      late && !this.#wholeRows ? tile * rows * y.width * y.channels : 0,
      some,
      some / PLACES,
      (tile * rows + 2) * xRow,
    ]);
    [this.#table, this.target, this.extra, this.rowsAdded] = regions;
    const [, , , , values, places, source] = regions;
    [this.#pooled, this.source] = [{ values, places }, source];
    if ("bias" in finish) this.extra.values.set(finish.bias);
  }

  /** Brings rows of `x` to `source`, or behind its first ones; what lies outside is 0. */
  read(band: Band & { readonly left: number }, source: Region): void {
    const { x, pooled, finish } = this.#task;
    if (!pooled || "bias" in finish) copyIn(x, band, source);
    else unpoolBand(this.#unit, x, pooled, band, { ...this.#pooled, rows: source });
  }

  /** Transforms tiles, the row of the first of which is at an address; `all` are multiplied. */
  enter(source: number, tiles: Tiles, all: number): void {
    const { x, filter: { tile }, finish } = this.#task;
    const { group, call } = this.#unit;
    const [room, blocked] = [this.#room(all), this.#operations.block > 1];
    const count = this.#fillTable(tiles, tile * this.#xRow, tile * x.channels);
    const from = [this.#table.address, count, source, 4 * this.#xRow, 4 * x.channels] as const;
    const [plane, line] = [4 * room * x.channels, 4 * group];
    if ("bias" in finish) {
      const [groups, each] = blocked ? [line * room, line] : [line, 4 * x.channels];
      const to = this.#v.address + tiles.first * each;
      call[`input${tile}`](...from, to, plane, groups, each);
    } else {
      const [blocks, each] = blocked ? [line * x.channels, line] : [line, 4 * room];
      const to = this.#v.address + tiles.first / group * blocks;
      call[`turnedInput${tile}`](...from, to, plane, blocks, each);
    }
  }

  /** Multiplies `all` tiles by the filter, at some of their positions. */
  multiply(all: number, first: number, end: number): void {
    const { x, y, filter, finish } = this.#task;
    const room = this.#room(all);
    const part = (values: Float32Array, each: number) => {
      return values.subarray(first * each, end * each);
    };
    const v = part(this.#v.values, room * x.channels);
    const weights = part(filter.data, x.channels * y.channels);
    const sizes = { count: end - first, inputs: x.channels };
    const products = { ...sizes, y: part(this.#m.values, room * y.channels) };
    const { block } = this.#operations;
    multiplyBlocks(
      this.#operations,
      block,
      "bias" in finish
        ? { ...products, rows: room, outputs: y.channels, x: v, filter: weights }
        : { ...products, rows: y.channels, outputs: room, x: weights, filter: v },
    );
  }

  /** Transforms products of tiles back, to `target`, whose first row is that of the first tile. */
  leave(tiles: Tiles, all: number): void {
    const { y, filter: { tile }, finish } = this.#task;
    const { group, call } = this.#unit;
    const [room, blocked] = [this.#room(all), this.#operations.block > 1];
    const row = tile * tiles.across * y.channels;
    this.#fillTable(tiles, tile * row, tile * y.channels);
    const [plane, line] = [4 * room * y.channels, 4 * group];
    const table = [this.#table.address, tiles.end - tiles.first] as const;
    const to = [4 * y.channels, this.target.address, 4 * row] as const;
    if ("bias" in finish) {
      const [groups, each] = blocked ? [line * room, line] : [line, 4 * y.channels];
      const from = [this.#m.address + tiles.first * each, plane, groups, each] as const;
      const floor = finish.relu ? 0 : -Infinity;
      call[`output${tile}`](...table, ...from, ...to, this.extra.address, floor);
    } else {
      const [blocks, each] = blocked ? [line * y.channels, line] : [line, 4 * room];
      const from = [this.#m.address + tiles.first / group * blocks, plane, blocks, each] as const;
      const name = variant("turnedOutput", !!finish.add, !!finish.mask);
      const beyond = this.extra.address - this.target.address;
      call[`${name}${tile}`](...table, ...from, ...to, beyond);
    }
  }

  /**
   * What is added to the result in some rows of tiles and still has to be brought; what has been put off is
   * written now, to `target` itself where it can be.
   */
  addend(top: number, rows: number): Addend | undefined {
    const { y, filter: { tile }, finish } = this.#task;
    const add = "add" in finish ? finish.add : undefined;
    if (!add) return undefined;
    if (!isDeferral(add)) return { features: { ...y, data: add }, first: 0 };
    const row = y.width * y.channels;
    const [first, height] = [tile * top, Math.min(tile * rows, y.height - tile * top)];
    const room = this.#wholeRows ? this.target : this.rowsAdded;
    const data = room.values.subarray(0, height * row);
    writeDeferral(this.#operations, add, data, first * row);
    return this.#wholeRows ? undefined : { features: { ...y, height, data }, first };
  }

  /** Copies what a part of `target`, which has room for all of a box, needs besides the products. */
  bring(addend: Addend | undefined, part: Box, all: Box): void {
    const { y, finish } = this.#task;
    const [band, start] = this.#place(part, all);
    if (addend) {
      const first = band.first - addend.first;
      copyIn(addend.features, { ...band, first }, behind(this.target, start));
    }
    const mask = "mask" in finish ? finish.mask : undefined;
    if (mask) copyIn({ ...y, data: mask }, band, behind(this.extra, start));
  }

  /** Copies a part of `target` to the result, or what is pooled of it. */
  take(part: Box, all: Box): void {
    const { y, pooled, finish } = this.#task;
    const [band, start] = this.#place(part, all);
    const from = behind(this.target, start);
    if (!pooled || !("bias" in finish)) copyOut(from, y, band);
    else poolBand(this.#unit, y, pooled, band, { ...this.#pooled, rows: from });
  }

  /** Where a part of a box is in the features, and at which float of `target`. */
  #place(part: Box, all: Box): [Band, number] {
    const { y: { channels }, filter: { tile } } = this.#task;
    const row = tile * all.columns * channels;
    const start = tile * ((part.top - all.top) * row + (part.left - all.left) * channels);
    const rows = { first: tile * part.top, count: tile * part.rows, row };
    return [{ ...rows, column: tile * part.left, columns: tile * part.columns }, start];
  }

  #room(tiles: number): number {
    return roomFor(tiles, this.#task, this.#operations);
  }

  /** Where tiles begin, in bytes, and how many there are: with the last one again to fill a block. */
  #fillTable({ across, first, end }: Tiles, down: number, right: number): number {
    const { values: { buffer, byteOffset, length } } = this.#table;
    const table = new Int32Array(buffer, byteOffset, length);
    const top = Math.floor(first / across);
    for (let tile = first; tile < end; tile++) {
      const row = Math.floor(tile / across) - top;
      table[tile - first] = 4 * (row * down + tile % across * right);
    }
    table.fill(table[end - first - 1]!, end - first);
    return "bias" in this.#task.finish ? end - first : roundUp(end - first, this.#unit.group);
  }
}

/** How many values are pooled at a time, or spread again. */
function pooledValues({ x, y, pooled, finish, filter }: WinogradTask, room: Room): number {
  if (!pooled) return 0;
  const { tile } = filter;
  const rows = tile * room.rows;
  if ("bias" in finish) return valuesOf(rows, tile * room.columns, y.channels);
  return valuesOf(rows + 2, x.width, x.channels);
}
