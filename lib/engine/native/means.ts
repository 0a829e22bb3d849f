/**
 * Poolings that take something of every value in a window: the mean, or the root of the sum of squares.
 * Only values within the border count. Plain loops over the channels of a position, which lie together.
 *
 * @module
 */
import type { Pooling } from "../../network/operation.ts";
import type { Window } from "./layers.ts";
import type { Features } from "./layout.ts";

/** Which pooling, and what the result is multiplied by. */
type Mean = Pick<Pooling, "kind" | "factor">;

/** Writes a pooling of `x` to `y`. */
export function poolMeans(x: Features, y: Features, window: Window, { kind, factor = 1 }: Mean) {
  const { channels } = x;
  const squares = kind === "l2";
  y.data.fill(0);
  eachWindow(x, y, window, (at, places, share) => {
    for (const from of places) {
      if (squares) addSquares(x.data, from, y.data, at, channels);
      else for (let c = 0; c < channels; c++) y.data[at + c]! += x.data[from + c]!;
    }
    for (let c = 0; c < channels; c++) {
      const sum = y.data[at + c]!;
      y.data[at + c] = squares
        ? factor * Math.sqrt(share * sum)
        : factor * share * sum / (window.size[0] * window.size[1]);
    }
  });
}

/** The gradient of `poolMeans`; overwrites `dx`. The slope of a root at 0 is taken as 0. */
export function poolMeansGradient(
  dy: Features,
  x: Features,
  dx: Features,
  window: Window,
  { kind, factor = 1 }: Mean,
): void {
  const { channels } = x;
  const sums = new Float32Array(channels);
  dx.data.fill(0);
  eachWindow(x, dy, window, (at, places, share) => {
    if (kind !== "l2") {
      const part = factor * share / (window.size[0] * window.size[1]);
      for (const to of places) {
        for (let c = 0; c < channels; c++) dx.data[to + c]! += part * dy.data[at + c]!;
      }
      return;
    }
    sums.fill(0);
    for (const from of places) addSquares(x.data, from, sums, 0, channels);
    for (let c = 0; c < channels; c++) {
      const root = Math.sqrt(share * sums[c]!);
      sums[c] = root > 0 ? factor * share * dy.data[at + c]! / root : 0;
    }
    for (const to of places) {
      for (let c = 0; c < channels; c++) dx.data[to + c]! += sums[c]! * x.data[to + c]!;
    }
  });
}

function addSquares(
  x: Float32Array,
  from: number,
  sums: Float32Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) sums[to + i]! += x[from + i]! * x[from + i]!;
}

/**
 * Visits the windows in the order of `y`: where the result is, where the values are, and how many
 * times as large the window is as what lies of it within the border.
 */
function eachWindow(
  { height, width, channels }: Features,
  y: Features,
  { size, strides, top, left }: Window,
  visit: (at: number, places: readonly number[], share: number) => void,
): void {
  const places: number[] = [];
  let at = 0;
  for (let row = 0; row < y.height; row++) {
    const firstRow = Math.max(0, row * strides[0] - top);
    const endRow = Math.min(height, row * strides[0] - top + size[0]);
    for (let column = 0; column < y.width; column++) {
      const firstColumn = Math.max(0, column * strides[1] - left);
      const endColumn = Math.min(width, column * strides[1] - left + size[1]);
      places.length = 0;
      for (let r = firstRow; r < endRow; r++) {
        for (let c = firstColumn; c < endColumn; c++) places.push((r * width + c) * channels);
      }
      visit(at, places, size[0] * size[1] / places.length);
      at += channels;
    }
  }
}
