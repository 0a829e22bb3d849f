/**
 * Means and spreads over seeds, and how they are written.
 *
 * @module
 */
import { shortNumber } from "../../lib/base/words.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import type { DoneRow, Row } from "./types.ts";

/** The rows that came to their end. */
export const doneRows = (rows: readonly Row[]): DoneRow[] =>
  rows.filter((row): row is Row & DoneRow => row.status === "done");

/** The mean of some numbers; NaN of none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The sample standard deviation; 0 of a single number. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  const squares = values.map((value) => (value - middle) ** 2);
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / (values.length - 1));
}

/** `mean ± standard deviation`, or the only number. */
export function meanText(values: readonly number[], digits = 3): string {
  if (values.length === 0) return "nothing (all failed)";
  const middle = shortNumber(mean(values), digits);
  return values.length === 1 ? middle : `${middle} ± ${shortNumber(deviation(values), 2)}`;
}

/** A share as a percentage. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Rows by a key, in the order of their first appearance. */
export function groupBy<T, K>(rows: readonly T[], keyOf: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    groups.set(key, [...groups.get(key) ?? [], row]);
  }
  return groups;
}

/**
 * The lowest loss met within so many evaluations. A moment's loss was met at the first evaluation
 * after those of the moment before.
 */
export function bestWithin({ moments }: DoneRow, evaluations: number): number {
  const met = moments.filter((_, i) => i === 0 || moments[i - 1]!.evaluations < evaluations);
  return Math.min(...met.map(({ total }) => total));
}

/** The moments' losses averaged over rows of the same length: points `[x, mean loss]`. */
export function meanCurve(
  rows: readonly DoneRow[],
  x: "iteration" | "evaluations" | "seconds",
): [number, number][] {
  const shortest = Math.min(...rows.map(({ moments }) => moments.length));
  return Array.from({ length: Number.isFinite(shortest) ? shortest : 0 }, (_, i) => [
    mean(rows.map(({ moments }) => moments[i]![x])),
    mean(rows.map(({ moments }) => moments[i]!.total)),
  ]);
}

/** `a, b and c`. */
export function listText(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** Parts of a number of iterations, each a whole number from 1 on, none twice. */
export const partsOf = (iterations: number, parts: readonly number[]): number[] => [
  ...new Set(parts.map((part) => Math.max(1, Math.round(part * iterations)))),
];

/** The root mean square of the differences of two pictures of the same size, in levels of 0–255. */
export function difference(a: Picture, b: Picture): number {
  return Math.sqrt(mean(Array.from(a.data, (value, i) => (value - b.data[i]!) ** 2)));
}
