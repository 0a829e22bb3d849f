/**
 * Runs a network's list of layers forward and keeps what its gradient will need.
 *
 * @module
 */
import type { Layer, Network } from "../../network.ts";
import type { NetworkFilters } from "./filters.ts";
import { concat } from "./layers.ts";
import { type Blocked, blockedView, copyChannels, toPlanes } from "./layout.ts";
import { normalize } from "./normalization.ts";
import type { Operations } from "./operations.ts";

/** One pass of a picture through a network. */
export type Pass = {
  readonly network: Network;
  readonly height: number;
  readonly width: number;
  /** The layers that were computed, in order. */
  readonly steps: readonly Layer[];
  /** Features that the gradient needs. */
  readonly values: Map<string, Blocked>;
};

/** The picture that enters, and which layers are wanted. */
export type ForwardOptions = {
  /** `[height, width, 3]`, RGB, 0–255. */
  readonly pixels: Float32Array;
  readonly height: number;
  readonly width: number;
  /** The layers wanted. */
  readonly layers: readonly string[];
  /** Gives a buffer in which a wanted layer is handed out, NHWC. */
  readonly output?: (layer: string, features: Blocked) => Float32Array;
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
  { pixels, height, width, layers, output }: ForwardOptions,
): Pass {
  const steps = neededSteps(network.graph, layers);
  const saved = savedNames(steps);
  const values = imageValues(operations, network, { pixels, height, width }, steps);
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
    if (output && layers.includes(step.name)) operations.toRows(value, output(step.name, value));
    for (const name of new Set(inputsOf(step))) if (lastUse.get(name) === i) release(name);
    if (!lastUse.has(step.name)) release(step.name);
  });
  const planes = values.get(PLANES);
  if (planes) operations.give(planes);
  values.delete(PLANES);
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

/** Where the picture's three planes are kept beside its blocked form. */
const PLANES = "image as planes";

function imageValues(
  operations: Operations,
  { preprocessing }: Network,
  { pixels, height, width }: Pick<ForwardOptions, "pixels" | "height" | "width">,
  steps: readonly Layer[],
): Map<string, Blocked> {
  const { block, pool } = operations;
  const planes = { data: pool.take(3 * height * width), channels: 3, height, width };
  toPlanes(pixels, preprocessing, planes.data);
  const values = new Map<string, Blocked>([[PLANES, planes]]);
  // Blocks would fill the three channels up; only layers that cannot do without get them.
  const planesSuffice = block > 3 &&
    steps.every((step) => step.op === "conv2d" || !inputsOf(step).includes("image"));
  const image = operations.take(planesSuffice ? 0 : 3, height, width);
  if (image.channels > 0) {
    image.data.fill(0);
    copyChannels(blockedView(planes, 1), blockedView(image, block), 3);
  }
  return values.set("image", image);
}

function runStep(
  operations: Operations,
  filters: NetworkFilters,
  step: Layer,
  values: Map<string, Blocked>,
): Blocked {
  const { block } = operations;
  switch (step.op) {
    case "conv2d": {
      const { filter, bias, planar } = filters.forward(step);
      const x = values.get(planar ? PLANES : step.input)!;
      const strides = [step.strides, step.strides] as const;
      return operations.convolution(x, { filter, bias, planar, strides, relu: step.relu });
    }
    case "maxPool":
      return operations.maxPool(values.get(step.input)!, step.size, step.strides);
    case "localResponseNormalization": {
      const x = values.get(step.input)!;
      const y = operations.take(x.channels, x.height, x.width);
      normalize(x, y, step, block);
      return y;
    }
    case "concat": {
      const parts = step.inputs.map((name) => values.get(name)!);
      const channels = parts.reduce((sum, part) => sum + part.channels, 0);
      const whole = operations.take(channels, parts[0].height, parts[0].width);
      concat(parts, whole, block);
      return whole;
    }
  }
}
