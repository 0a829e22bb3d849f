/**
 * A convolution by Winograd's method: what goes in, and what happens to the result.
 *
 * @module
 */
import type { Deferral } from "./deferral.ts";
import type { Features } from "./layout.ts";
import type { Pooled } from "./pooled_rows.ts";
import type { WinogradFilter } from "./winograd_filters.ts";

/** What the forward convolution does to its result. */
export type WinogradForward = { readonly bias: Float32Array; readonly relu: boolean };

/** Where the gradient goes. */
export type WinogradGradient = {
  /** Added to the result: may be the result's own buffer, or numbers that are made as they are needed. */
  readonly add?: Float32Array | Deferral;
  /** The result is kept where this is positive. */
  readonly mask?: Float32Array;
};

/** A convolution. */
export type WinogradTask = {
  readonly x: Features;
  readonly filter: WinogradFilter;
  readonly y: Features;
  readonly finish: WinogradForward | WinogradGradient;
  /** Stands for `y`, which is pooled at once, or for the `x` of a gradient; that has sizes alone then. */
  readonly pooled?: Pooled;
};

/** How far the first window of a convolution reaches beyond the border. */
export function reachBefore({ x, y }: WinogradTask): number {
  return 1 + (y.height - x.height) / 2;
}
