/**
 * Products of matrices on WebGPU as losses of style need them: `AᵀB` of tall matrices, as for a Gram matrix, and
 * the product of a tall matrix with a small one, as for the gradient of that. TensorFlow.js' own kernels go
 * through all rows in the few groups of threads that the small result has, or add with atomics, in
 * another order at every run.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import { convolve, suitsTiles } from "./convolution.ts";
import { COLUMNS } from "./convolution_program.ts";
import { type Call, flat, integers, lines, sumOfParts } from "./program.ts";

/** With fewer rows a matrix is not tall. */
const TALL = 512;
/** Side of the tile of `AᵀB` that a group of threads computes, and rows that it reads at a time. */
const [SIDE, SLICE] = [64, 16];
const TILE_QUADS = SIDE / 4;
/** A thread has four columns of `A` and so many times four of `B`. */
const QUADS = 2;
const ACROSS = TILE_QUADS / QUADS;
const THREADS = TILE_QUADS * ACROSS;
const LOADS = SLICE * TILE_QUADS / THREADS;
/** So many groups keep a large GPU busy; the rows are cut into bands for that. */
const GROUPS = 256;
const [MOST_BANDS, FEWEST_ROWS] = [128, 128];
/** Tiles of a convolution may hang over the result by so much. */
const MOST_WASTE = 1.25;

/** The product if it is one of the two kinds, else nothing. */
export function product(call: Call): tf.TensorInfo | undefined {
  const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const { transposeA, transposeB } = call.attrs as { transposeA?: boolean; transposeB?: boolean };
  const flat = [a, b].every((x) => x.shape.slice(0, -2).every((length) => length === 1));
  const floats = a.dtype === "float32" && b.dtype === "float32";
  if (!flat || !floats || transposeB || a.shape.at(-2)! < TALL) return undefined;
  return transposeA ? productInBands(call, a, b) : productAsConvolution(call, a, b);
}

/** `AB`: each row of `A` is a pixel, `B` a filter of one place. */
function productAsConvolution(
  call: Call,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): tf.TensorInfo | undefined {
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(-1)!;
  const width = widthOf(rows);
  const x = { ...a, shape: [1, rows / width, width, inner] };
  const filter = { ...b, shape: [1, 1, inner, columns] };
  const waste = Math.ceil(width / COLUMNS) * COLUMNS / width;
  if (waste > MOST_WASTE || !suitsTiles({ x, filter })) return undefined;
  return {
    ...convolve(call, { x, filter, padding: "valid" }),
    shape: [...a.shape.slice(0, -1), columns],
  };
}

/** The width of a picture of so many pixels over which tiles hang as little as possible. */
function widthOf(pixels: number): number {
  let [best, least] = [1, Infinity];
  for (let width = 1; width * width <= pixels * COLUMNS && width <= 4096; width++) {
    const waste = Math.ceil(width / COLUMNS) * COLUMNS / width;
    if (pixels % width === 0 && waste <= least) [best, least] = [width, waste];
  }
  return best;
}

/** `AᵀB`: bands of rows side by side, and the sum of what they give. */
function productInBands(call: Call, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const backend = call.backend as WebGPUBackend;
  const [rows, m] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const tiles = [Math.ceil(n / SIDE), Math.ceil(m / SIDE)] as const;
  const wanted = Math.min(MOST_BANDS, GROUPS / (tiles[0] * tiles[1]), rows / FEWEST_ROWS);
  const rowsABand = Math.ceil(rows / Math.max(1, Math.floor(wanted)) / SLICE) * SLICE;
  const bands = Math.ceil(rows / rowsABand);
  const program = new BandProgram(bands, m, n, tiles);
  const uniforms = integers({ rows, m, n, rowsABand });
  const products = backend.runWebGPUProgram(program, flat({ a, b }), "float32", uniforms);
  const shape = [...a.shape.slice(0, -2), m, n];
  return bands === 1 ? { ...products, shape } : sumOfParts(call, products, bands, shape);
}

