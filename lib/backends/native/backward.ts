/**
 * The gradient of a pass with respect to the picture: the layers in reverse order. The filters are
 * frozen, so the gradient of a convolution is again a convolution.
 *
 * @module
 */
import type { Layer } from "../../network.ts";
import { columnGradient, suitsColumns } from "./columns.ts";
import { convolutionGradient } from "./direct.ts";
import type { NetworkFilters } from "./filters.ts";
import { inputsOf, type Pass } from "./forward.ts";
import { addInPlace, maskByRelu, maxPoolGradient, sameWindow, split } from "./layers.ts";
import { type Features, preprocessGradient } from "./layout.ts";
import { normalizeGradient } from "./normalization.ts";
import type { Operations } from "./operations.ts";
import { pairsGradient, suitsPairs } from "./pooling.ts";
import { suitsWinograd, winogradConvolution } from "./winograd.ts";

/**
 * Sends gradients of layers back to the picture. The features of the pass are given back on the
 * way, each as soon as nothing needs it any more: they can serve as the buffers of gradients.
 *
 * @param upstream by layer, NHWC
 * @param pixels receives the gradient of the picture: `[height, width, 3]`, RGB
 */
export function runBackward(
  operations: Operations,
  filters: NetworkFilters,
  pass: Pass,
  upstream: Readonly<Record<string, Float32Array>>,
  pixels: Float32Array,
): void {
  const gradients = new Gradients(operations, pass, upstream);
  for (const step of [...pass.steps].reverse()) {
    const dy = gradients.take(step.name);
    gradients.release(step.name);
    if (!dy) continue;
    stepGradient(operations, filters, pass, step, dy, gradients);
    gradients.give(dy);
  }
  const dx = gradients.take("image");
  gradients.release("image");
  if (!dx) return void pixels.fill(0);
  preprocessGradient(dx.data, pass.network.preprocessing, pixels);
  gradients.give(dx);
}

type Shape = Omit<Features, "data">;

/** A gradient so far: handed in by others, or in a buffer of our own. */
type Sum = { readonly value: Features; readonly own: boolean; readonly masked: boolean };

/** How a gradient is written: on top of `add`, and only where `mask` is positive. */
type Write = (dx: Features, add?: Float32Array, mask?: Float32Array) => void;

/** Gradients on their way: those handed in, and those that later layers have sent so far. */
class Gradients {
  #operations: Operations;
  #values: Map<string, Features>;
  #shapes: Map<string, Shape>;
  #steps: readonly Layer[];
  #relus = new Set<string>();
  #sums = new Map<string, Sum>();
  #foreign = new Set<Float32Array>();

