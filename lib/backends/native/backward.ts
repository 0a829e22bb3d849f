/**
 * The gradient of a pass with respect to the picture: the layers in reverse order. The filters are
 * frozen, so the gradient of a convolution is again a convolution.
 *
 * @module
 */
import type { Layer } from "../../network.ts";
import type { NetworkFilters } from "./filters.ts";
import type { Pass } from "./forward.ts";
import { addInPlace, maskByRelu, maxPoolGradient, sameWindow, split, spread } from "./layers.ts";
import { type Blocked, fromPlanes } from "./layout.ts";
import { normalizeGradient } from "./normalization.ts";
import type { Operations } from "./operations.ts";

/**
 * Sends gradients of layers back to the picture.
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
  const gradients = new Gradients(operations, upstream, shapesOf(pass));
  for (const step of [...pass.steps].reverse()) {
    const dy = gradients.take(step.name);
    if (!dy) continue;
    stepGradient(operations, filters, pass, step, dy, gradients);
    operations.give(dy);
  }
  const dx = gradients.take("image");
  if (!dx) return void pixels.fill(0);
  fromPlanes(dx, pass.network.preprocessing, operations.block, pixels);
  operations.give(dx);
}

type Shape = Omit<Blocked, "data">;

/** Gradients on their way: those handed in, and those that later layers have sent so far. */
class Gradients {
  #operations: Operations;
  #upstream: Map<string, Float32Array>;
  #shapes: Map<string, Shape>;
  #sums = new Map<string, Blocked>();

  constructor(
    operations: Operations,
    upstream: Readonly<Record<string, Float32Array>>,
    shapes: Map<string, Shape>,
  ) {
    this.#operations = operations;
    this.#upstream = new Map(Object.entries(upstream));
    this.#shapes = shapes;
  }

  /** Removes and returns the gradient of a layer, if there is any. */
  take(name: string): Blocked | undefined {
    const rows = this.#upstream.get(name);
    const sum = this.#sums.get(name);
    this.#sums.delete(name);
    if (!rows) return sum;
    this.#upstream.delete(name);
    const { channels, height, width } = this.#shapes.get(name)!;
    return this.#operations.fromRows(rows, channels, height, width);
  }

  /** Sets the gradient of a layer that `take` has returned before. */
  put(name: string, gradient: Blocked): void {
    this.#sums.set(name, gradient);
  }

  /** Adds to the gradient of a layer; the buffer changes hands. */
  add(name: string, gradient: Blocked): void {
    const sum = this.take(name);
    if (!sum) return this.put(name, gradient);
    addInPlace(sum.data, gradient.data);
    this.#operations.give(gradient);
    this.put(name, sum);
  }

  shape(name: string): Shape {
    return this.#shapes.get(name)!;
  }
}

function stepGradient(
  operations: Operations,
  filters: NetworkFilters,
  { values }: Pass,
  step: Layer,
  dy: Blocked,
  gradients: Gradients,
): void {
  const { block } = operations;
  if (step.op === "conv2d") {
    if (step.relu) maskByRelu(dy.data, values.get(step.name)!.data);
    const filter = filters.turned(step);
    const addTo = gradients.take(step.input);
    const [, , height, width] = filter.dims;
    if (step.strides === 1 && height % 2 === 1 && width % 2 === 1) {
      return gradients.put(step.input, operations.convolution(dy, { filter, addTo }));
    }
    const x = gradients.shape(step.input);
    const canvas = operations.take(dy.channels, x.height + height - 1, x.width + width - 1);
    spread(dy, canvas, sameWindow(x, [height, width], step.strides), block);
    const options = { filter, addTo, padding: [0, 0, 0, 0] } as const;
    gradients.put(step.input, operations.convolution(canvas, options));
    return operations.give(canvas);
  }
  if (step.op === "concat") {
    let first = 0;
    for (const input of step.inputs) {
      const { channels, height, width } = gradients.shape(input);
      const part = operations.take(channels, height, width);
      split(dy, first, part, block);
      gradients.add(input, part);
      first += channels;
    }
    return;
  }
  const x = values.get(step.input)!;
  const dx = operations.take(x.channels, x.height, x.width);
  if (step.op === "maxPool") {
    maxPoolGradient(dy, x, dx.data, sameWindow(x, [step.size, step.size], step.strides), block);
  } else normalizeGradient(dy, x, dx, step, block);
  gradients.add(step.input, dx);
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
