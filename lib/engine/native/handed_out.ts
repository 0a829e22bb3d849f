/**
 * Features that were handed out as tensors and that a gradient is written over. By then only TensorFlow.js'
 * record of what was computed has them, and the gradient reads each pixel of them right before it writes
 * it: with a buffer of its own, the largest layers would be in memory twice. Who reads such a tensor all the
 * same, as it was kept, gets features that are computed again.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { NativeBackend } from "./backend.ts";
import { type Deferral, isDeferral, writeDeferral } from "./deferral.ts";
import type { Features } from "./layout.ts";

/** What a pass has handed out, and what has come back for it. */
export type Handed = {
  readonly image: tf.TensorInfo;
  /** The tensors of features, and of their gradients, by layer. */
  readonly outputs: ReadonlyMap<string, tf.TensorInfo>;
  readonly upstream: ReadonlyMap<string, tf.TensorInfo>;
  /** Computes a layer of a picture, in a buffer from the pool. */
  readonly again: (pixels: Float32Array, layer: string) => Float32Array;
};

/** The tensors of a pass, while its gradient is computed. */
export class HandedOut {
  readonly #backend: NativeBackend;
  readonly #handed: Handed;

  constructor(backend: NativeBackend, handed: Handed) {
    this.#backend = backend;
    this.#handed = handed;
  }

  /**
   * Takes the buffer of a layer's features away from its tensors, if the pass is the only other owner and
   * what is to be added to the gradient is made from the same pixels.
   *
   * @returns whether the buffer may be written over
   */
  surrender(layer: string, { data, channels }: Features): boolean {
    const [backend, { again, image, outputs, upstream }] = [this.#backend, this.#handed];
    const { pool } = backend;
    const tensors = [outputs.get(layer), upstream.get(layer)].filter((tensor) => !!tensor);
    const shares = tensors.reduce((sum, tensor) => sum + backend.sharesOf(tensor, data), 0);
    if (pool.owners(data) !== 1 + shares) return false;
    const deferrals = tensors.map((tensor) => backend.deferralOf(tensor));
    if (!deferrals.every((it) => !it || readsWhereItWrites(it, data, channels))) return false;
    const pixels = backend.snapshot(image);
    for (const [i, tensor] of tensors.entries()) {
      const deferral = deferrals[i];
      backend.takeAway(tensor, data, pixels, () => {
        const features = again(pixels, layer);
        if (!deferral) return features;
        const values = pool.take(data.length);
        writeDeferral(backend.operations, withFeatures(deferral, data, features), values, 0);
        pool.give(features);
        return values;
      });
    }
    pool.give(pixels);
    return true;
  }
}

/** Whether each pixel of what is put off needs no pixel of some features but the same one. */
function readsWhereItWrites(deferral: Deferral, features: Float32Array, channels: number): boolean {
  const other = ({ buffer }: Float32Array) => buffer !== features.buffer;
  switch (deferral.kind) {
    case "sum":
      return deferral.parts.every((part) =>
        isDeferral(part) ? readsWhereItWrites(part, features, channels) : other(part)
      );
    case "multiple":
      return other(deferral.factors) && readsWhereItWrites(deferral.of, features, channels);
    case "blend":
      return other(deferral.b.data);
    case "product": {
      const { a, b } = deferral;
      const pixels = a.data === features && a.dims[1] === channels && b.dims[1] === channels;
      return other(b.data) && (pixels || other(a.data));
    }
  }
}

/** The same, made from other features. */
function withFeatures(deferral: Deferral, old: Float32Array, features: Float32Array): Deferral {
  switch (deferral.kind) {
    case "sum":
      return {
        ...deferral,
        parts: deferral.parts.map((part) =>
          isDeferral(part) ? withFeatures(part, old, features) : part
        ),
      };
    case "multiple":
      return { ...deferral, of: withFeatures(deferral.of, old, features) };
    case "product": {
      const { a } = deferral;
      return a.data === old ? { ...deferral, a: { ...a, data: features } } : deferral;
    }
    case "blend":
      return deferral;
  }
}
