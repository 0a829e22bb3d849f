/**
 * What Winograd's convolution does with some tiles: their transform, the products with the filter, the
 * transform of those. Forward and backward multiply the same filter from its two sides: tiles are rows of a
 * pointwise convolution, `[in / B, tiles, B]`, or its filter, `[tiles / B, out, B]`.
 *
 * @module
 */
import { isDeferral } from "./deferral.ts";
import { roundUp } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { multiplyBlocks } from "./pointwise.ts";
import { type Region, variant, type VectorUnit } from "./vector_unit.ts";
import type { WinogradTask } from "./winograd.ts";
import { reachOf } from "./winograd_matrices.ts";

/** Memory for some tiles of a convolution, and how they get from `sources` to `target`. */
export class Transforms {
  /** Two bands of features, with their border. */
  readonly sources: readonly Region[];
  /** What the result is added to, and then the result. */
  readonly target: Region;
  /** The bias, or the mask of the result. */
  readonly extra: Region;
  /** Rows of features that are added, where they are only written as they are needed. */
  readonly rowsAdded: Region;
  readonly #operations: Operations;
  readonly #task: WinogradTask;
  readonly #unit: VectorUnit;
  readonly #block: number;
  readonly #xRow: number;
  readonly #v: Region;
  readonly #m: Region;
  readonly #table: Region;

  /** For so many tiles at a time; `xRow` is the length of a row of `sources`. */
  constructor(operations: Operations, task: WinogradTask, tiles: number, xRow: number) {
    const { x, y, filter: { tile }, finish, rows } = task;
    const positions = reachOf(tile) ** 2;
    const part = tile ** 2 * tiles * y.channels;
    const extra = "bias" in finish ? y.channels : finish.mask ? part : 0;
    const source = (tile * rows + 2) * xRow;
    const late = "add" in finish && finish.add && isDeferral(finish.add);
    const rowsAdded = late ? tile * rows * y.width * y.channels : 0;
    this.#operations = operations;
    this.#unit = operations.unit;
    this.#task = task;
    this.#block = operations.block;
    this.#xRow = xRow;
    const most = this.#columns(tiles);
    const regions = this.#unit.reserve([
      positions * most * x.channels,
      positions * most * y.channels,
      most,
      part,
      extra,
      rowsAdded,
      source,
      source,
    ]);
    [this.#v, this.#m, this.#table, this.target, this.extra, this.rowsAdded, ...this.sources] =
      regions;
    if ("bias" in finish) this.extra.values.set(finish.bias);
  }

  /** Transforms the tiles under an address, so many rows of so many, and multiplies them by the filter. */
  multiply(source: number, rows: number, count: number): void {
    const { x, y, filter: { tile, data }, finish } = this.#task;
    const [tiles, group] = [this.#columns(rows * count), this.#unit.group];
    const blocked = this.#block > 1;
    const common = [source, 4 * this.#xRow, 4 * x.channels, this.#v.address] as const;
    const [plane, line] = [4 * tiles * x.channels, 4 * group];
    const products = { count: reachOf(tile) ** 2, y: this.#m.values };
    this.#fillTable(rows, count, tile * this.#xRow, tile * x.channels);
    if ("bias" in finish) {
      const strides = blocked ? [line * tiles, line] : [line, 4 * x.channels];
      this.#unit.call[`input${tile}`](this.#table.address, tiles, ...common, plane, ...strides);
      multiplyBlocks(this.#operations, this.#block, {
        ...products,
        rows: tiles,
        inputs: x.channels,
        outputs: y.channels,
        x: this.#v.values,
        filter: data,
      });
    } else {
      const strides = blocked ? [line * x.channels, line] : [line, 4 * tiles];
      this.#unit.call[`turnedInput${tile}`](
        this.#table.address,
        tiles,
        ...common,
        plane,
        ...strides,
      );
      multiplyBlocks(this.#operations, this.#block, {
        ...products,
        rows: y.channels,
        inputs: x.channels,
        outputs: tiles,
        x: data,
        filter: this.#v.values,
      });
    }
  }

  /** Transforms the products back, to `target`. */
  finish(rows: number, count: number): void {
    const { y, filter: { tile }, finish } = this.#task;
    const [tiles, group] = [this.#columns(rows * count), this.#unit.group];
    const blocked = this.#block > 1;
    const row = tile * count * y.channels;
    const [plane, line] = [4 * tiles * y.channels, 4 * group];
    const source = [this.#table.address, rows * count, this.#m.address, plane] as const;
    const target = [4 * y.channels, this.target.address, 4 * row] as const;
    this.#fillTable(rows, count, tile * row, tile * y.channels);
    if ("bias" in finish) {
      const strides = blocked ? [line * tiles, line] : [line, 4 * y.channels];
      const floor = finish.relu ? 0 : -Infinity;
      this.#unit.call[`output${tile}`](...source, ...strides, ...target, this.extra.address, floor);
    } else {
      const strides = blocked ? [line * y.channels, line] : [line, 4 * tiles];
      const name = variant("turnedOutput", !!finish.add, !!finish.mask);
      const beyond = this.extra.address - this.target.address;
      this.#unit.call[`${name}${tile}`](...source, ...strides, ...target, beyond);
    }
  }

  /**
   * For how many tiles there is room. Forward an odd count sets the planes apart by no power of two: places
   * in memory that differ by one get into each other's way in the cache.
   */
  #columns(tiles: number): number {
    return "bias" in this.#task.finish ? tiles | 1 : roundUp(tiles, this.#unit.group);
  }

  /** Where tiles begin, in bytes; those that only fill up the table are the last one again. */
  #fillTable(rows: number, count: number, down: number, across: number): void {
    const { values: { buffer, byteOffset, length } } = this.#table;
    const table = new Int32Array(buffer, byteOffset, length);
    let i = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < count; column++) {
        table[i++] = 4 * (row * down + column * across);
      }
    }
    table.fill(table[i - 1]!, i);
  }
}
