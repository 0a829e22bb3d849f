/**
 * How features and filters lie in memory.
 *
 * Features are NHWC, as everywhere in TensorFlow.js: `[height, width, channels]`, one picture.
 *
 * Direct convolutions are fastest when the channels are cut into blocks as wide as the processor's
 * vector registers: `[ceil(C / B), H, W, B]`, B = 16 with AVX-512, 8 with AVX2. ONNX Runtime calls
 * this NCHWc and keeps operations for it that a model can name directly. Where there are none, B = 1
 * and the layout is plain NCHW. Channels that only fill up the last block are zero throughout.
 *
 * @module
 */
import type { Preprocessing } from "../../network/network.ts";

/** Features of one picture, NHWC; blocked only where it is said. */
export type Features = {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
};

/** Of a filter as networks store it: `[height, width, in, out]`. */
export type FilterShape = readonly [number, number, number, number];

/** A filter in the order in which a direct convolution reads it, with filled-up blocks. */
export type PackedFilter = {
  readonly data: Float32Array;
  /** `[out, in, height, width]`. */
  readonly dims: readonly [number, number, number, number];
  /** Channels without those that only fill up a block. */
  readonly outChannels: number;
  /** The input has fewer channels than a block and comes as planes `[C, H, W]`. */
  readonly planar: boolean;
};

/** `n` rounded up to whole blocks. */
export function roundUp(n: number, block: number): number {
  return Math.ceil(n / block) * block;
}

/** How a filter is stored, and how it is to be packed. */
export type PackOptions = {
  readonly data: Float32Array | Float16Array | Int32Array | Uint8Array;
  readonly shape: FilterShape;
  readonly block: number;
  /** For the gradient: turned by 180 degrees, with input and output channels swapped. */
  readonly turned?: boolean;
};

/** Packs a filter as `[out / B, in / B, height, width, in in block, out in block]`. */
export function packFilter(options: PackOptions): PackedFilter {
  const { data, shape: [height, width, storedIn, storedOut], block, turned } = options;
  const [inChannels, outChannels] = turned ? [storedOut, storedIn] : [storedIn, storedOut];
  const planar = inChannels < block;
  const inBlock = planar ? inChannels : block;
  const dims = [roundUp(outChannels, block), roundUp(inChannels, inBlock), height, width] as const;
  const packed = new Float32Array(dims[0] * dims[1] * height * width);
  const area = height * width;
  // A planar input has one "block" per channel, with a position's outputs right behind it.
  const inGroup = planar ? 1 : block;
  const stepIn = turned ? 1 : storedOut;
  const stepOut = turned ? storedOut : 1;
  // In the order in which it is written: to write in leaps takes three times as long.
  let to = 0;
  for (let out = 0; out < dims[0]; out += block) {
    const outputs = Math.min(block, outChannels - out);
    for (let first = 0; first < dims[1]; first += inGroup) {
      for (let p = 0; p < area; p++) {
        const place = (turned ? area - 1 - p : p) * storedIn * storedOut + out * stepOut;
        for (let i = first; i < first + inGroup; i++, to += block) {
          if (i >= inChannels) continue;
          const from = place + i * stepIn;
          for (let o = 0; o < outputs; o++) packed[to + o] = data[from + o * stepOut]!;
        }
      }
    }
  }
  return { data: packed, dims, outChannels, planar };
}

/** A bias with its last block filled up. */
export function packBias(bias: Float32Array | Float16Array, block: number): Float32Array {
  const packed = new Float32Array(roundUp(bias.length, block));
  packed.set(bias);
  return packed;
}

/** Copies features between NHWC and blocks; the slow way, for counts that do not fill blocks. */
export function copyChannels(rows: Features, blocked: Features, block: number, back = false): void {
  const { channels, height, width } = rows;
  const area = height * width;
  for (let channel = 0; channel < channels; channel++) {
    const plane = Math.floor(channel / block) * area * block + channel % block;
    for (let i = 0; i < area; i++) {
      if (back) rows.data[i * channels + channel] = blocked.data[plane + i * block]!;
      else blocked.data[plane + i * block] = rows.data[i * channels + channel]!;
    }
  }
}

/** Subtracts the mean and orders the channels. */
export function preprocess(
  pixels: Float32Array,
  { channelOrder, mean }: Preprocessing,
  result: Float32Array,
): void {
  const [first, third] = channelOrder === "BGR" ? [2, 0] : [0, 2];
  for (let i = 0; i < pixels.length; i += 3) {
    result[i] = pixels[i + first]! - mean[first]!;
    result[i + 1] = pixels[i + 1]! - mean[1];
    result[i + 2] = pixels[i + third]! - mean[third]!;
  }
}

/** The gradient of `preprocess`: puts the channels in their order again. */
export function preprocessGradient(
  gradient: Float32Array,
  { channelOrder }: Preprocessing,
  pixels: Float32Array,
): void {
  const [first, third] = channelOrder === "BGR" ? [2, 0] : [0, 2];
  for (let i = 0; i < pixels.length; i += 3) {
    pixels[i] = gradient[i + first]!;
    pixels[i + 1] = gradient[i + 1]!;
    pixels[i + 2] = gradient[i + third]!;
  }
}
