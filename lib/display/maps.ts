/**
 * Tensors as pictures: what a layer sees, and what a Gram matrix holds.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { checkOneOf, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { displayable } from "../base/notebook.ts";
import type { Picture } from "../picture/picture.ts";

/** Grey levels from numbers: 0 is black, the greatest white. */
function greyPicture(values: ArrayLike<number>, width: number, height: number): Picture {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) greatest = Math.max(greatest, values[i]!);
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    data[i] = greatest === 0 ? 0 : Math.max(0, values[Math.floor(i / 3)]! / greatest * 255);
  }
  return displayable("picture", { width, height, data });
}

/** Which channels {@link featureMaps} shows. */
export type FeatureMapsOptions = {
  /** How many. @default {6} */
  count?: number;
  /**
   * `active`: those that add up to most; `edges`: those that change most from place to place, for what
   * they add up to, among all that are active at a twentieth of the most active one's level or more.
   *
   * @default {"active"}
   */
  by?: "active" | "edges";
  /** These and no others. */
  channels?: readonly number[];
};

/**
 * Channels of a layer, each as a grey picture: white is where the channel finds what it looks for.
 *
 * @param features `[1, H, W, C]`; stays yours
 */
export async function featureMaps(
  features: tf.Tensor4D,
  options: FeatureMapsOptions = {},
): Promise<Record<string, Picture>> {
  const what = "show channels";
  checkOptions(what, options, ["count", "by", "channels"]);
  const { count = 6, by = "active" } = options;
  checkPositiveInteger(what, "count", count);
  checkOneOf(what, "by", by, ["active", "edges"]);
  const [, height, width, channels] = features.shape;
  const values = await features.data();
  const { active, change } = statistics(values, width, channels);
  const most = active.reduce((a, b) => Math.max(a, b), 0);
  const score = (channel: number) =>
    by === "active"
      ? active[channel]!
      : active[channel]! < most / 20
      ? 0
      : change[channel]! / active[channel]!;
  const {
    channels: chosen = active.map((_, channel) => channel)
      .sort((a, b) => score(b) - score(a)).slice(0, count),
  } = options;
  return Object.fromEntries(chosen.map((channel) => {
    const map = Float32Array.from(
      { length: width * height },
      (_, position) => values[position * channels + channel]!,
    );
    return [`channel ${channel}`, greyPicture(map, width, height)];
  }));
}

/** Of each channel: the sum of its values, and of the differences to the neighbour at the right. */
function statistics(values: ArrayLike<number>, width: number, channels: number) {
  const active: number[] = new Array(channels).fill(0);
  const change: number[] = new Array(channels).fill(0);
  for (let i = 0; i < values.length; i++) {
    const channel = i % channels;
    active[channel]! += values[i]!;
    // Away from the border, where the zeros around the picture make an edge of their own.
    const column = Math.floor(i / channels) % width;
    if (column < 2 || column >= width - 3) continue;
    change[channel]! += Math.abs(values[i + channels]! - values[i]!);
  }
  return { active, change };
}

/**
 * The colour map viridis in ten steps, from dark blue to yellow: it can be read by people with
 * colour-blindness, and in grey. Source: van der Walt, Smith 2015, matplotlib (CC0).
 */
const VIRIDIS: readonly (readonly [number, number, number])[] = [
  [0x44, 0x01, 0x54],
  [0x48, 0x28, 0x78],
  [0x3e, 0x49, 0x89],
  [0x31, 0x68, 0x8e],
  [0x26, 0x82, 0x8e],
  [0x1f, 0x9e, 0x89],
  [0x35, 0xb7, 0x79],
  [0x6e, 0xce, 0x58],
  [0xb5, 0xde, 0x2b],
  [0xfd, 0xe7, 0x25],
];

function colourPicture(parts: Float32Array, width: number, height: number): Picture {
  const data = new Float32Array(width * height * 3);
  parts.forEach((part, i) => {
    const at = Math.min(1, Math.max(0, part)) * (VIRIDIS.length - 1);
    const [below, above] = [VIRIDIS[Math.floor(at)]!, VIRIDIS[Math.ceil(at)]!];
    for (let c = 0; c < 3; c++) data[3 * i + c] = below[c]! + (above[c]! - below[c]!) * (at % 1);
  });
  return displayable("picture", { width, height, data });
}

/**
 * A matrix `[N, M]` in colours from dark blue (0) to yellow (the greatest entry), a pixel per entry. The
 * square root of the entries' sizes is shown, as those of a Gram matrix are products of two activations.
 * The matrix stays yours.
 */
export async function matrixPicture(matrix: tf.Tensor2D): Promise<Picture> {
  const { matrix: picture } = await matrixPictures({ matrix });
  return picture!;
}

/** As {@link matrixPicture}, of several matrices with one scale, so that they can be compared. */
export async function matrixPictures(
  matrices: Readonly<Record<string, tf.Tensor2D>>,
): Promise<Record<string, Picture>> {
  const roots = await Promise.all(
    Object.values(matrices).map(async (matrix) =>
      Float32Array.from(await matrix.data(), (value) => Math.sqrt(Math.abs(value)))
    ),
  );
  let greatest = 0;
  for (const values of roots) for (const value of values) greatest = Math.max(greatest, value);
  const pictures = Object.entries(matrices).map(([name, { shape: [height, width] }], i) => {
    const parts = roots[i]!.map((value) => greatest === 0 ? 0 : value / greatest);
    return [name, colourPicture(parts, width, height)] as const;
  });
  return Object.fromEntries(pictures);
}
