/**
 * Runs a network's list of operations forward and keeps what its gradient will need.
 *
 * @module
 */
import type { Network } from "../../network/network.ts";
import {
  inputsOf,
  neededSteps,
  type Operation,
  type Shape,
  shapesOf,
} from "../../network/operation.ts";
import { columnConvolution, suitsColumns } from "./columns.ts";
import type { NetworkFilters } from "./filters.ts";
import { addBorder } from "./borders.ts";
import { convolve } from "./direct.ts";
import { concat, maxPool, windowOf } from "./layers.ts";
import { type Features, preprocess } from "./layout.ts";
import { normalize } from "./normalization.ts";
import type { Operations } from "./operations.ts";
import { poolMeans } from "./means.ts";
import { isPooled, type PooledConvolution, withPooled } from "./pooled.ts";
import { PLACES, type Pooled, sizesOnly } from "./pooled_rows.ts";
import { poolPairs, suitsPairs } from "./pooling.ts";
import { winogradConvolution, winogradTile } from "./winograd.ts";

/** One pass of a picture through a network. */
export type Pass = {
  readonly network: Network;
  /** The shapes of all features. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The operations that were computed, in order. */
  readonly steps: readonly Operation[];
  /** Features that the gradient needs; where those of a convolution are pooled at once, the places. */
  readonly values: Map<string, Features>;
};

/** The picture that enters, and which layers are wanted. */
export type ForwardOptions = {
  /** `[height, width, 3]`, RGB, 0–255. */
  readonly pixels: Float32Array;
  readonly height: number;
  readonly width: number;
  /** The layers wanted. */
  readonly layers: readonly string[];
  /** Is given the wanted layers; their buffers then have one more owner. */
  readonly output?: (layer: string, features: Features) => void;
  /** Whether to keep what a gradient needs; it does by default. */
  readonly keep?: boolean;
};

/** Computes the wanted layers of a picture. */
export function runForward(
  operations: Operations,
  filters: NetworkFilters,
  network: Network,
  { pixels, height, width, layers, output, keep = true }: ForwardOptions,
): Pass {
  const shapes = shapesOf(network, [height, width]);
  const steps = withPooled(neededSteps(network.graph, layers), layers, shapes, filters);
  const saved = keep ? savedNames(steps) : new Set<string>();
  const image = operations.take(3, height, width);
  preprocess(pixels, network.preprocessing, image.data);
  const values = new Map([["image", image]]);
  const lastUse = new Map<string, number>();
  steps.forEach((step, i) => inputsOf(step).forEach((name) => lastUse.set(name, i)));
  const release = (name: string) => {
    if (saved.has(name)) return;
    operations.give(values.get(name)!);
    values.delete(name);
  };
  steps.forEach((step, i) => {
    const { channels, height, width } = shapes.get(step.name)!;
    const value = operations.take(channels, height, width);
    if (isPooled(step)) {
      const places = keep ? operations.take(channels / PLACES, height, width) : undefined;
      runPooled(operations, filters, step, values, shapes, { values: value, places });
      if (places) values.set(step.pooled, places);
    } else runStep(operations, filters, step, values, value);
    values.set(step.name, value);
    if (output && layers.includes(step.name)) {
      operations.pool.share(value.data);
      output(step.name, value);
    }
    for (const name of new Set(inputsOf(step))) if (lastUse.get(name) === i) release(name);
    if (!lastUse.has(step.name)) release(step.name);
  });
  return { network, shapes, steps, values };
}

/** The features that the gradient reads: the outputs of ReLUs, the inputs of poolings. */
function savedNames(steps: readonly Operation[]): Set<string> {
  const saved = new Set<string>();
  for (const step of steps) {
    if (step.op === "conv2d") {
      if (step.relu) saved.add(step.name);
    } else if (step.op === "pool" || step.op === "localResponseNormalization") {
      saved.add(step.input);
    }
  }
  return saved;
}

/** A convolution that is pooled at once: what it leaves is `pooled`. */
function runPooled(
  operations: Operations,
  filters: NetworkFilters,
  step: PooledConvolution,
  values: ReadonlyMap<string, Features>,
  shapes: ReadonlyMap<string, Shape>,
  pooled: Pooled,
): void {
  const y = sizesOnly(shapes.get(step.pooled)!);
  const filter = filters.transformed(step, step.tile);
  const finish = { bias: filters.bias(step), relu: true };
  winogradConvolution(operations, values.get(step.input)!, filter, y, finish, pooled);
}

function runStep(
  operations: Operations,
  filters: NetworkFilters,
  step: Operation,
  values: ReadonlyMap<string, Features>,
  y: Features,
): void {
  if (step.op === "concat") return concat(step.inputs.map((name) => values.get(name)!), y);
  const x = values.get(step.input)!;
  switch (step.op) {
    case "conv2d": {
      const shape = filters.shape(step);
      const { strides, padding, relu } = step;
      const bias = filters.bias(step);
      if (suitsColumns(shape)) {
        const window = windowOf(x, [shape[0], shape[1]], strides, padding);
        return columnConvolution(operations, x, filters.columns(step), window, relu, y);
      }
      const tile = winogradTile(shape, strides, y);
      if (tile) {
        const filter = filters.transformed(step, tile);
        return winogradConvolution(operations, x, filter, y, { bias, relu });
      }
      const filter = filters.packed(step);
      return convolve(operations, x, {
        filter,
        bias,
        relu,
        strides: [strides, strides],
        padding: padding === "valid" ? [0, 0, 0, 0] : "same",
      }, y);
    }
    case "pool": {
      const window = windowOf(x, [step.size, step.size], step.strides);
      if (step.kind !== "max") return poolMeans(x, y, window, step);
      return suitsPairs(x, step) ? poolPairs(operations, x, y) : maxPool(x, y, window);
    }
    case "pad":
      return addBorder(x, y, step);
    case "localResponseNormalization":
      return normalize(x, y, step);
  }
}