/** `AᵀB` of each of some bands of rows, one behind the other. */
class BandProgram implements WebGPUProgram {
  readonly workgroupSize: [number, number, number] = [THREADS, 1, 1];
  readonly dispatchLayout = { x: [0] };
  readonly variableNames = ["a", "b"];
  readonly variableComponents: number[];
  readonly dispatch: [number, number, number];
  readonly outputShape: number[];
  readonly shaderKey: string;
  readonly uniforms = "rows : i32, m : i32, n : i32, rowsABand : i32,";

  constructor(
    bands: number,
    readonly m: number,
    readonly n: number,
    tiles: readonly [number, number],
  ) {
    this.outputShape = [bands * m * n];
    this.dispatch = [...tiles, bands];
    this.variableComponents = [m, n].map((columns) => columns % 4 === 0 ? 4 : 1);
    this.shaderKey = `bandProduct ${this.variableComponents.join()}`;
  }

  /** Four numbers of a row of a matrix, 0 beyond its end. */
  #four(name: "a" | "b", columns: "m" | "n"): string {
    const vectors = this.variableComponents[name === "a" ? 0 : 1] === 4;
    const part = (j: number) =>
      `select(0.0, ${name}[row * uniforms.${columns} + column + ${j}], column + ${j} < uniforms.${columns})`;
    const value = vectors
      ? `${name}[(row * uniforms.${columns} + column) / 4]`
      : `vec4<f32>(${[0, 1, 2, 3].map(part).join(", ")})`;
    return `
      fn four_${name}(row: i32, column: i32, end: i32) -> vec4<f32> {
        if (row >= end || column >= uniforms.${columns}) { return vec4<f32>(0.0); }
        return ${value};
      }`;
  }

  getUserCode(): string {
    const each = (line: (i: number, q: number) => string) =>
      lines(4, (i) => lines(QUADS, (q) => line(i, q)));
    return `
      var<workgroup> left: array<vec4<f32>, ${SLICE * TILE_QUADS}>;
      var<workgroup> right: array<vec4<f32>, ${SLICE * TILE_QUADS}>;
      ${this.#four("a", "m")}
      ${this.#four("b", "n")}

      fn main(index: i32) {
        let thread = i32(localIndex);
        let quad = thread % ${ACROSS};
        let line = thread / ${ACROSS};
        let firstB = i32(workgroupId.x) * ${SIDE};
        let firstA = i32(workgroupId.y) * ${SIDE};
        let band = i32(workgroupId.z);
        let start = band * uniforms.rowsABand;
        let end = min(uniforms.rows, start + uniforms.rowsABand);
        ${each((i, q) => `var sum${i}_${q} = vec4<f32>(0.0);`)}
        for (var row = start; row < end; row = row + ${SLICE}) {
          workgroupBarrier(); // all are done with the rows before
          ${
      lines(LOADS, (i) =>
        `{
            let at = thread + ${i * THREADS};
            let column = at % ${TILE_QUADS} * 4;
            left[at] = four_a(row + at / ${TILE_QUADS}, firstA + column, end);
            right[at] = four_b(row + at / ${TILE_QUADS}, firstB + column, end);
          }`)
    }
          workgroupBarrier();
          for (var k = 0; k < ${SLICE}; k = k + 1) {
            let x = left[k * ${TILE_QUADS} + line];
            ${lines(QUADS, (q) => `let y${q} = right[k * ${TILE_QUADS} + quad + ${q * ACROSS}];`)}
            ${each((i, q) => `sum${i}_${q} = fma(vec4<f32>(x[${i}]), y${q}, sum${i}_${q});`)}
          }
        }
        let offset = band * uniforms.m * uniforms.n;
        ${
      each((i, q) =>
        `{
          let row = firstA + 4 * line + ${i};
          let column = firstB + 4 * (quad + ${q * ACROSS});
          ${
          lines(4, (j) => `
          if (row < uniforms.m && column + ${j} < uniforms.n) {
            result[offset + row * uniforms.n + column + ${j}] = sum${i}_${q}[${j}];
          }`)
        }
        }`
      )
    }
      }`;
  }
}
