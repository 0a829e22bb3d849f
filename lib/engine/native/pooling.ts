/**
 * The usual max pooling, 2x2 windows without overlap, where an odd last row or column is a smaller
 * window: by vector functions, two rows at a time.
 *
 * @module
 */
import { type Deferral, isDeferral, writeDeferral } from "./deferral.ts";
import type { Features } from "./layout.ts";
import { partsOf } from "./parts.ts";
import type { Operations } from "./operations.ts";
import { GROUP } from "./vector_kernels.ts";
import { copyIn, copyOut, variant } from "./vector_unit.ts";

/** Whether a pooling is of this kind. */
export function suitsPairs(
  { channels }: { channels: number },
  { size, strides }: { size: number; strides: number },
): boolean {
  return size === 2 && strides === 2 && channels % GROUP === 0;
}

/** What is pooled, and where it goes. */
type PoolTask = { readonly x: Features; readonly y: Features };

/** What a gradient needs, and where it goes. */
type PoolGradientTask = {
  readonly x: Features;
  readonly dy: Features;
  readonly dx: Features;
  readonly add?: Float32Array | Deferral;
  readonly mask: boolean;
};

/** The first of some rows of windows, and where they end. */
type Rows = readonly [first: number, end: number];

/** The largest value of each window. */
export function poolPairs(operations: Operations, x: Features, y: Features): void {
  operations.share("pool", poolRows, { x, y }, partsOf(y.height, operations.parts));
}

/**
 * Sends each gradient to the first maximum of its window; overwrites `dx`, which may be `x`. With `add` that is added,
 * with `mask` the result is kept where `x` is positive.
 */
export function pairsGradient(
  operations: Operations,
  x: Features,
  dy: Features,
  dx: Features,
  { add, mask }: { add?: Float32Array | Deferral; mask: boolean },
): void {
  const task = { x, dy, dx, add, mask };
  operations.share("poolGradient", poolGradientRows, task, partsOf(dy.height, operations.parts));
}

/** Does the pooling of some rows. */
export function poolRows({ unit }: Operations, { x, y }: PoolTask, [start, end]: Rows): void {
  const { channels } = x;
  const row = 2 * y.width * channels;
  const [source, target] = unit.reserve([2 * row, y.width * channels]);
  source.values.fill(-Infinity);
  for (let first = start; first < end; first++) {
    copyIn(x, { first: 2 * first, count: 2, row }, source, -Infinity);
    unit.call.pool(source.address, 4 * row, 4 * channels, y.width, target.address);
    copyOut(target, y, { first, count: 1, row: y.width * channels });
  }
}

/** Does the gradient of some rows. */
export function poolGradientRows(
  operations: Operations,
  { x, dy, dx, add, mask }: PoolGradientTask,
  [start, end]: Rows,
): void {
  const { unit } = operations;
  const { channels } = x;
  const [row, line] = [2 * dy.width * channels, x.width * channels];
  const [source, gradient, target, added] = unit.reserve([
    2 * row,
    dy.width * channels,
    2 * row,
    add && isDeferral(add) ? 2 * line : 0,
  ]);
  const run = unit.call[variant("poolGradient", !!add, mask)];
  source.values.fill(-Infinity);
  for (let first = start; first < end; first++) {
    const band = { first: 2 * first, count: 2, row };
    copyIn(x, band, source, -Infinity);
    copyIn(dy, { first, count: 1, row: dy.width * channels }, gradient);
    if (add && isDeferral(add)) {
      const height = Math.min(2, x.height - 2 * first);
      const data = added.values.subarray(0, height * line);
      writeDeferral(operations, add, data, 2 * first * line);
      copyIn({ ...dx, data, height }, { ...band, first: 0 }, target);
    } else if (add) copyIn({ ...dx, data: add }, band, target);
    const beyond = target.address - source.address;
    run(source.address, 4 * row, 4 * channels, dy.width, gradient.address, beyond);
    copyOut(target, dx, band);
  }
}
