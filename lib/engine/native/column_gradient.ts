/**
 * The gradient of `columns.ts`: a product gives what each window says of the positions that it sees; a
 * position's gradient is the sum of what all windows say of it.
 *
 * @module
 */
import { CHANNELS, matrix, type Rows } from "./columns.ts";
import { partsOf } from "./parts.ts";
import type { Window } from "./layers.ts";
import type { Features } from "./layout.ts";
import type { Operations } from "./operations.ts";
import type { Region, VectorUnit } from "./vector_unit.ts";

/** Windows at a time: what they say stays in the processor's cache. */
const WINDOWS = 4096;
/** Floats that `spread` may read beyond the last. */
const BEYOND = 4;

type ColumnGradientTask = {
  readonly dy: Features;
  readonly filter: Float32Array;
  readonly window: Window;
  readonly dx: Features;
};

/** What is known of rows of windows, those from `first` to `end`: `[rows, width, seen]`. */
type Said = { readonly region: Region; first: number; end: number };

/** The gradient with respect to the picture; overwrites `dx`. */
export function columnGradient(
  operations: Operations,
  dy: Features,
  filter: Float32Array,
  window: Window,
  dx: Features,
): void {
  const task = { dy, filter, window, dx };
  operations.share("columnsGradient", gradientOfRows, task, partsOf(dx.height, operations.parts));
}

/** The gradient of some rows of the picture. */
export function gradientOfRows(
  operations: Operations,
  task: ColumnGradientTask,
  [start, end]: Rows,
): void {
  const { dy, window: { size, strides, top }, dx } = task;
  const seen = size[0] * size[1] * CHANNELS;
  const reach = Math.ceil(size[0] / strides[0]);
  const rows = Math.max(1, Math.floor(WINDOWS / dy.width)) * strides[0];
  const [region, line] = operations.unit.reserve([
    (rows / strides[0] + reach) * dy.width * seen + BEYOND,
    dx.width * CHANNELS,
  ]);
  const said: Said = { region, first: 0, end: 0 };
  for (let row = start; row < end; row += rows) {
    const last = Math.min(end, row + rows) - 1;
    const first = Math.max(0, Math.ceil((row + top - size[0] + 1) / strides[0]));
    ask(
      operations,
      task,
      said,
      first,
      Math.min(dy.height, Math.floor((last + top) / strides[0]) + 1),
    );
    for (let y = row; y <= last; y++) {
      sumUp(operations.unit, task, said, y, line);
      dx.data.set(line.values, y * dx.width * CHANNELS);
    }
  }
}

/** Lets `said` be what rows of windows from `first` to `end` say; keeps what is there already. */
function ask(
  operations: Operations,
  { dy, filter, window: { size } }: ColumnGradientTask,
  said: Said,
  first: number,
  end: number,
): void {
  const seen = size[0] * size[1] * CHANNELS;
  const [row, given] = [dy.width * seen, dy.width * dy.channels];
  const { values } = said.region;
  const missing = Math.max(first, said.end);
  values.copyWithin(0, (first - said.first) * row, (missing - said.first) * row);
  if (missing < end) {
    operations.matMul({
      a: matrix(dy.data.subarray(missing * given, end * given), dy.channels),
      b: matrix(filter.subarray(0, seen * dy.channels), dy.channels),
      y: matrix(values.subarray((missing - first) * row, (end - first) * row), seen),
      transposeB: true,
    });
  }
  [said.first, said.end] = [first, Math.max(missing, end)];
}

/** Adds up what windows say of a row of the picture. */
function sumUp(
  unit: VectorUnit,
  { dy, window: { size: [down, across], strides, top, left }, dx }: ColumnGradientTask,
  said: Said,
  y: number,
  line: Region,
): void {
  const [pixel, seen] = [4 * CHANNELS, 4 * down * across * CHANNELS];
  const row = dy.width * seen;
  line.values.fill(0); // where no window sees it
  // Windows in row `above - m` see it with their row `i + m · strides[0]`.
  const [above, i] = [Math.floor((y + top) / strides[0]), (y + top) % strides[0]];
  const [firstLine, endLine] = range(above, dy.height, Math.ceil((down - i) / strides[0]));
  if (firstLine >= endLine) return;
  for (let j = 0; j < strides[1]; j++) {
    // Windows in column `at - k` see the pixel in column `at · strides[1] + j - left` with `j + k · strides[1]`.
    const taps = Math.ceil((across - j) / strides[1]);
    const first = Math.max(0, Math.ceil((left - j) / strides[1]));
    const last = Math.floor((dx.width - 1 + left - j) / strides[1]);
    for (let at = first; at <= last;) {
      const [firstTap, endTap] = range(at, dy.width, taps);
      const inside = firstTap === 0 && endTap === taps;
      const count = inside ? Math.min(last, dy.width - 1) - at + 1 : 1;
      if (firstTap < endTap) {
        const source = said.region.address + (above - firstLine - said.first) * row +
          (at - firstTap) * seen +
          ((i + firstLine * strides[0]) * across + j + firstTap * strides[1]) * pixel;
        unit.call.spread(
          source,
          seen,
          count,
          endTap - firstTap,
          strides[1] * pixel - seen,
          endLine - firstLine,
          strides[0] * across * pixel - row,
          line.address + (at * strides[1] + j - left) * pixel,
          strides[1] * pixel,
        );
      }
      at += count;
    }
  }
}

/** For which of `count` steps back from a place one is still among `length`. */
function range(place: number, length: number, count: number): [first: number, end: number] {
  return [Math.max(0, place - length + 1), Math.min(count, place + 1)];
}
