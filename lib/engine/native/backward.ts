/**
 * The gradient of a pass with respect to the picture: the layers in reverse order. The filters are
 * frozen, so the gradient of a convolution is again a convolution.
 *
 * @module
 */
import type { Operation } from "../../network/operation.ts";
import { foldBorder } from "./borders.ts";
import { columnGradient } from "./column_gradient.ts";
import { suitsColumns } from "./columns.ts";
import { convolutionGradient } from "./direct.ts";
import type { NetworkFilters } from "./filters.ts";
import type { Pass } from "./forward.ts";
import { Gradients, type Upstream } from "./gradients.ts";
import type { HandedOut } from "./handed_out.ts";
import { maxPoolGradient, split, windowOf } from "./layers.ts";
import { type Features, preprocessGradient } from "./layout.ts";
import { poolMeansGradient } from "./means.ts";
import { normalizeGradient } from "./normalization.ts";
import type { Operations } from "./operations.ts";
import { isPooled } from "./pooled.ts";
import { sizesOnly } from "./pooled_rows.ts";
import { pairsGradient, suitsPairs } from "./pooling.ts";
import { winogradConvolution, winogradTile } from "./winograd.ts";

/**
 * Sends gradients of layers back to the picture. The features of the pass are given back on the
 * way, each as soon as nothing needs it any more: they can serve as the buffers of gradients.
 *
 * @param upstream by layer, NHWC; or what writes it
 * @param pixels receives the gradient of the picture: `[height, width, 3]`, RGB
 */
export function runBackward(
  operations: Operations,
  filters: NetworkFilters,
  pass: Pass,
  upstream: Readonly<Record<string, Upstream>>,
  pixels: Float32Array,
  handedOut?: HandedOut,
): void {
  const gradients = new Gradients(operations, pass, upstream, handedOut);
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

function stepGradient(
  operations: Operations,
  filters: NetworkFilters,
  { values }: Pass,
  step: Operation,
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
  if (step.op === "pad") return gradients.sendPlain(step.input, (dx) => foldBorder(dy, dx, step));
  if (isPooled(step)) {
    const x = sizesOnly(gradients.shape(step.pooled));
    const filter = filters.transformed(step, step.tile);
    const pooled = { values: dy, places: values.get(step.pooled)! };
    gradients.send(step.input, step, (dx, add, mask) => {
      winogradConvolution(operations, x, filter, dx, { add, mask }, pooled);
    });
    return gradients.release(step.pooled);
  }
  if (step.op === "conv2d") {
    const shape = filters.shape(step);
    const x = gradients.shape(step.input);
    const tile = winogradTile(shape, step.strides, dy);
    if (tile) {
      const filter = filters.transformed(step, tile);
      return gradients.send(step.input, step, (dx, add, mask) => {
        winogradConvolution(operations, dy, filter, dx, { add, mask });
      }, dy);
    }
    const window = windowOf(x, [shape[0], shape[1]], step.strides, step.padding);
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
  if (step.op === "pool") {
    const window = windowOf(x, [step.size, step.size], step.strides);
    if (step.kind !== "max") {
      return gradients.sendPlain(step.input, (dx) => poolMeansGradient(dy, x, dx, window, step));
    }
    if (suitsPairs(x, step)) {
      return gradients.send(step.input, step, (dx, add, mask) => {
        pairsGradient(operations, x, dy, dx, { add, mask: !!mask });
      });
    }
    return gradients.sendPlain(step.input, (dx) => maxPoolGradient(dy, x, dx.data, window));
  }
  gradients.sendPlain(step.input, (dx) => normalizeGradient(dy, x, dx, step));
}
