/**
 * Step sizes that change on the way: a function of the iteration in place of a number.
 *
 * @module
 */
import { cannot, checkInRange, checkNonNegative, checkPositive, describe } from "../base/check.ts";

/** A step size for every iteration, counted from 0. */
export type Schedule = (iteration: number) => number;

/** How far steps go, in the units that the optimizer says: the same for all, or by a schedule. */
export type StepSize = number | Schedule;

/** Throws unless `stepSize` is a positive number or a function. */
export function checkStepSize(what: string, stepSize: unknown): asserts stepSize is StepSize {
  if (typeof stepSize !== "function") checkPositive(what, "stepSize", stepSize);
}

/**
 * The step size of an iteration.
 *
 * @throws {RangeError} when a schedule gives something negative or not finite.
 */
export function stepSizeAt(stepSize: StepSize, iteration: number): number {
  if (typeof stepSize === "number") return stepSize;
  const value = stepSize(iteration);
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  const rule = "its schedule must give a number that is not negative";
  throw new RangeError(cannot(`take step ${iteration}`, rule, describe(value)));
}

/** The same step size in all iterations, as a schedule. */
export function constantStep(value: number): Schedule {
  checkPositive("make a schedule", "value", value);
  return () => value;
}

/**
 * A step size that shrinks by the same factor again and again: `initial · rate^(iteration / every)`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const stepSize = exponentialDecay(8, 0.5, 100);
 * assertEquals([0, 100, 200].map(stepSize), [8, 4, 2]);
 * ```
 */
export function exponentialDecay(initial: number, rate: number, every = 1): Schedule {
  const what = "make a schedule";
  checkPositive(what, "initial", initial);
  checkPositive(what, "rate", rate);
  checkPositive(what, "every", every);
  return (iteration) => initial * rate ** (iteration / every);
}

/**
 * Half a wave of the cosine, from `initial` down to `final` within so many iterations, and `final` from
 * there on: `final + (initial - final) (1 + cos(π iteration / iterations)) / 2`. Source: Loshchilov,
 * Hutter 2016 (arXiv 1608.03983), equation 5, one period.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const stepSize = cosineDecay(10, 100, 2);
 * assertEquals([0, 50, 100, 150].map(stepSize), [10, 6, 2, 2]);
 * ```
 */
export function cosineDecay(initial: number, iterations: number, final = 0): Schedule {
  const what = "make a schedule";
  checkPositive(what, "initial", initial);
  checkPositive(what, "iterations", iterations);
  checkNonNegative(what, "final", final);
  checkInRange(what, "final", final, 0, initial);
  return (iteration) => {
    const part = Math.min(1, iteration / iterations);
    return final + (initial - final) * (1 + Math.cos(Math.PI * part)) / 2;
  };
}
