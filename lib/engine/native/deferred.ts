/**
 * Sums and multiples of numbers that are put off (`deferral.ts`) are put off as well: the gradients that
 * several losses send to one layer, each as large as its features, are then added up a band at a time where
 * the network's gradient reads them, and none of them is ever there as a whole.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Kernel, NativeBackend } from "./backend.ts";
import { isDeferral } from "./deferral.ts";

/** Kernels by TensorFlow.js' names; they leave to others what is not put off. */
export function deferredKernels(): Record<string, Kernel> {
  const add: Kernel = ({ inputs: { a, b }, backend }) => {
    if (!tf.util.arraysEqual(a.shape, b.shape)) return undefined;
    if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
    const parts = [a, b].map((part) => backend.floatsOrDeferral(part));
    const later = parts.filter((part) => isDeferral(part));
    if (later.length === 0) return undefined;
    const values = parts.flatMap((part) => isDeferral(part) ? [] : [asFloats(part)]);
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
  if (!of || !isDeferral(of)) return undefined;
  const columns = many.shape.at(-1)!;
  const factors = asFloats(backend.floats(few));
  return backend.defer(many.shape, [many, few], { kind: "multiple", of, factors, columns });
}

/** Numbers that other threads can read: those of a tensor may be in an array of another kind. */
function asFloats(values: Float32Array): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}
