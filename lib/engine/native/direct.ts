/**
 * The gradient of a direct convolution with respect to its input. The filter is frozen, so it is
 * again a convolution, with the filter turned by 180 degrees and its channels swapped.
 *
 * @module
 */
import { spread, type Window } from "./layers.ts";
import type { Features, PackedFilter } from "./layout.ts";
import type { Operations } from "./operations.ts";

/** Overwrites `dx`; `window` says how the convolution went over its input. */
export function convolutionGradient(
  operations: Operations,
  dy: Features,
  filter: PackedFilter,
  window: Window,
  dx: Features,
): void {
  const [height, width] = window.size;
  const centred = window.top === (height - 1) / 2 && window.left === (width - 1) / 2;
  const sameSize = dy.height === dx.height && dy.width === dx.width;
  if (centred && sameSize && window.strides.every((stride) => stride === 1)) {
    return operations.convolution(dy, { filter }, dx);
  }
  const canvas = operations.take(dy.channels, dx.height + height - 1, dx.width + width - 1);
  spread(dy, canvas, window);
  operations.convolution(canvas, { filter, padding: [0, 0, 0, 0] }, dx);
  operations.give(canvas);
}
