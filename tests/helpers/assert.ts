/**
 * Comparing many floating-point numbers at once. A tolerance is relative, because the values here go
 * from 1e-29 to 5e28, and nothing passes by being NaN.
 *
 * @module
 */

/** Options of {@linkcode assertAllClose}. */
export type CloseOptions = {
  /** The greatest difference allowed, as a part of `scale`. */
  rtol: number;
  /** A difference that is always allowed, in the values' own unit; 0 unless given. */
  atol?: number;
  /**
   * What the difference is relative to. `element`: each expected value by itself (an expected 0 must
   * be met exactly). `rms`: the expected value or the root mean square of all of them, whichever is
   * greater, for gradients and activations, where a value that happens to be near 0 carries the
   * rounding of its neighbours.
   */
  scale?: "element" | "rms";
};

/**
 * Throws unless `|actual[i] - expected[i]| <= atol + rtol * scale[i]` for every i. The message names
 * the index that misses its limit by the greatest factor, with both values. A value that is NaN or
 * infinite never passes, on either side.
 */
export function assertAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol = 0, scale = "element" }: CloseOptions,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`Expected ${expected.length} values, got ${actual.length}`);
  }
  for (let i = 0; i < expected.length; i++) {
    if (!Number.isFinite(actual[i]) || !Number.isFinite(expected[i])) {
      throw new Error(`Value ${i} is not finite: ${actual[i]} where ${expected[i]} is expected`);
    }
  }
  const floor = scale === "rms" ? rootMeanSquare(expected) : 0;
  let failures = 0;
  let worst = { index: 0, excess: -1, relative: 0 };
  for (let i = 0; i < expected.length; i++) {
    const size = Math.max(Math.abs(expected[i]!), floor);
    const difference = Math.abs(actual[i]! - expected[i]!);
    const limit = atol + rtol * size;
    if (difference <= limit) continue;
    failures++;
    const excess = difference / limit;
    if (excess > worst.excess) worst = { index: i, excess, relative: difference / size };
  }
  if (failures === 0) return;
  const { index, relative } = worst;
  throw new Error(
    `${failures} of ${expected.length} values differ; worst at ${index}: ` +
      `${actual[index]} instead of ${expected[index]}, ` +
      `relative difference ${
        relative.toExponential(2)
      } (scale "${scale}", rtol ${rtol}, atol ${atol})`,
  );
}

/** The square root of the mean of the squares. */
function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum / Math.max(1, values.length));
}
