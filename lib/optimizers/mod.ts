/**
 * The optimizers by name, for the terminal and for sweeps.
 *
 * @module
 */
import { gradientDescent } from "./gradient_descent.ts";
import { lbfgs } from "./lbfgs.ts";
import type { Optimizer } from "./optimizer.ts";
import { adaGrad, adam, momentum, rmsProp } from "./train.ts";

export * from "./gradient_descent.ts";
export * from "./lbfgs.ts";
export * from "./train.ts";
export type * from "./optimizer.ts";

/** Each makes an optimizer with the given step size, or its own default. */
export const OPTIMIZERS: Record<string, (options: { stepSize?: number }) => Optimizer> = {
  "gradient-descent": gradientDescent,
  adam,
  rmsprop: rmsProp,
  adagrad: adaGrad,
  momentum,
  lbfgs,
};
