/**
 * Seeded random numbers, so that a run can be repeated: the same seed gives the same start picture
 * on every engine and machine.
 *
 * @module
 */

/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * A small generator with 32 bits of state: mulberry32 (Tommy Ettinger, 2017, public domain).
 *
 * @example
 * ```ts
 * import { seededRandom } from "stylebook";
 * const [a, b] = [seededRandom(7), seededRandom(7)];
 * if (a() !== b()) throw new Error("equal seeds must give equal numbers");
 * ```
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
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
