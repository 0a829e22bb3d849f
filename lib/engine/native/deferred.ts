/**
 * Sums and multiples of numbers that are put off (`backend.ts`) are put off as well: the gradients that
 * several losses send to one layer, each as large as its features, are then added up a band at a time where
 * the network's gradient reads them, and none of them is ever there as a whole.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Kernel, NativeBackend, Writer } from "./backend.ts";
import type { BufferPool } from "./buffers.ts";

/** How many numbers are written at a time before they are added or scaled: they stay in the cache. */
const BAND = 2 ** 16;

/** Kernels by TensorFlow.js' names; they leave to others what is not put off. */
export function deferredKernels(pool: BufferPool): Record<string, Kernel> {
  const add: Kernel = ({ inputs: { a, b }, backend }) => {
    if (!tf.util.arraysEqual(a.shape, b.shape)) return undefined;
    const parts = [a, b].filter(({ dtype }) => dtype === "float32")
      .map((part) => backend.floatsOrWriter(part));
    const writers = parts.filter((part) => typeof part === "function");
    if (parts.length < 2 || writers.length === 0) return undefined;
    const values = parts.filter((part) => typeof part !== "function");
    return backend.defer(a.shape, [a, b], (sum, start, onTop) => {
      for (const [i, write] of writers.entries()) write(sum, start, onTop || i > 0);
      for (const value of values) {
        for (let i = 0; i < sum.length; i++) sum[i]! += value[start + i]!;
      }
    });
  };
  const multiply: Kernel = ({ inputs: { a, b }, backend }) =>
    multiple(pool, backend, a, b) ?? multiple(pool, backend, b, a);
  return { Add: add, Multiply: multiply };
}

/** `many`, if it is put off, times a number, or a number for each row: `[…, 1]`. */
function multiple(
  pool: BufferPool,
  backend: NativeBackend,
  many: tf.TensorInfo,
  few: tf.TensorInfo,
): tf.TensorInfo | undefined {
  if (many.dtype !== "float32" || few.dtype !== "float32") return undefined;
  const one = tf.util.sizeFromShape(few.shape) === 1 && few.shape.length <= many.shape.length;
  const each = tf.util.arraysEqual(few.shape, [...many.shape.slice(0, -1), 1]);
  const write = one || each ? backend.floatsOrWriter(many) : undefined;
  if (typeof write !== "function") return undefined;
  const factors = backend.floats(few);
  const columns = many.shape.at(-1)!;
  const writeScaled = writerInBands(pool, columns, (band, start) => {
    write(band, start);
    for (let i = 0, row = start / columns; i < band.length; row++) {
      const factor = factors[one ? 0 : row]!;
      for (const end = i + columns; i < end; i++) band[i]! *= factor;
    }
  });
  return backend.defer(many.shape, [many, few], writeScaled);
}

/** A writer that can add, made from one that overwrites; whole rows of `columns` numbers at a time. */
export function writerInBands(
  pool: BufferPool,
  columns: number,
  write: (values: Float32Array, start: number) => void,
): Writer {
  const step = Math.max(1, Math.floor(BAND / columns)) * columns;
  return (values, start, onTop = false) => {
    const band = onTop ? pool.take(Math.min(step, values.length)) : undefined;
    for (let first = 0; first < values.length; first += step) {
      const part = values.subarray(first, first + step);
      const written = band?.subarray(0, part.length) ?? part;
      write(written, start + first);
      if (band) { for (let i = 0; i < part.length; i++) part[i]! += written[i]!; }
    }
    if (band) pool.give(band);
  };
}