  constructor(
    operations: Operations,
    pass: Pass,
    upstream: Readonly<Record<string, Float32Array>>,
  ) {
    this.#operations = operations;
    this.#values = pass.values;
    this.#steps = pass.steps;
    this.#shapes = shapesOf(pass);
    for (const step of pass.steps) {
      if (step.op === "conv2d" && step.relu) this.#relus.add(step.name);
    }
    for (const [name, data] of Object.entries(upstream)) {
      const value = { ...this.#shapes.get(name)!, data };
      this.#foreign.add(data);
      this.#sums.set(name, { value, own: false, masked: false });
    }
  }

  shape(name: string): Shape {
    return this.#shapes.get(name)!;
  }

  /** The gradient of a layer before its ReLU, if there is any. */
  take(name: string): Features | undefined {
    const sum = this.#sums.get(name);
    this.#sums.delete(name);
    if (!sum || sum.masked || !this.#relus.has(name)) return sum?.value;
    const result = sum.own ? sum.value : this.#take(name);
    maskByRelu(sum.value.data, this.#values.get(name)!.data, result.data);
    return result;
  }

  /** Gives back what `take` returned, unless it is a gradient again. */
  give(gradient: Features): void {
    const used = [...this.#sums.values()].some(({ value }) => value.data === gradient.data);
    if (!used && !this.#foreign.has(gradient.data)) this.#operations.give(gradient);
  }

  /** Gives the features of a layer back. */
  release(name: string): void {
    const value = this.#values.get(name);
    if (value) this.#operations.give(value);
    this.#values.delete(name);
  }

  /**
   * Adds to the gradient of a layer, with a function that can add and mask as it writes. It writes
   * to the buffer of `spare`, which nothing else needs, if that has the right shape.
   */
  send(name: string, write: Write, spare?: Features): void {
    const sum = this.#sums.get(name);
    const mask = this.#relus.has(name) ? this.#values.get(name)!.data : undefined;
    const value = sum?.own ? sum.value : this.#reuse(name, spare) ?? this.#take(name);
    write(value, sum?.value.data, mask);
    this.#sums.set(name, { value, own: true, masked: !!mask });
  }

  /** Adds to the gradient of a layer, with a function that overwrites. */
  sendPlain(name: string, write: (dx: Features) => void): void {
    const dx = this.#take(name);
    write(dx);
    const sum = this.#sums.get(name);
    if (sum) addInPlace(dx.data, sum.value.data);
    if (sum?.own) this.#operations.give(sum.value);
    this.#sums.set(name, { value: dx, own: true, masked: false });
  }

  /** The features of a layer, if this was the last time that they are needed. */
  lastValue(name: string, reader: Layer): Features | undefined {
    const value = this.#values.get(name)!;
    const only = this.#steps.every((step) => step === reader || !inputsOf(step).includes(name));
    return only && !this.#operations.pool.isShared(value.data) ? value : undefined;
  }

  #reuse(name: string, spare?: Features): Features | undefined {
    const { channels, height, width } = this.shape(name);
    const fits = spare?.channels === channels && spare.height === height && spare.width === width;
    if (!fits || this.#foreign.has(spare.data)) return undefined;
    if (this.#values.get(name) === spare) this.#values.delete(name);
    return spare;
  }

  #take(name: string): Features {
    const { channels, height, width } = this.shape(name);
    return this.#operations.take(channels, height, width);
  }
}

function stepGradient(
  operations: Operations,
  filters: NetworkFilters,
  { values }: Pass,
  step: Layer,
  dy: Features,
  gradients: Gradients,
): void {
  if (step.op === "concat") {
    let first = 0;
    for (const input of step.inputs) {
      gradients.sendPlain(input, (part) => split(dy, first, part));
      first += gradients.shape(input).channels;
    }
    return;
  }
  if (step.op === "conv2d") {
    const shape = filters.shape(step);
    const x = gradients.shape(step.input);
    if (suitsWinograd(shape, step.strides, x)) {
      const filter = filters.transformed(step);
      return gradients.send(step.input, (dx, add, mask) => {
        winogradConvolution(operations, dy, filter, dx, { add, mask });
      }, dy);
    }
    const window = sameWindow(x, [shape[0], shape[1]], step.strides);
    if (suitsColumns(shape)) {
      const filter = filters.columns(step);
      return gradients.sendPlain(step.input, (dx) => {
        columnGradient(operations, dy, filter, window, dx);
      });
    }
    const filter = filters.packed(step, true);
    return gradients.sendPlain(step.input, (dx) => {
      convolutionGradient(operations, dy, filter, window, dx);
    });
  }
  const x = values.get(step.input)!;
  if (step.op === "maxPool") {
    if (suitsPairs(x, step)) {
      return gradients.send(step.input, (dx, add, mask) => {
        pairsGradient(operations.unit, x, dy, dx, { add, mask: !!mask });
      }, gradients.lastValue(step.input, step));
    }
    const window = sameWindow(x, [step.size, step.size], step.strides);
    return gradients.sendPlain(step.input, (dx) => maxPoolGradient(dy, x, dx.data, window));
  }
  gradients.sendPlain(step.input, (dx) => normalizeGradient(dy, x, dx, step));
}

/** The sizes of all layers of a pass, without running it. */
function shapesOf({ network, steps, height, width }: Pass): Map<string, Shape> {
  const shapes = new Map<string, Shape>([["image", { channels: 3, height, width }]]);
  for (const step of steps) {
    if (step.op === "concat") {
      const parts = step.inputs.map((name) => shapes.get(name)!);
      const channels = parts.reduce((sum, part) => sum + part.channels, 0);
      shapes.set(step.name, { ...parts[0], channels });
      continue;
    }
    const x = shapes.get(step.input)!;
    const strides = "strides" in step ? step.strides : 1;
    shapes.set(step.name, {
      channels: step.op === "conv2d" ? network.weights[step.filter].shape[3] : x.channels,
      height: Math.ceil(x.height / strides),
      width: Math.ceil(x.width / strides),
    });
  }
  return shapes;
}
