/**
 * How features lie in memory while the network runs.
 *
 * Convolutions are fastest when the channels are cut into blocks as wide as the processor's vector
 * registers: `[ceil(C / B), H, W, B]`, B = 16 with AVX-512, 8 with AVX2. ONNX Runtime calls this
 * NCHWc and keeps operations for it that a model can name directly. Where there are none, B = 1 and
 * the layout is plain NCHW. Channels that only fill up the last block are zero throughout.
 *
 * @module
 */
import type { Preprocessing } from "../../network.ts";

/** Features in blocks of channels. */
export type Blocked = {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
};

/** A filter in the order in which a convolution reads it, and its sizes with filled-up blocks. */
export type PackedFilter = {
  readonly data: Float32Array;
  /** `[out, in, height, width]`. */
  readonly dims: readonly [number, number, number, number];
  /** Channels without those that only fill up a block. */
  readonly outChannels: number;
};

/** `n` rounded up to whole blocks. */
export function roundUp(n: number, block: number): number {
  return Math.ceil(n / block) * block;
}

/** How a filter is stored, and how it is to be packed. */
export type PackOptions = {
  readonly data: Float32Array | Int32Array | Uint8Array;
  /** `[height, width, in, out]`. */
  readonly shape: readonly number[];
  readonly block: number;
  /** For the gradient: turned by 180 degrees, with input and output channels swapped. */
  readonly turned?: boolean;
  /** The input has fewer channels than a block and is not blocked. */
  readonly planar?: boolean;
};

/** Packs a filter as `[out / B, in / B, height, width, in in block, out in block]`. */
export function packFilter(options: PackOptions): PackedFilter {
  const { data, shape: [height, width, storedIn, storedOut], block, turned, planar } = options;
  const [inChannels, outChannels] = turned ? [storedOut, storedIn] : [storedIn, storedOut];
  const inBlock = planar ? inChannels : block;
  const dims = [roundUp(outChannels, block), roundUp(inChannels, inBlock), height, width] as const;
  const packed = new Float32Array(dims[0] * dims[1] * height * width);
  const area = height * width;
  const stepIn = turned ? 1 : storedOut;
  const stepOut = turned ? storedOut : 1;
  for (let o = 0; o < outChannels; o++) {
    const outBase = Math.floor(o / block) * dims[1] * area * block + o % block;
    for (let i = 0; i < inChannels; i++) {
      // A planar input has one "block" per channel, with a position's outputs right behind it.
      const lane = planar ? 0 : i % block;
      const step = planar ? block : block * block;
      const inBase = outBase + (planar ? i : Math.floor(i / block)) * area * step + lane * block;
      const from = i * stepIn + o * stepOut;
      for (let p = 0; p < area; p++) {
        packed[inBase + p * step] = data[(turned ? area - 1 - p : p) * storedIn * storedOut + from];
      }
    }
  }
  return { data: packed, dims, outChannels };
}

/** A bias with its last block filled up. */
export function packBias(bias: Float32Array, block: number): Float32Array {
  const packed = new Float32Array(roundUp(bias.length, block));
  packed.set(bias);
  return packed;
}

/** Subtracts the mean, orders the channels: `[H, W, 3]` to planes `[3, H, W]`. */
export function toPlanes(
  pixels: ArrayLike<number>,
  { channelOrder, mean }: Preprocessing,
  planes: Float32Array,
): void {
  const area = planes.length / 3;
  for (let channel = 0; channel < 3; channel++) {
    const plane = channelOrder === "BGR" ? 2 - channel : channel;
    const offset = mean[channel];
    for (let i = 0; i < area; i++) planes[plane * area + i] = pixels[3 * i + channel] - offset;
  }
}

/** The gradient of `toPlanes`: the first three channels of a blocked gradient to `[H, W, 3]`. */
export function fromPlanes(
  { data, height, width }: Blocked,
  { channelOrder }: Preprocessing,
  block: number,
  pixels: Float32Array,
): void {
  const area = height * width;
  for (let channel = 0; channel < 3; channel++) {
    const plane = channelOrder === "BGR" ? 2 - channel : channel;
    const from = Math.floor(plane / block) * area * block + plane % block;
    for (let i = 0; i < area; i++) pixels[3 * i + channel] = data[from + i * block];
  }
}

/** Copies channels between any two layouts; the slow way, for counts that do not fill blocks. */
export function copyChannels(from: ChannelView, to: ChannelView, count: number): void {
  for (let channel = 0; channel < count; channel++) {
    const a = from.offset(channel);
    const b = to.offset(channel);
    for (let i = 0; i < from.area; i++) to.data[b + i * to.step] = from.data[a + i * from.step];
  }
}

/** Where a channel starts, and how far apart its positions are. */
export type ChannelView = {
  readonly data: Float32Array;
  readonly area: number;
  readonly step: number;
  offset(channel: number): number;
};

/** A view of blocked features from channel `first` on. */
export function blockedView(
  { data, height, width }: Blocked,
  block: number,
  first = 0,
): ChannelView {
  const area = height * width;
  const offset = (channel: number) => {
    const c = first + channel;
    return Math.floor(c / block) * area * block + c % block;
  };
  return { data, area, step: block, offset };
}

/** A view of NHWC features. */
export function rowsView(data: Float32Array, channels: number): ChannelView {
  return { data, area: data.length / channels, step: channels, offset: (channel) => channel };
}
