/**
 * The layers that ONNX Runtime has no NHWC operation for, as plain loops: max pooling, concatenation
 * and the gradients of those, of ReLU and of strided convolutions.
 *
 * @module
 */
import { samePadding } from "../../network/operation.ts";
import type { Features } from "./layout.ts";

/** `dy` where `y > 0`, else 0, to `dx`, which may be `dy`. `y` is the output of a ReLU: not negative. */
export function maskByRelu(dy: Float32Array, y: Float32Array, dx: Float32Array): void {
  // On bit patterns, as branches on random data are slow: the mask is -1 where y > 0, 0 for ±0.
  const gradient = new Int32Array(dy.buffer, dy.byteOffset, dy.length);
  const activation = new Int32Array(y.buffer, y.byteOffset, y.length);
  const result = new Int32Array(dx.buffer, dx.byteOffset, dx.length);
  for (let i = 0; i < gradient.length; i++) {
    const bits = activation[i]!;
    result[i] = gradient[i]! & ((-bits & ~bits) >> 31);
  }
}

/** Adds `x` to `sum`, in place. */
export function addInPlace(sum: Float32Array, x: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += x[i]!;
}

/** A pooling or filter window; `top` and `left` are the padding before the first row and column. */
export type Window = {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly top: number;
  readonly left: number;
};

/** The window of TensorFlow's "same" padding, or of none. */
export function windowOf(
  { height, width }: { height: number; width: number },
  size: readonly [number, number],
  strides: number,
  padding: "same" | "valid" = "same",
): Window {
  const before = (length: number, i: 0 | 1) =>
    padding === "valid" ? 0 : samePadding(length, size[i], strides)[0];
  return { size, strides: [strides, strides], top: before(height, 0), left: before(width, 1) };
}

/** The largest value of each window. */
export function maxPool(x: Features, y: Features, window: Window): void {
  eachMaximum(x, y, window, (best, at) => y.data[at] = x.data[best]!);
}

/** Sends each gradient of a max pooling to the first maximum of its window; overwrites `dx`. */
export function maxPoolGradient(
  dy: Features,
  x: Features,
  dx: Float32Array,
  window: Window,
): void {
  dx.fill(0);
  eachMaximum(x, dy, window, (best, at) => dx[best]! += dy.data[at]!);
}

/** Visits the windows in the order of `y`, with the place of the first maximum. */
function eachMaximum(
  { data: values, height, width, channels }: Features,
  y: Features,
  { size, strides, top, left }: Window,
  visit: (best: number, at: number) => void,
): void {
  let at = 0;
  for (let row = 0; row < y.height; row++) {
    const firstRow = Math.max(0, row * strides[0] - top);
    const endRow = Math.min(height, row * strides[0] - top + size[0]);
    for (let column = 0; column < y.width; column++) {
      const firstColumn = Math.max(0, column * strides[1] - left);
      const endColumn = Math.min(width, column * strides[1] - left + size[1]);
      for (let channel = 0; channel < channels; channel++) {
        let best = (firstRow * width + firstColumn) * channels + channel;
        for (let r = firstRow; r < endRow; r++) {
          const start = (r * width + firstColumn) * channels + channel;
          const end = start + (endColumn - firstColumn) * channels;
          for (let i = start; i < end; i += channels) if (values[i]! > values[best]!) best = i;
        }
        visit(best, at++);
      }
    }
  }
}

/**
 * Spreads the gradient of a convolution onto a canvas on which the turned filter, without padding
 * and strides, gives the gradient of the input. Overwrites `canvas`, whose sizes are the input's
 * plus the filter's less one.
 */
export function spread(dy: Features, canvas: Features, window: Window): void {
  const { size, strides } = window;
  const { channels, width } = canvas;
  const top = size[0] - 1 - window.top;
  const left = size[1] - 1 - window.left;
  canvas.data.fill(0);
  let from = 0;
  for (let row = 0; row < dy.height; row++) {
    const start = ((row * strides[0] + top) * width + left) * channels;
    for (let column = 0; column < dy.width; column++) {
      const to = start + column * strides[1] * channels;
      for (let i = to; i < to + channels; i++) canvas.data[i] = dy.data[from++]!;
    }
  }
}

/** Puts features side by side along the channels. */
export function concat(parts: readonly Features[], whole: Features): void {
  let first = 0;
  for (const part of parts) {
    for (let from = 0, to = first; from < part.data.length; to += whole.channels) {
      for (let i = to; i < to + part.channels; i++) whole.data[i] = part.data[from++]!;
    }
    first += part.channels;
  }
}

/** The gradient of `concat`: copies the part that starts at channel `first`. */
export function split(whole: Features, first: number, part: Features): void {
  for (let from = first, to = 0; to < part.data.length; from += whole.channels) {
    for (let i = from; i < from + part.channels; i++) part.data[to++] = whole.data[i]!;
  }
}
