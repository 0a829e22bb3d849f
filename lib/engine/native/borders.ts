/**
 * A border round features, of copies of their own values, and its gradient: what was copied adds up.
 *
 * @module
 */
import { type Bordering, borderPlaces } from "../../network/operation.ts";
import type { Features } from "./layout.ts";

/** Writes `x` with a border to `y`. */
export function addBorder(x: Features, y: Features, operation: Bordering): void {
  eachRun(x, operation, (from, to, length) => {
    if (length < 512) { for (let i = 0; i < length; i++) y.data[to + i] = x.data[from + i]!; }
    else y.data.set(x.data.subarray(from, from + length), to);
  });
}

/** Sends each gradient to the value that was copied there; overwrites `dx`. */
export function foldBorder(dy: Features, dx: Features, operation: Bordering): void {
  dx.data.fill(0);
  eachRun(dx, operation, (to, from, length) => {
    for (let i = 0; i < length; i++) dx.data[to + i]! += dy.data[from + i]!;
  });
}

/** Visits the runs of values that lie together both in the features and in those with a border. */
function eachRun(
  { height, width, channels }: Features,
  operation: Bordering,
  visit: (inside: number, outside: number, length: number) => void,
): void {
  const [down, across] = operation.window;
  const rows = borderPlaces(height, down, operation);
  const columns = borderPlaces(width, across, operation);
  const starts = columns.flatMap((column, i) => column === (columns[i - 1] ?? -2) + 1 ? [] : [i]);
  const runs = starts.map((start, i) => ({
    start,
    column: columns[start]!,
    count: (starts[i + 1] ?? columns.length) - start,
  }));
  rows.forEach((row, r) => {
    for (const { start, column, count } of runs) {
      const inside = (row * width + column) * channels;
      visit(inside, (r * columns.length + start) * channels, count * channels);
    }
  });
}
