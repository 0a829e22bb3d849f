/**
 * Sums and multiples of numbers that are put off (`deferral.ts`) are put off as well: the gradients that
 * several losses send to one layer, each as large as its features, are then added up a band at a time where
 * the network's gradient reads them, and none of them is ever there as a whole.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Kernel, NativeBackend } from "./backend.ts";

/** Kernels by TensorFlow.js' names; they leave to others what is not put off. */
export function deferredKernels(): Record<string, Kernel> {
  const add: Kernel = ({ inputs: { a, b }, backend }) => {
    if (!tf.util.arraysEqual(a.shape, b.shape)) return undefined;
    if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
    const parts = [a, b].map((part) => backend.floatsOrDeferral(part));
    const later = parts.filter((part) => !(part instanceof Float32Array));
    if (later.length === 0) return undefined;
    const values = parts.filter((part) => part instanceof Float32Array);
    return backend.defer(a.shape, [a, b], { kind: "sum", parts: [...later, ...values] });
  };
  const multiply: Kernel = ({ inputs: { a, b }, backend }) =>
    multiple(backend, a, b) ?? multiple(backend, b, a);
  return { Add: add, Multiply: multiply };
}

/** `many`, if it is put off, times a number, or a number for each row: `[…, 1]`. */
function multiple(
  backend: NativeBackend,
  many: tf.TensorInfo,
  few: tf.TensorInfo,
): tf.TensorInfo | undefined {
  if (many.dtype !== "float32" || few.dtype !== "float32") return undefined;
  const one = tf.util.sizeFromShape(few.shape) === 1 && few.shape.length <= many.shape.length;
  const each = tf.util.arraysEqual(few.shape, [...many.shape.slice(0, -1), 1]);
  const of = one || each ? backend.floatsOrDeferral(many) : undefined;
  if (!of || of instanceof Float32Array) return undefined;
  const columns = many.shape.at(-1)!;
  const factors = backend.floats(few);
  return backend.defer(many.shape, [many, few], { kind: "multiple", of, factors, columns });
}
