/**
 * Local response normalisation, as plain loops: each value is divided by a
 * power of the squares of the channels around it.
 *
 * Source: Krizhevsky, Sutskever, Hinton 2012, section 3.3.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import type { Normalization } from "../../network/operation.ts";
import type { Features } from "./layout.ts";

/**
 * Local response normalisation over neighbouring channels,
 * `y[c] = x[c] / s[c]^beta` with `s[c] = bias + alpha · Σ over |i - c| <= depthRadius of x[i]²`.
 */
export function normalize(x: Features, y: Features, layer: Normalization): void {
  const { channels } = x;
  const { depthRadius, bias, alpha } = layer;
  const squares = new Float64Array(channels);
  const sums = new Float64Array(channels);
  const power = inversePower(layer.beta);
  for (let start = 0; start < x.height * x.width * channels; start += channels) {
    for (let c = 0; c < channels; c++) squares[c] = x.data[start + c]! ** 2;
    sumWindows(squares, depthRadius, sums);
    for (let c = 0; c < channels; c++) {
      y.data[start + c] = x.data[start + c]! * power(bias + alpha * sums[c]!);
    }
  }
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
  const { channels } = x;
  const { depthRadius, bias, alpha, beta } = layer;
  const [terms, sums, powers] = many(3, () => new Float64Array(channels));
  const power = inversePower(beta);
  for (let start = 0; start < x.height * x.width * channels; start += channels) {
    for (let c = 0; c < channels; c++) terms[c] = x.data[start + c]! ** 2;
    sumWindows(terms, depthRadius, sums);
    for (let c = 0; c < channels; c++) {
      const sum = bias + alpha * sums[c]!;
      powers[c] = power(sum);
      terms[c] = dy.data[start + c]! * x.data[start + c]! * powers[c]! / sum;
    }
    sumWindows(terms, depthRadius, sums);
    for (let c = 0; c < channels; c++) {
      dx.data[start + c] = dy.data[start + c]! * powers[c]! -
        2 * alpha * beta * x.data[start + c]! * sums[c]!;
    }
  }
}

/** `s^-beta`; roots are many times faster than powers. */
function inversePower(beta: number): (s: number) => number {
  if (beta === 0.5) return (s) => 1 / Math.sqrt(s);
  if (beta === 0.75) return (s) => 1 / Math.sqrt(s * Math.sqrt(s));
  return (s) => s ** -beta;
}

/** The sums over `radius` channels to either side: each is the one before, plus one, minus one. */
function sumWindows(values: Float64Array, radius: number, sums: Float64Array): void {
  const count = values.length;
  let sum = 0;
  for (let c = 0; c < Math.min(radius, count); c++) sum += values[c]!;
  for (let c = 0; c < count; c++) {
    if (c + radius < count) sum += values[c + radius]!;
    if (c - radius - 1 >= 0) sum -= values[c - radius - 1]!;
    sums[c] = sum;
  }
}
