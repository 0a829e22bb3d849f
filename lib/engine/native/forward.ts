/**
 * Runs a network's list of layers forward and keeps what its gradient will need.
 *
 * @module
 */
import type { Layer, Network } from "../../network/network.ts";
import { columnConvolution, suitsColumns } from "./columns.ts";
import type { NetworkFilters } from "./filters.ts";
import { concat, maxPool, sameWindow } from "./layers.ts";
import { type Features, preprocess } from "./layout.ts";
import { normalize } from "./normalization.ts";
import type { Operations } from "./operations.ts";
import { poolPairs, suitsPairs } from "./pooling.ts";
import { suitsWinograd, winogradConvolution } from "./winograd.ts";

/** One pass of a picture through a network. */
export type Pass = {
  readonly network: Network;
  readonly height: number;
  readonly width: number;
  /** The layers that were computed, in order. */
  readonly steps: readonly Layer[];
  /** Features that the gradient needs. */
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

/** What a layer reads. */
export function inputsOf(layer: Layer): readonly string[] {
  return layer.op === "concat" ? layer.inputs : [layer.input];
}

/** The layers that must be computed for the wanted ones. */
export function neededSteps(graph: readonly Layer[], wanted: readonly string[]): Layer[] {
  const needed = new Set(wanted);
  const steps: Layer[] = [];
  for (const layer of [...graph].reverse()) {
    if (!needed.has(layer.name)) continue;
    for (const input of inputsOf(layer)) needed.add(input);
    steps.unshift(layer);
  }
  return steps;
}

/** Computes the wanted layers of a picture. */
export function runForward(
  operations: Operations,
  filters: NetworkFilters,
  network: Network,
  { pixels, height, width, layers, output, keep = true }: ForwardOptions,
): Pass {
  const steps = neededSteps(network.graph, layers);
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
    const value = runStep(operations, filters, step, values);
    values.set(step.name, value);
    if (output && layers.includes(step.name)) {
      operations.pool.share(value.data);
      output(step.name, value);
    }
    for (const name of new Set(inputsOf(step))) if (lastUse.get(name) === i) release(name);
    if (!lastUse.has(step.name)) release(step.name);
  });
  return { network, height, width, steps, values };
}

/** The features that the gradient reads: the outputs of ReLUs, the inputs of poolings. */
function savedNames(steps: readonly Layer[]): Set<string> {
  const saved = new Set<string>();
  for (const step of steps) {
    if (step.op === "conv2d") {
      if (step.relu) saved.add(step.name);
    } else if (step.op !== "concat") saved.add(step.input);
  }
  return saved;
}

function runStep(
  operations: Operations,
  filters: NetworkFilters,
  step: Layer,
  values: Map<string, Features>,
): Features {
  if (step.op === "concat") {
    const parts = step.inputs.map((name) => values.get(name)!);
    const channels = parts.reduce((sum, part) => sum + part.channels, 0);
    const whole = operations.take(channels, parts[0].height, parts[0].width);
    concat(parts, whole);
    return whole;
  }
  const x = values.get(step.input)!;
  const strides = "strides" in step ? step.strides : 1;
  const [height, width] = [x.height, x.width].map((length) => Math.ceil(length / strides));
  if (step.op === "conv2d") {
    const shape = filters.shape(step);
    const [bias, relu] = [filters.bias(step), step.relu];
    const y = operations.take(shape[3], height, width);
    if (suitsColumns(shape)) {
      const window = sameWindow(x, [shape[0], shape[1]], strides);
      columnConvolution(operations, x, filters.columns(step), window, relu, y);
    } else if (suitsWinograd(shape, strides, x)) {
      const filter = filters.transformed(step);
      winogradConvolution(operations, x, filter, y, { bias, relu });
    } else {
      const filter = filters.packed(step);
      operations.convolution(x, { filter, bias, relu, strides: [strides, strides] }, y);
    }
    return y;
  }
  const y = operations.take(x.channels, height, width);
  if (step.op === "maxPool") {
    if (suitsPairs(x, step)) poolPairs(operations.unit, x, y);
    else maxPool(x, y, sameWindow(x, [step.size, step.size], strides));
  } else normalize(x, y, step);
  return y;
}
