/**
 * Convolutions of stride 1 on WebGPU, where TensorFlow.js' own kernel reaches a twentieth of what a large GPU can do
 * in float32. What the programs compute is said in `convolution_program.ts`; here is how the work
 * is shared out.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import {
  CHANNELS,
  COLUMNS,
  FILTER_SIDES,
  ROWS,
  SLICE,
  TileProgram,
} from "./convolution_program.ts";
import { type Call, flat, integers, sumOfParts } from "./program.ts";

/** Fewer groups of threads than this leave parts of a large GPU idle: then the sums are cut into parts. */
const GROUPS = 264;
/** A part goes through so many places of the filter at least: adding up parts takes a program of its own. */
const FEWEST_PLACES = 72;

/** A convolution of one picture with stride 1: `[1, H, W, in]` with `[height, width, in, out]`. */
export type GpuConvolution = {
  readonly x: tf.TensorInfo;
  readonly filter: tf.TensorInfo;
  /** `[out]` */
  readonly bias?: tf.TensorInfo;
  /** Only what is greater than 0 of the result is kept. */
  readonly relu?: boolean;
  /** `x` counts only where this, of the same shape, is greater than 0. */
  readonly mask?: tf.TensorInfo;
  readonly padding: "same" | "valid";
};

/** Whether there is a program for such shapes. */
export function suitsTiles({ x, filter }: Pick<GpuConvolution, "x" | "filter">): boolean {
  const [tall, wide, inChannels, outChannels] = filter.shape as [number, number, number, number];
  return x.shape[0] === 1 && x.dtype === "float32" && tall === wide &&
    FILTER_SIDES.includes(tall) &&
    inChannels % SLICE === 0 && outChannels % 4 === 0;
}

/** Computes one. */
export function convolve(call: Call, convolution: GpuConvolution): tf.TensorInfo {
  const { x, filter, bias, relu = false, mask } = convolution;
  const backend = call.backend as WebGPUBackend;
  const { shape, numbers } = frame(convolution);
  const [, rows, columns, outChannels] = shape;
  const slices = filter.shape[2]! / SLICE;
  const tiles = [
    Math.ceil(columns / COLUMNS),
    Math.ceil(rows / ROWS),
    Math.ceil(outChannels / CHANNELS),
  ] as const;
  const fewest = Math.ceil(FEWEST_PLACES / filter.shape[0]! ** 2);
  const parts = partsOf(slices, fewest, tiles.reduce((product, count) => product * count, 1));
  const [inQuads, outQuads] = [slices * SLICE / 4, outChannels / 4];
  const whole = parts === 1;
  const inputs = {
    x,
    filters: filter, // `filter` is a word of WGSL's own
    ...(mask && { mask }),
    ...(whole && bias && { bias }),
  };
  const slicesAPart = Math.ceil(slices / parts);
  const sizes = { ...numbers, rows, inQuads, outQuads, slices, slicesAPart, layers: tiles[2] };
  const program = new TileProgram(parts, shape, tiles, {
    side: filter.shape[0]!,
    names: Object.keys(inputs),
    uniforms: Object.keys(sizes),
    relu: whole && relu,
  });
  const output = backend.runWebGPUProgram(program, flat(inputs), "float32", integers(sizes));
  if (whole) return { ...output, shape };
  return sumOfParts(call, output, parts, shape, { bias, relu });
}

/** Into how many parts of at least `fewest` slices the sums are cut, none of them empty. */
function partsOf(slices: number, fewest: number, groups: number): number {
  const wanted = Math.max(1, Math.floor(Math.min(GROUPS / groups, slices / fewest)));
  return Math.ceil(slices / Math.ceil(slices / wanted));
}

/** The shape of the result, and how windows lie over the picture. */
export function frame({ x, filter, padding }: GpuConvolution) {
  const [, height, width] = x.shape as [number, number, number, number];
  const [tall, wide, , outChannels] = filter.shape as [number, number, number, number];
  const same = padding === "same";
  const [rows, columns] = same ? [height, width] : [height - tall + 1, width - wide + 1];
  const [above, left] = same ? [(tall - 1) >> 1, (wide - 1) >> 1] : [0, 0];
  const shape: [number, number, number, number] = [1, rows, columns, outChannels];
  return { shape, numbers: { height, width, columns, above, left } };
}
