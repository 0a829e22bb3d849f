/**
 * A convolution and the max pooling behind it as one operation, where nobody else reads what lies between:
 * those features, the largest of a network, are then never in memory as a whole. A band of them is pooled
 * as soon as it is there. What is left for the gradient is the place of the largest value of each window,
 * a byte, and the gradient of a band is made from that where the convolution reads it.
 *
 * @module
 */
import { type Convolution, inputsOf, type Operation, type Shape } from "../../network/operation.ts";
import type { NetworkFilters } from "./filters.ts";
import { suitsPairs } from "./pooling.ts";
import { winogradTile } from "./winograd.ts";
import type { Tile } from "./winograd_matrices.ts";

/** A convolution, ReLU and the pooling of what comes out, under the name of the pooling. */
export type PooledConvolution = Convolution & {
  /** The name of the convolution: of the features that are pooled. */
  readonly pooled: string;
  readonly tile: Tile;
  /** Not behind the pooling: the places of what is pooled say where ReLU lets a gradient pass. */
  readonly relu: false;
};

/** Whether an operation is one of these. */
export function isPooled(step: Operation): step is PooledConvolution {
  return step.op === "conv2d" && "pooled" in step;
}

/**
 * The same operations, with those as one that can be: a convolution that Winograd's method suits, with ReLU,
 * that only the usual pooling reads, and that is not wanted itself.
 */
export function withPooled(
  steps: readonly Operation[],
  layers: readonly string[],
  shapes: ReadonlyMap<string, Shape>,
  filters: NetworkFilters,
): Operation[] {
  const found = new Map<Operation, Operation>();
  for (const step of steps) {
    if (step.op !== "pool" || step.kind !== "max") continue;
    const before = steps.find(({ name }) => name === step.input);
    const readers = steps.filter((reader) => inputsOf(reader).includes(step.input));
    if (before?.op !== "conv2d" || !before.relu) continue;
    if (readers.length > 1 || layers.includes(before.name)) continue;
    const shape = shapes.get(before.name)!;
    if (!suitsPairs(shape, step)) continue;
    const tile = winogradTile(filters.shape(before), before.strides, shape);
    if (!tile) continue;
    const { name } = step;
    const pooled: PooledConvolution = { ...before, name, pooled: before.name, tile, relu: false };
    found.set(before, pooled).set(step, pooled);
  }
  return [...new Set(steps.map((step) => found.get(step) ?? step))];
}
