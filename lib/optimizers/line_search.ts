/**
 * How far to go along a direction: a step that satisfies the strong Wolfe conditions,
 *
 *     φ(t) <= φ(0) + c1 t φ'(0)     the loss falls by a part of what the slope promised
 *     |φ'(t)| <= c2 |φ'(0)|         and little of the slope is left
 *
 * First steps grow until a good one must lie behind (algorithm 3.5), then that interval is narrowed
 * (algorithm 3.6, "zoom"). Source: Nocedal, Wright 2006, Numerical Optimization, section 3.5.
 *
 * @module
 */

/** What is known of φ at a step. */
export type Sample = { value: number; slope: number };

/** Settings of {@linkcode strongWolfe}; 0 < c1 < c2 < 1. */
export type LineSearchOptions = {
  /** The step to try first. */
  first?: number;
  /** Of the decrease. */
  c1?: number;
  /** Of the slope. */
  c2?: number;
  /** How far values may be off by rounding. */
  noise?: number;
  /** φ is evaluated at most so often. */
  evaluations?: number;
};

/** A step, what φ gave there, and whether both conditions hold or only the decrease. */
export type Found<T extends Sample> = { step: number; sample: T; strong: boolean };

type Point<T> = Sample & { step: number; sample?: T };

/** Nothing between these parts of an interval is thrown away at once by an interpolation. */
const MARGIN = 0.1;
/** How much longer the next step may be than the last while all goes well. */
const GROWTH = [2, 10] as const;

/**
 * Searches along φ. A value that is not finite counts as too high.
 *
 * When the evaluations are used up, or a kink of φ hides the flat place, the best step seen is
 * returned if its decrease suffices.
 *
 * @param start φ at 0; a promise is awaited together with the first evaluation
 * @returns undefined when φ does not fall at 0, or nowhere enough.
 */
export async function strongWolfe<T extends Sample>(
  phi: (step: number) => Promise<T>,
  start: Sample | Promise<Sample>,
  { first = 1, c1 = 1e-4, c2 = 0.9, noise = 0, evaluations = 20 }: LineSearchOptions = {},
): Promise<Found<T> | undefined> {
  let left = evaluations;
  const measure = async (step: number): Promise<Point<T>> => {
    left--;
    const sample = await phi(step);
    const value = Number.isFinite(sample.value) ? sample.value : Infinity;
    return { step, value, slope: sample.slope, sample };
  };
  const [origin, one] = await Promise.all([start, measure(first)]);
  if (!(origin.slope < 0)) return undefined;

  // Near a minimum the decrease drowns in rounding, but slopes still tell: for a parabola, the
  // second line says the same as the first (Hager, Zhang 2005, A new conjugate gradient method with
  // guaranteed descent, SIAM J. Optim. 16(1), eq. 4.1).
  const clearly = ({ step, value }: Point<T>) => value <= origin.value + c1 * step * origin.slope;
  const falls = (point: Point<T>) =>
    clearly(point) ||
    Math.abs(point.value - origin.value) < noise && point.slope <= (2 * c1 - 1) * origin.slope;
  const isFlat = ({ slope }: Point<T>) => Math.abs(slope) <= -c2 * origin.slope;
  const found = ({ step, sample }: Point<T>, strong: boolean) => sample && { step, sample, strong };

  // Algorithm 3.5. `low` is the step before, then the better end of the interval.
  let low: Point<T> = { step: 0, ...origin };
  let high = one;
  for (;;) {
    // Too far: the loss has not fallen enough, or rises again.
    if (!falls(high) || (high.value >= low.value + noise && low.step > 0)) break;
    if (isFlat(high)) return found(high, true);
    // Past the bottom: the interval runs backwards.
    if (high.slope >= 0) {
      [low, high] = [high, low];
      break;
    }
    if (left <= 0) return found(high, false);
    const next = extrapolate(low, high);
    low = high;
    high = await measure(next);
  }

  // Algorithm 3.6. Of all steps that fall enough, `low` has the least value, and φ falls from there
  // towards `high`.
  while (left > 0) {
    const middle = await measure(interpolate(low, high));
    if (!falls(middle) || middle.value >= low.value + noise) {
      high = middle;
      continue;
    }
    if (isFlat(middle)) return found(middle, true);
    if (middle.slope * (high.step - low.step) >= 0) high = low;
    low = middle;
  }
  return clearly(low) ? found(low, false) : undefined;
}

/** Where the slope would vanish if it went on as between `a` and `b`, within the growth allowed. */
function extrapolate(a: Sample & { step: number }, b: Sample & { step: number }): number {
  const bend = (b.slope - a.slope) / (b.step - a.step);
  const bottom = bend > 0 ? b.step - b.slope / bend : Infinity;
  return Math.min(Math.max(bottom, GROWTH[0] * b.step), GROWTH[1] * b.step);
}

/** The minimum of the cubic through both ends (eq. 3.59), kept off them; else the middle. */
function interpolate(a: Sample & { step: number }, b: Sample & { step: number }): number {
  const width = b.step - a.step;
  const d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  const part = 1 - (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  if (!Number.isFinite(part)) return a.step + width / 2;
  return a.step + width * Math.min(Math.max(part, MARGIN), 1 - MARGIN);
}
