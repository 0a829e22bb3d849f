/**
 * Seeded random numbers, so that a run can be repeated: the same seed gives the same start picture
 * on every engine and machine.
 *
 * @module
 */

import { cannot, describe } from "./check.ts";

/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * A small generator with 32 bits of state: mulberry32 (Tommy Ettinger, 2017, public domain).
 *
 * @param seed a whole number from 0 to 2^32 - 1: other numbers would silently be the same as one of these
 *
 * @example
 * ```ts
 * import { seededRandom } from "stylebook";
 * const [a, b] = [seededRandom(7), seededRandom(7)];
 * if (a() !== b()) throw new Error("equal seeds must give equal numbers");
 * ```
 *
 * @throws RangeError for another seed, TypeError for what is no number
 */
export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    const Kind = typeof seed === "number" ? RangeError : TypeError;
    const rule = "the seed must be a whole number from 0 to 4294967295";
    throw new Kind(cannot("make random numbers", rule, describe(seed)));
  }
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `length` numbers drawn evenly from [low, high), as float32. */
export function uniformNoise(
  length: number,
  low: number,
  high: number,
  random: Random,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = low + (high - low) * random();
  return values;
}

/**
 * `length` numbers from the normal distribution, as float32, by the Box–Muller transform (1958): for u
 * and v drawn evenly from (0, 1],
 *
 *     r = sqrt(-2 ln u),   r cos(2 π v) and r sin(2 π v)
 *
 * are two independent normal numbers. None is further than 6.7 deviations from the mean, since u is at
 * least 2^-32.
 *
 * @example
 * ```ts
 * import { normalNoise, seededRandom } from "stylebook";
 *
 * const values = normalNoise(10_000, 128, 10, seededRandom(1));
 * const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
 * if (Math.abs(mean - 128) > 0.3) throw new Error(`mean ${mean}`);
 * ```
 */
export function normalNoise(
  length: number,
  mean: number,
  deviation: number,
  random: Random,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[i] = mean + radius * Math.cos(angle);
    if (i + 1 < length) values[i + 1] = mean + radius * Math.sin(angle);
  }
  return values;
}
