/**
 * The optimizers by name, for the terminal and for sweeps.
 *
 * @module
 */
import { adaGrad } from "./ada_grad.ts";
import { adam } from "./adam.ts";
import { gradientDescent } from "./gradient_descent.ts";
import { lbfgs } from "./lbfgs.ts";
import { momentum } from "./momentum.ts";
import type { Optimizer } from "./optimizer.ts";
import { rmsProp } from "./rms_prop.ts";

export * from "./ada_grad.ts";
export * from "./adam.ts";
export * from "./average.ts";
export { type FirstOrderOptions } from "./first_order.ts";
export * from "./gradient_descent.ts";
export * from "./lbfgs.ts";
export * from "./momentum.ts";
export * from "./rms_prop.ts";
export * from "./schedule.ts";
export * from "./smoothed.ts";
export type * from "./optimizer.ts";

/**
 * Each makes an optimizer with the given options, or its own defaults. `sgd` is plain gradient descent, its
 * step size in levels per unit of the gradient.
 */
export const OPTIMIZERS: Record<string, (options: { stepSize?: number }) => Optimizer> = {
  "gradient-descent": gradientDescent,
  adam,
  rmsprop: rmsProp,
  adagrad: adaGrad,
  momentum,
  sgd: ({ stepSize = 1, ...options }) => ({
    ...momentum({ ...options, stepSize, momentum: 0, normalize: false }),
    name: "sgd",
  }),
  lbfgs,
  "lbfgs-plain": (options) => lbfgs({ ...options, lineSearch: "none" }),
};
