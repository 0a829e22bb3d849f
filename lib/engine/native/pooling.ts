/**
 * The usual max pooling, 2x2 windows without overlap, where an odd last row or column is a smaller
 * window: by vector functions, two rows at a time.
 *
 * @module
 */
import type { Features } from "./layout.ts";
import { GROUP } from "./vector_kernels.ts";
import { copyIn, copyOut, variant, type VectorUnit } from "./vector_unit.ts";

/** Whether a pooling is of this kind. */
export function suitsPairs(
  { channels }: Features,
  { size, strides }: { size: number; strides: number },
): boolean {
  return size === 2 && strides === 2 && channels % GROUP === 0;
}

/** The largest value of each window. */
export function poolPairs(unit: VectorUnit, x: Features, y: Features): void {
  const { channels } = x;
  const row = 2 * y.width * channels;
  const [source, target] = unit.reserve([2 * row, y.width * channels]);
  source.values.fill(-Infinity);
  for (let first = 0; first < y.height; first++) {
    copyIn(x, { first: 2 * first, count: 2, row }, source, -Infinity);
    unit.call.pool(source.address, 4 * row, 4 * channels, y.width, target.address);
    copyOut(target, y, { first, count: 1, row: y.width * channels });
  }
}

/**
 * Sends each gradient to the first maximum of its window; overwrites `dx`, which may be `x`. With `add` that is added,
 * with `mask` the result is kept where `x` is positive.
 */
export function pairsGradient(
  unit: VectorUnit,
  x: Features,
  dy: Features,
  dx: Features,
  { add, mask }: { add?: Float32Array; mask: boolean },
): void {
  const { channels } = x;
  const row = 2 * dy.width * channels;
  const [source, gradient, target] = unit.reserve([2 * row, dy.width * channels, 2 * row]);
  const run = unit.call[variant("poolGradient", !!add, mask)];
  source.values.fill(-Infinity);
  for (let first = 0; first < dy.height; first++) {
    const band = { first: 2 * first, count: 2, row };
    copyIn(x, band, source, -Infinity);
    copyIn(dy, { first, count: 1, row: dy.width * channels }, gradient);
    if (add) copyIn({ ...dx, data: add }, band, target);
    const beyond = target.address - source.address;
    run(source.address, 4 * row, 4 * channels, dy.width, gradient.address, beyond);
    copyOut(target, dx, band);
  }
}
