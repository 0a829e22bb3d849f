/**
 * The WebGPU program of a convolution. A group of threads computes a tile of the result, `ROWS` × `COLUMNS` pixels and
 * `CHANNELS` output channels. It reads what the tile sees of `SLICE` input channels once, and then, for
 * one place of the filter after the other, that place's weights: both into memory that the threads share. Each thread
 * keeps the sums of one column of pixels in registers.
 *
 * @module
 */
import type { WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import { lines, times } from "./program.ts";

/** Pixels of a tile; a thread computes all rows of a column. */
export const [ROWS, COLUMNS] = [8, 16];
/** Output channels of a tile. */
export const CHANNELS = 64;
/** Input channels that are read at a time. */
export const SLICE = 16;
/** Square filters whose windows leave the shared memory below the 16 KB that every GPU has. */
export const FILTER_SIDES: readonly number[] = [1, 3];

/** Four channels are one vector; a thread has so many of them for each pixel. */
const QUADS = 2;
const [TILE_QUADS, SLICE_QUADS] = [CHANNELS / 4, SLICE / 4];
/** Threads next to each other have other channels of the same column. */
const ACROSS = TILE_QUADS / QUADS;
const THREADS = COLUMNS * ACROSS;
/** Vectors of weights that a thread fetches for a place of the filter. */
const FETCHES = SLICE * TILE_QUADS / THREADS;

type Settings = {
  /** Side of the filter. */
  readonly side: number;
  readonly names: string[];
  readonly uniforms: readonly string[];
  readonly relu: boolean;
};

/** Tiles of a convolution, or of each of some parts of its sums, one behind the other. */
export class TileProgram implements WebGPUProgram {
  readonly outputComponent = 4;
  readonly dispatchLayout = { x: [0] };
  readonly variableNames: string[];
  readonly variableComponents: number[];
  readonly outputShape: number[];
  readonly workgroupSize: [number, number, number] = [THREADS, 1, 1];
  readonly dispatch: [number, number, number];
  readonly shaderKey: string;
  readonly uniforms: string;
  readonly #settings: Settings;

  /** Of a result of this shape, in so many tiles across, down and deep. */
  constructor(
    parts: number,
    shape: readonly number[],
    [across, down, deep]: readonly [number, number, number],
    settings: Settings,
  ) {
    const { side, names, uniforms, relu } = settings;
    this.outputShape = [parts * shape.reduce((product, length) => product * length, 1)];
    this.variableNames = names;
    this.variableComponents = names.map(() => 4);
    this.dispatch = [across, down, parts * deep];
    this.uniforms = uniforms.map((name) => `${name} : i32,`).join(" ");
    this.shaderKey = `convolution ${side} ${names.join()} ${relu}`;
    this.#settings = settings;
  }

  getUserCode(): string {
    const { side, names, relu } = this.#settings;
    const [tall, wide] = [ROWS + side - 1, COLUMNS + side - 1];
    const places = side * side;
    const value = names.includes("mask")
      ? "select(vec4<f32>(0.0), x[at], mask[at] > vec4<f32>(0.0))"
      : "x[at]";
    const sums = (row: number) => times(QUADS, (q) => `sum${row}_${q}`);
    const finished = (sum: string, q: number) => {
      const biased = names.includes("bias") ? `${sum} + bias${q}` : sum;
      return relu ? `max(${biased}, vec4<f32>(0.0))` : biased;
    };
    return `
      var<workgroup> seen: array<vec4<f32>, ${tall * wide * SLICE_QUADS}>;
      var<workgroup> weights: array<vec4<f32>, ${SLICE * TILE_QUADS}>;

      fn main(index: i32) {
        let thread = i32(localIndex);
        let quad = thread % ${ACROSS};
        let column = thread / ${ACROSS};
        let left = i32(workgroupId.x) * ${COLUMNS};
        let top = i32(workgroupId.y) * ${ROWS};
        let firstQuad = i32(workgroupId.z) % uniforms.layers * ${TILE_QUADS};
        let part = i32(workgroupId.z) / uniforms.layers;
        let start = part * uniforms.slicesAPart;
        let end = min(uniforms.slices, start + uniforms.slicesAPart);
        ${lines(ROWS, (row) => sums(row).map((sum) => `var ${sum} = vec4<f32>(0.0);`).join(" "))}
        ${
      lines(FETCHES, (i) => `
        let fetchedQuad${i} = firstQuad + (thread + ${i * THREADS}) % ${TILE_QUADS};
        let fetchedLine${i} = (thread + ${i * THREADS}) / ${TILE_QUADS};
        let fetches${i} = fetchedQuad${i} < uniforms.outQuads;
        var fetched${i} = vec4<f32>(0.0);`)
    }
        ${fetch("0", "start")}
        for (var slice = start; slice < end; slice = slice + 1) {
          workgroupBarrier(); // all are done with what was seen before
          for (var i = thread; i < ${tall * wide * SLICE_QUADS}; i = i + ${THREADS}) {
            let pixel = i / ${SLICE_QUADS};
            let y = top + pixel / ${wide} - uniforms.above;
            let x_ = left + pixel % ${wide} - uniforms.left;
            let at = (y * uniforms.width + x_) * uniforms.inQuads + slice * ${SLICE_QUADS} +
              i % ${SLICE_QUADS};
            var value = vec4<f32>(0.0);
            if (y >= 0 && y < uniforms.height && x_ >= 0 && x_ < uniforms.width) {
              value = ${value};
            }
            seen[i] = value;
          }
          for (var place = 0; place < ${places}; place = place + 1) {
            if (place > 0) { workgroupBarrier(); } // all are done with the weights before
            ${lines(FETCHES, (i) => `weights[thread + ${i * THREADS}] = fetched${i};`)}
            workgroupBarrier();
            // Fetched now, the next weights are on their way while these are used.
            if (place + 1 < ${places}) {
              ${fetch("place + 1", "slice")}
            } else if (slice + 1 < end) {
              ${fetch("0", "slice + 1")}
            }
            let corner = (place / ${side} * ${wide} + column + place % ${side}) * ${SLICE_QUADS};
            for (var k = 0; k < ${SLICE_QUADS}; k = k + 1) {
              ${
      lines(ROWS, (row) => `let x${row} = seen[corner + ${row * wide * SLICE_QUADS} + k];`)
    }
              ${
      lines(4, (j) =>
        `{
                ${
          lines(QUADS, (q) =>
            `let w${q} = weights[(4 * k + ${j}) * ${TILE_QUADS} + quad + ${q * ACROSS}];`)
        }
                ${
          lines(ROWS, (row) =>
            sums(row).map((sum, q) =>
              `${sum} = fma(vec4<f32>(x${row}[${j}]), w${q}, ${sum});`
            )
              .join(" "))
        }
              }`)
    }
            }
          }
        }
        let across = left + column;
        let offset = part * uniforms.rows * uniforms.columns;
        ${
      lines(QUADS, (q) => `
        let quad${q} = firstQuad + quad + ${q * ACROSS};
        if (across < uniforms.columns && quad${q} < uniforms.outQuads) {
          ${names.includes("bias") ? `let bias${q} = bias[quad${q}];` : ""}
          ${
        lines(ROWS, (row) => `
          if (top + ${row} < uniforms.rows) {
            let pixel = offset + (top + ${row}) * uniforms.columns + across;
            result[pixel * uniforms.outQuads + quad${q}] = ${finished(`sum${row}_${q}`, q)};
          }`)
      }
        }`)
    }
      }`;
  }
}

/** Fetches a thread's share of the weights of a place of the filter, for a slice of the channels. */
function fetch(place: string, slice: string): string {
  return `{
              let line = (${place}) * uniforms.inQuads * 4 + (${slice}) * ${SLICE};
              ${
    lines(FETCHES, (i) =>
      `if (fetches${i}) {
                fetched${i} = filters[(line + fetchedLine${i}) * uniforms.outQuads + fetchedQuad${i}];
              }`)
  }
            }`;
}
