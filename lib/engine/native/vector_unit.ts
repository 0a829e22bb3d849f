/**
 * The WebAssembly functions and the memory that they work in. Features stay outside: bands of rows
 * are copied in, so that the memory is small and what it holds stays in the processor's cache.
 *
 * @module
 */
import type { Features } from "./layout.ts";
import { poolFunction, poolGradientFunction } from "./pooling_kernels.ts";
import {
  filterTransform,
  inputTransform,
  outputTransform,
  TEMPORARY_BYTES,
} from "./vector_kernels.ts";
import { encodeModule } from "./wasm.ts";
import { FORWARD, TURNED } from "./winograd_matrices.ts";

const PAGE = 65536;
/** A line of the processor's cache. */
const ALIGNMENT = 64;

type Numbers = readonly number[];
type Variant<Name extends string> = `${Name}${"" | "Add"}${"" | "Mask"}`;
type Name =
  | "filter"
  | "input"
  | "turnedInput"
  | "output"
  | "pool"
  | Variant<"turnedOutput" | "poolGradient">;
type Functions = Record<Name, (...parameters: number[]) => void>;

/** A part of the memory. */
export type Region = { readonly address: number; readonly values: Float32Array };

/** Vector functions, and memory for them. */
export class VectorUnit {
  readonly call: Functions;
  #memory = new WebAssembly.Memory({ initial: 1 });

  constructor() {
    const gradients = [false, true].flatMap((add) =>
      [false, true].flatMap((mask) => [
        outputTransform(variant("turnedOutput", add, mask), TURNED.output, { add, mask }),
        poolGradientFunction(variant("poolGradient", add, mask), add, mask),
      ])
    );
    const code = encodeModule([
      filterTransform("filter", FORWARD.filter),
      inputTransform("input", FORWARD.input),
      inputTransform("turnedInput", TURNED.input),
      outputTransform("output", FORWARD.output, "bias"),
      poolFunction(),
      ...gradients,
    ]);
    const imports = { env: { memory: this.#memory } };
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
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    const regions = addresses.map((address, i): Region => ({
      address,
      values: new Float32Array(this.#memory.buffer, address, lengths[i]),
    }));
    return regions as { [I in keyof Lengths]: Region };
  }
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
  /** Columns of the memory left free. */
  readonly left?: number;
  /** The first column of the features, and how many: all by default. */
  readonly column?: number;
  readonly columns?: number;
};

/** Copies rows of features into a region; rows outside the picture become `outside`. */
export function copyIn(
  { data, height, width, channels }: Features,
  { first, count, row, left = 0, column = 0, columns = width }: Band,
  to: Region,
  outside = 0,
): void {
  const whole = width * channels;
  const length = Math.min(columns, width - column) * channels;
  if (row === whole && length === whole && first + count <= height) {
    return to.values.set(data.subarray(first * whole, (first + count) * whole));
  }
  for (let i = 0; i < count; i++) {
    const y = first + i;
    const start = i * row + left * channels;
    const from = y * whole + column * channels;
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
