/**
 * The layers that ONNX Runtime has no blocked operation for, as plain loops over blocked features:
 * the gradients of ReLU, max pooling and strided convolutions, and concatenation.
 *
 * @module
 */
import { type Blocked, blockedView, copyChannels } from "./layout.ts";

/** `dy` where `y > 0`, else 0; in place. `y` is the output of a ReLU: not negative. */
export function maskByRelu(dy: Float32Array, y: Float32Array): void {
  // On bit patterns, as branches on random data are slow: the mask is -1 where y > 0, 0 for ±0.
  const gradient = new Int32Array(dy.buffer, dy.byteOffset, dy.length);
  const activation = new Int32Array(y.buffer, y.byteOffset, y.length);
  for (let i = 0; i < gradient.length; i++) {
    const bits = activation[i];
    gradient[i] &= (-bits & ~bits) >> 31;
  }
}

/** Adds `x` to `sum`, in place. */
export function addInPlace(sum: Float32Array, x: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += x[i];
}

/** Where the padding of TensorFlow's "same" begins: half of what is missing, rounded down. */
export function samePadding(length: number, size: number, strides: number): number {
  const missing = (Math.ceil(length / strides) - 1) * strides + size - length;
  return Math.max(0, Math.floor(missing / 2));
}

/** A pooling or filter window; `top` and `left` are the padding before the first row and column. */
export type Window = {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly top: number;
  readonly left: number;
};

/** The window of TensorFlow's "same" padding. */
export function sameWindow(
  { height, width }: { height: number; width: number },
  size: readonly [number, number],
  strides: number,
): Window {
  const top = samePadding(height, size[0], strides);
  const left = samePadding(width, size[1], strides);
  return { size, strides: [strides, strides], top, left };
}

/** The largest value of each window. Works on `[any, height, width, block]`. */
export function maxPool(x: Blocked, y: Blocked, window: Window, block: number): void {
  eachMaximum(x, y, window, block, (best, at) => y.data[at] = x.data[best]);
}

/** Sends each gradient of a max pooling to the first maximum of its window; overwrites `dx`. */
export function maxPoolGradient(
  dy: Blocked,
  x: Blocked,
  dx: Float32Array,
  window: Window,
  block: number,
): void {
  dx.fill(0);
  if (isPairs(window, dy, x)) return pairsGradient(dy, x, dx, block);
  eachMaximum(x, dy, window, block, (best, at) => dx[best] += dy.data[at]);
}

function isPairs({ size, strides, top, left }: Window, dy: Blocked, x: Blocked): boolean {
  const twos = [...size, ...strides].every((length) => length === 2) && top + left === 0;
  return twos && dy.height === Math.ceil(x.height / 2) && dy.width === Math.ceil(x.width / 2);
}

/** The usual 2x2 windows without overlap, where an odd last row or column is a smaller window. */
function pairsGradient(dy: Blocked, x: Blocked, dx: Float32Array, block: number): void {
  const values = x.data;
  const gradient = dy.data;
  const { height, width } = x;
  let from = 0;
  for (let plane = 0; plane < values.length; plane += height * width * block) {
    for (let row = 0; row < height; row += 2) {
      // An odd last row is compared with itself: the first maximum stays where it is.
      const down = row + 1 < height ? width * block : 0;
      for (let column = 0; column < width; column += 2) {
        const right = column + 1 < width ? block : 0;
        const start = plane + (row * width + column) * block;
        for (let i = start; i < start + block; i++) {
          const a = values[i], b = values[i + right], c = values[i + down];
          const d = values[i + right + down];
          const first = b > a ? i + right : i;
          const second = d > c ? i + right + down : i + down;
          dx[(d > c ? d : c) > (b > a ? b : a) ? second : first] = gradient[from++];
        }
      }
    }
  }
}

/** Visits the windows in the order of `y`, with the place of the first maximum. */
function eachMaximum(
  x: Blocked,
  y: Blocked,
  { size, strides, top, left }: Window,
  block: number,
  visit: (best: number, at: number) => void,
): void {
  const { data: values, height, width } = x;
  let at = 0;
  for (let plane = 0; plane < values.length; plane += height * width * block) {
    for (let row = 0; row < y.height; row++) {
      const firstRow = Math.max(0, row * strides[0] - top);
      const endRow = Math.min(height, row * strides[0] - top + size[0]);
      for (let column = 0; column < y.width; column++) {
        const firstColumn = Math.max(0, column * strides[1] - left);
        const endColumn = Math.min(width, column * strides[1] - left + size[1]);
        for (let lane = 0; lane < block; lane++) {
          let best = plane + (firstRow * width + firstColumn) * block + lane;
          for (let r = firstRow; r < endRow; r++) {
            const start = plane + (r * width + firstColumn) * block + lane;
            const end = start + (endColumn - firstColumn) * block;
            for (let i = start; i < end; i += block) if (values[i] > values[best]) best = i;
          }
          visit(best, at++);
        }
      }
    }
  }
}

/**
 * Spreads the gradient of a convolution onto a canvas on which the turned filter, without padding
 * and strides, gives the gradient of the input. Overwrites `canvas`, whose sizes are the input's
 * plus the filter's less one.
 */
export function spread(dy: Blocked, canvas: Blocked, window: Window, block: number): void {
  const { size, strides } = window;
  const top = size[0] - 1 - window.top;
  const left = size[1] - 1 - window.left;
  canvas.data.fill(0);
  let from = 0;
  const area = canvas.height * canvas.width * block;
  for (let plane = 0; plane < canvas.data.length; plane += area) {
    for (let row = 0; row < dy.height; row++) {
      const start = plane + ((row * strides[0] + top) * canvas.width + left) * block;
      for (let column = 0; column < dy.width; column++) {
        const to = start + column * strides[1] * block;
        for (let lane = 0; lane < block; lane++) canvas.data[to + lane] = dy.data[from++];
      }
    }
  }
}

/** Puts features side by side along the channels. */
export function concat(parts: readonly Blocked[], whole: Blocked, block: number): void {
  if (whole.channels % block !== 0) whole.data.fill(0);
  let first = 0;
  for (const part of parts) {
    if (first % block === 0 && part.channels % block === 0) {
      whole.data.set(part.data, first * part.height * part.width);
    } else {
      copyChannels(blockedView(part, block), blockedView(whole, block, first), part.channels);
    }
    first += part.channels;
  }
}

/** The gradient of `concat`: copies the part that starts at channel `first`. */
export function split(whole: Blocked, first: number, part: Blocked, block: number): void {
  if (first % block === 0 && part.channels % block === 0) {
    const start = first * part.height * part.width;
    part.data.set(whole.data.subarray(start, start + part.data.length));
  } else {
    part.data.fill(0);
    copyChannels(blockedView(whole, block, first), blockedView(part, block), part.channels);
  }
}
