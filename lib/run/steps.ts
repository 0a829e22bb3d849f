/**
 * The optimizer that settings ask for.
 *
 * @module
 */
import { cannot, describe } from "../base/check.ts";
import { OPTIMIZERS } from "../optimizers/mod.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { exponentialDecay } from "../optimizers/schedule.ts";
import type { Settings } from "./settings.ts";

/** The settings that belong to an optimizer: where another one is chosen, they do not come along. */
export const STEP_SETTINGS = [
  "stepSize",
  "stepDecay",
  "beta1",
  "beta2",
  "epsilon",
  "epsilonHat",
  "firstStep",
  "bounds",
] as const;

/** Settings of an optimizer. */
export type StepSettings = Pick<Settings, typeof STEP_SETTINGS[number]>;

/** The settings without those of an optimizer. */
export function withoutSteps<T extends object>(settings: T): Omit<T, keyof StepSettings> {
  const kept = Object.entries(settings).filter(([name]) =>
    !(STEP_SETTINGS as readonly string[]).includes(name)
  );
  return Object.fromEntries(kept) as Omit<T, keyof StepSettings>;
}

/**
 * An optimizer by its name.
 *
 * @throws {TypeError} for a setting that it does not have.
 * @throws {RangeError} for a decay without two numbers or without a step size.
 */
export function optimizerOf(name: string, settings: StepSettings): Optimizer {
  const { stepSize, stepDecay, bounds = "clip", ...own } = settings;
  const options = {
    ...own,
    stepSize: stepDecay ? decaying(stepSize, stepDecay) : stepSize,
    ...(bounds === "none" && { clip: false }),
    ...(bounds === "blind" && { blind: true }),
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return OPTIMIZERS[name]!(Object.fromEntries(given));
}

function decaying(stepSize: number | undefined, decay: readonly number[]) {
  const [rate, every] = decay;
  if (stepSize === undefined || rate === undefined || every === undefined || decay.length > 2) {
    const rule = "stepDecay must be two numbers, rate and every, and comes with a stepSize";
    throw new RangeError(cannot("use the settings", rule, describe([...decay])));
  }
  return exponentialDecay(stepSize, rate, every);
}
