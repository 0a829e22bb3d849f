/**
 * Rows of features that are never there as a whole: those that a convolution has made are pooled, those that
 * its gradient reads are made from what the pooling has left. See `pooled.ts`.
 *
 * @module
 */
import type { Shape } from "../../network/operation.ts";
import { type Features, roundUp } from "./layout.ts";
import { type Band, copyIn, copyOut, type Region, type VectorUnit } from "./vector_unit.ts";

/** What stands for features: the largest value of each window of 2x2, or what comes from above for it. */
export type Pooled = {
  readonly values: Features;
  /**
   * One byte for each value, four of them in one number: 1 to 4 for the corner where it was, row by row; 0 if
   * it was not positive, so that ReLU lets no gradient pass. Not wanted if no gradient is to follow.
   */
  readonly places?: Features;
};

/** So many places are in one number. */
export const PLACES = 4;

const NOTHING = new Float32Array(1);

/** Features without their numbers. */
export function sizesOnly({ height, width, channels }: Shape): Features {
  return { height, width, channels, data: NOTHING };
}

/** Memory for some rows: themselves, their pooled values and the places of those. */
export type PooledRows = {
  readonly rows: Region;
  readonly values: Region;
  readonly places: Region;
};

/** Pools a band of `whole` from memory; odd edges are smaller windows. Writes beyond them. */
export function poolBand(
  { call }: VectorUnit,
  whole: Shape,
  { values, places }: Pooled,
  { first, count, row, column = 0, columns = whole.width }: Band,
  memory: PooledRows,
): void {
  const { channels } = whole;
  const [down, across] = [
    Math.min(count, whole.height - first),
    Math.min(columns, whole.width - column),
  ];
  const [pairs, windows] = [Math.ceil(down / 2), Math.ceil(across / 2)];
  // ReLU leaves nothing negative, so that 0 is no maximum with a gradient.
  const clear = (at: number, length: number) => memory.rows.values.fill(0, at, at + length);
  if (down % 2) clear(down * row, 2 * windows * channels);
  if (across % 2) { for (let i = 0; i < down; i++) clear(i * row + across * channels, channels); }
  const line = windows * channels;
  for (let i = 0; i < pairs; i++) {
    const from = [memory.rows.address + 8 * i * row, 4 * row, 4 * channels, windows] as const;
    call.poolPlaces(
      ...from,
      memory.values.address + 4 * i * line,
      memory.places.address + i * line,
    );
  }
  const to = { first: first / 2, count: pairs, column: column / 2, columns: windows };
  copyOut(memory.values, values, { ...to, row: line });
  if (places) copyOut(memory.places, places, { ...to, row: line / PLACES });
}

/** Makes a band of the gradient of `whole` in memory, 0 outside of it. */
export function unpoolBand(
  { call }: VectorUnit,
  whole: Shape,
  { values, places }: Pooled,
  { first, count, row, left = 0 }: Band,
  memory: PooledRows,
): void {
  const { channels, width } = values;
  const line = width * channels;
  const top = Math.max(0, Math.floor(first / 2));
  const pairs = Math.min(values.height, Math.ceil((first + count) / 2)) - top;
  copyIn(values, { first: top, count: pairs, row: line }, memory.values);
  copyIn(places!, { first: top, count: pairs, row: line / PLACES }, memory.places);
  const { values: numbers, address } = memory.rows;
  for (let i = 0; i < count; i++) {
    const [y, at] = [first + i, i * row];
    if (y < 0 || y >= whole.height) {
      numbers.fill(0, at, at + row);
      continue;
    }
    const start = at + left * channels;
    numbers.fill(0, at, start);
    numbers.fill(0, start + 2 * line, at + row);
    const from = (Math.floor(y / 2) - top) * line;
    const sources = [memory.values.address + 4 * from, memory.places.address + from] as const;
    call.unpool(...sources, width, 4 * channels, y % 2 === 0 ? 1 : 3, address + 4 * start);
  }
}

/** How many values there may be of a band of so many rows and columns, wherever it begins. */
export function valuesOf(rows: number, columns: number, channels: number): number {
  return (Math.ceil(rows / 2) + 1) * roundUp(columns, 2) / 2 * channels;
}
