/**
 * Local response normalisation, as plain loops: each value is divided by a
 * power of the squares of the channels around it.
 *
 * Source: Krizhevsky, Sutskever, Hinton 2012, section 3.3.
 *
 * @module
 */
import type { Layer } from "../../network.ts";
import type { Features } from "./layout.ts";

type Normalization = Extract<Layer, { op: "localResponseNormalization" }>;

/**
 * Local response normalisation over neighbouring channels,
 * `y[c] = x[c] / s[c]^beta` with `s[c] = bias + alpha · Σ over |i - c| <= depthRadius of x[i]²`.
 */
export function normalize(x: Features, y: Features, layer: Normalization): void {
  eachPosition(x, y, (values, result) => {
    const sums = neighbourhoods(values, layer);
    for (let c = 0; c < values.length; c++) result[c] = values[c] * sums[c] ** -layer.beta;
  });
}

/**
 * The gradient of `normalize`:
 * `dx[c] = dy[c] · s[c]^-beta - 2 · alpha · beta · x[c] · Σ over neighbours i of dy[i] · x[i] · s[i]^(-beta-1)`.
 */
export function normalizeGradient(
  dy: Features,
  x: Features,
  dx: Features,
  layer: Normalization,
): void {
  const { alpha, beta, depthRadius } = layer;
  const { channels } = x;
  const upstream = new Float64Array(channels);
  eachPosition(x, dx, (values, result, position) => {
    for (let c = 0; c < channels; c++) upstream[c] = dy.data[position * channels + c];
    const sums = neighbourhoods(values, layer);
    const weighted = values.map((value, c) => upstream[c] * value * sums[c] ** (-beta - 1));
    const spread = windowSums(weighted, depthRadius);
    for (let c = 0; c < values.length; c++) {
      result[c] = upstream[c] * sums[c] ** -beta - 2 * alpha * beta * values[c] * spread[c];
    }
  });
}

function neighbourhoods(values: Float64Array, { depthRadius, bias, alpha }: Normalization) {
  return windowSums(values.map((value) => value * value), depthRadius)
    .map((sum) => bias + alpha * sum);
}

function windowSums(values: Float64Array, radius: number): Float64Array {
  const sums = new Float64Array(values.length);
  for (let c = 0; c < values.length; c++) {
    const end = Math.min(values.length, c + radius + 1);
    for (let i = Math.max(0, c - radius); i < end; i++) sums[c] += values[i];
  }
  return sums;
}

/** Calls `visit` with all channels of each position of `x`, and writes its result to `y`. */
function eachPosition(
  x: Features,
  y: Features,
  visit: (values: Float64Array, result: Float64Array, position: number) => void,
): void {
  const { channels, height, width } = x;
  const values = new Float64Array(channels);
  const result = new Float64Array(channels);
  for (let position = 0; position < height * width; position++) {
    const start = position * channels;
    for (let c = 0; c < channels; c++) values[c] = x.data[start + c];
    visit(values, result, position);
    for (let c = 0; c < channels; c++) y.data[start + c] = result[c];
  }
}
