/**
 * How far apart the patches of two pictures lie, without any network: each square of 7 by 7 pixels is
 * a point in a space of 147 values, and two clouds of points are compared by their shadows on many
 * straight lines, where the nearest pairing is found by sorting (sliced Wasserstein distance; Rabin
 * and others 2011; of patches: Karras and others 2018, arXiv 1710.10196, section 5).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Picture, toTensor } from "../../picture/picture.ts";
import { halve } from "./pixels.ts";

const SIDE = 7;
const DIRECTIONS = 96;
const SIZES = 3;
const QUANTILES = 2048;

/** The shortest side, in pixels, of a picture whose smallest copy still has one patch. */
export const SMALLEST_SIDE: number = SIDE * 2 ** (SIZES - 1);

/**
 * The shadows of a picture's patches: per size (full, half, quarter) and direction 2048 quantiles, one
 * after the other.
 */
export type Shadows = Float32Array[];

/** The shadows of the 7 by 7 patches of a picture and of its two smaller copies. */
export async function shadowsOf(picture: Picture): Promise<Shadows> {
  const shadows: Shadows = [];
  let copy = picture;
  for (let size = 0; size < SIZES; size++) {
    if (size > 0) copy = halve(copy);
    shadows.push(await quantilesOf(copy));
  }
  return shadows;
}

/** The mean over sizes, directions and quantiles of |difference|, in levels of 0–255. */
export function shadowDistance(a: Shadows, b: Shadows): number {
  let total = 0;
  a.forEach((values, size) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]! - b[size]![i]!);
    total += sum / values.length;
  });
  return total / a.length;
}

async function quantilesOf(picture: Picture): Promise<Float32Array> {
  // To project every patch on every direction is to convolve with the directions.
  const projected = tf.tidy(() => {
    const filter = tf.tensor4d(patchDirections(), [DIRECTIONS, 3, SIDE, SIDE]);
    const turned = tf.transpose(filter, [2, 3, 1, 0]) as tf.Tensor4D;
    const shadows = tf.conv2d(toTensor(picture), turned, 1, "valid");
    return tf.transpose(tf.reshape(shadows, [-1, DIRECTIONS]));
  });
  try {
    const values = new Float32Array(await projected.data());
    const count = values.length / DIRECTIONS;
    const quantiles = new Float32Array(DIRECTIONS * QUANTILES);
    for (let d = 0; d < DIRECTIONS; d++) {
      const sorted = values.subarray(d * count, (d + 1) * count).sort();
      for (let i = 0; i < QUANTILES; i++) {
        quantiles[d * QUANTILES + i] = sorted[Math.trunc(i * (count - 1) / (QUANTILES - 1))]!;
      }
    }
    return quantiles;
  } finally {
    projected.dispose();
  }
}

let directions: Float32Array | undefined;

/**
 * The directions `[96, 147]`, each of length 1; a patch is flattened by channel, row, column. They are
 * part of the measure, since other ones would give figures that are some 4 % apart (the standard
 * deviation over ten draws): those of `torch.manual_seed(0); torch.randn(96, 147)` in PyTorch 2.
 */
export function patchDirections(): Float32Array {
  if (directions) return directions;
  const size = 3 * SIDE * SIDE;
  directions = torchNormal(DIRECTIONS * size, 0);
  for (let first = 0; first < directions.length; first += size) {
    const direction = directions.subarray(first, first + size);
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    for (let i = 0; i < size; i++) direction[i]! /= length;
  }
  return directions;
}

/**
 * Normally distributed numbers as PyTorch draws them on a processor, `length` a multiple of 16: in
 * each sixteen the first eight uniform numbers give the radii, the other eight the angles (Box,
 * Muller 1958).
 */
function torchNormal(length: number, seed: number): Float32Array {
  const random = mersenneTwister(seed);
  // 24 bits each: what a float32 holds.
  const values = Float32Array.from({ length }, () => (random() & 0xffffff) / 2 ** 24);
  for (let first = 0; first < length; first += 16) {
    for (let i = first; i < first + 8; i++) {
      const radius = Math.sqrt(-2 * Math.log(1 - values[i]!));
      const angle = 2 * Math.PI * values[i + 8]!;
      values[i] = radius * Math.cos(angle);
      values[i + 8] = radius * Math.sin(angle);
    }
  }
  return values;
}

/** Whole numbers of 32 bits: MT19937 (Matsumoto, Nishimura 1998). */
function mersenneTwister(seed: number): () => number {
  const [size, middle] = [624, 397];
  const state = new Uint32Array(size);
  state[0] = seed;
  for (let i = 1; i < size; i++) {
    const before = state[i - 1]!;
    state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
  }
  let next = size;
  return () => {
    if (next === size) {
      for (let i = 0; i < size; i++) {
        const y = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
        state[i] = state[(i + middle) % size]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      next = 0;
    }
    let y = state[next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}
