/**
 * The WebAssembly functions and the memory that they work in. Features stay outside: bands of rows
 * are copied in, so that the memory is small and what it holds stays in the processor's cache.
 *
 * @module
 */
import { inputToBlocks, outputFromBlocks } from "./block_kernels.ts";
import { gatherFunction, spreadFunction } from "./column_kernels.ts";
import { differenceFunction, squaresFunction } from "./difference_kernels.ts";
import { filterTransform } from "./filter_kernels.ts";
import type { Features } from "./layout.ts";
import {
  poolFunction,
  poolGradientFunction,
  poolPlacesFunction,
  unpoolFunction,
} from "./pooling_kernels.ts";
import { inputTransform, outputTransform } from "./tile_kernels.ts";
import { variationFunction, variationGradientFunction } from "./variation_kernels.ts";
import { TEMPORARY_BYTES } from "./vector_kernels.ts";
import { encodeModule, MOST_PAGES } from "./wasm.ts";
import { FORWARD, type Tile, TILES, TURNED } from "./winograd_matrices.ts";

const PAGE = 65536;
/** A line of the processor's cache. */
const ALIGNMENT = 64;

type Numbers = readonly number[];
type Variant<Name extends string> = `${Name}${"" | "Add"}${"" | "Mask"}`;
type Transform =
  | "filter"
  | "halfFilter"
  | "input"
  | "turnedInput"
  | "output"
  | Variant<"turnedOutput">;
type Name =
  | `${Transform}${Tile}`
  | "squares"
  | "difference"
  | "gather"
  | "spread"
  | "variation"
  | "variationGradient"
  | "pool"
  | "poolPlaces"
  | "unpool"
  | Variant<"poolGradient">;
type Functions = Record<Name, (...parameters: number[]) => void>;

/** Memory in which all threads see each other's tiles. */
export function newTileMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
}

/** A part of the memory. */
export type Region = { readonly address: number; readonly values: Float32Array };

/** A region without its first floats. */
export function behind({ address, values }: Region, floats: number): Region {
  return { address: address + 4 * floats, values: values.subarray(floats) };
}

/** Vector functions, and memory for them. */
export class VectorUnit {
  readonly call: Functions;
  /** Channels and tiles that lie side by side. */
  readonly group: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #tiles: WebAssembly.Memory;
  /** The number of this thread among those that see the same tiles. */
  readonly lane: number;

  constructor(group: number, tiles = newTileMemory(), lane = 0) {
    this.group = group;
    this.lane = lane;
    this.#tiles = tiles;
    const variants = [false, true].flatMap((add) => [false, true].map((mask) => ({ add, mask })));
    const transforms = TILES.flatMap((tile) => [
      filterTransform(`filter${tile}`, FORWARD[tile].filter, false),
      filterTransform(`halfFilter${tile}`, FORWARD[tile].filter, true),
      inputTransform(`input${tile}`, FORWARD[tile].input, group),
      inputToBlocks(`turnedInput${tile}`, TURNED[tile].input, group),
      outputTransform(`output${tile}`, FORWARD[tile].output, group),
      ...variants.map(({ add, mask }) => {
        const name = `${variant("turnedOutput", add, mask)}${tile}`;
        return outputFromBlocks(name, TURNED[tile].output, group, { add, mask });
      }),
    ]);
    const code = encodeModule([
      ...transforms,
      squaresFunction(),
      differenceFunction(),
      gatherFunction(),
      spreadFunction(),
      variationFunction(),
      variationGradientFunction(),
      poolFunction(),
      poolPlacesFunction(),
      unpoolFunction(),
      ...variants.map(({ add, mask }) =>
        poolGradientFunction(variant("poolGradient", add, mask), add, mask)
      ),
    ]);
    const imports = { env: { own: this.#memory, shared: this.#tiles } };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), imports);
    this.call = exports as Functions;
  }

  /** Regions of so many floats each, with arbitrary content; those of the call before are void. */
  reserve<const Lengths extends Numbers>(lengths: Lengths): { [I in keyof Lengths]: Region } {
    let end = align(TEMPORARY_BYTES);
    const addresses = lengths.map((length) => {
      const address = end;
      end += align(4 * length);
      return address;
    });
    grow(this.#memory, end);
    const regions = addresses.map((address, i): Region => ({
      address,
      values: new Float32Array(this.#memory.buffer, address, lengths[i]),
    }));
    return regions as { [I in keyof Lengths]: Region };
  }

  /** Makes room for so many floats of tiles; before other threads need them. */
  reserveTiles(length: number): void {
    grow(this.#tiles, 4 * length);
  }

  /** Floats of tiles. */
  tiles(first: number, length: number): Region {
    const values = new Float32Array(this.#tiles.buffer, 4 * first, length);
    return { address: 4 * first, values };
  }
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

/** The name of a function that can add to what its target holds, and mask its result. */
export function variant<Name extends string>(
  name: Name,
  add: boolean,
  mask: boolean,
): Variant<Name> {
  return `${name}${add ? "Add" : ""}${mask ? "Mask" : ""}`;
}

/** Rows of features in the memory, or a part of each. */
export type Band = {
  readonly first: number;
  readonly count: number;
  /** Floats per row of the memory. */
  readonly row: number;
  /** Columns of the memory before the features; they, and all that is left of a row, become zero. */
  readonly left?: number;
  /** The first column of the features, and how many: all by default. */
  readonly column?: number;
  readonly columns?: number;
};

/** Copies rows of features into a region; rows outside the picture become `outside`. */
export function copyIn(
  { data, height, width, channels }: Features,
  { first, count, row, left, column = 0, columns = width }: Band,
  to: Region,
  outside = 0,
): void {
  const whole = width * channels;
  const length = Math.min(columns, width - column) * channels;
  if (first >= 0 && row === whole && length === whole && first + count <= height) {
    return to.values.set(data.subarray(first * whole, (first + count) * whole));
  }
  for (let i = 0; i < count; i++) {
    const y = first + i;
    const start = i * row + (left ?? 0) * channels;
    const from = y * whole + column * channels;
    if (left !== undefined) {
      to.values.fill(0, i * row, start);
      to.values.fill(0, start + length, (i + 1) * row);
    }
    if (y < 0 || y >= height) to.values.fill(outside, start, start + length);
    else to.values.set(data.subarray(from, from + length), start);
  }
}

/** Copies rows from a region into features, as far as the picture goes. */
export function copyOut(
  from: Region,
  { data, height, width, channels }: Features,
  { first, count, row, column = 0, columns = width }: Band,
): void {
  const whole = width * channels;
  const length = Math.min(columns, width - column) * channels;
  if (row === whole && length === whole && first + count <= height) {
    return data.set(from.values.subarray(0, count * whole), first * whole);
  }
  for (let i = 0; i < count && first + i < height; i++) {
    const to = (first + i) * whole + column * channels;
    data.set(from.values.subarray(i * row, i * row + length), to);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
