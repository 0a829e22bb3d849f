/**
 * A term of the objective: what is wanted of the mixed image, as one number that is 0 when it is met.
 * A term owns its targets: `bind()` computes them once a run, `dispose()` frees them. The built-in
 * terms and your own are the same thing.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Features, See } from "../network/features.ts";
import type { Team } from "../base/team.ts";
import type { Rectangle } from "../network/tiles.ts";
import type { Picture } from "../picture/picture.ts";

/** The tutorial's weights, which hold where none is given. */
export const WEIGHTS = { content: 1.5, style: 10, denoise: 0.3 } as const;

/** What a term sees of the mixed image. */
export type View = {
  /** `[1, H, W, 3]`, RGB, 0–255. */
  image: tf.Tensor4D;
  /** The features of the layers that the term asked for (others may be there as well). */
  features: Features;
  /** Counts the evaluations of the objective, from 0; a term that samples takes its seed from it. */
  evaluation: number;
};

/** A term with its targets, ready to be evaluated. */
export type BoundTerm = {
  /** The layers that `value` needs. */
  layers: readonly string[];
  /** Any differentiable function to a scalar. */
  value(view: View): tf.Scalar;
  /** The same as a function of sums over positions, where it is one: for pictures in tiles. */
  additive?: Additive;
  /** Frees the targets. */
  dispose(): void;
};

/** A loss as a function of sums over positions. */
export type Additive = {
  /** What is added up, each of the features of one layer. */
  parts: readonly Part[];
  /** The loss, from the sums over the whole picture: those of all parts, one after the other. */
  finish(sums: readonly tf.Tensor[]): tf.Scalar;
};

/** Sums over the positions of one layer. `where` is the rectangle of positions that is in view. */
export type Part = {
  layer: string;
  /** How many sums there are. */
  count: number;
  /** The sums over the features `[1, H, W, C]` in view. */
  sums(features: tf.Tensor4D, where: Rectangle): tf.Tensor[];
  /**
   * The gradient of `Σ ⟨slopes, sums⟩` with respect to the features in view, of their shape. Written out,
   * as TensorFlow.js would keep some copies of them until all layers are done.
   */
  gradient(features: tf.Tensor4D, where: Rectangle, slopes: readonly tf.Tensor[]): tf.Tensor4D;
};

/** What is painted on: terms fit their pictures to it. */
export type Canvas = {
  /** Of the mixed image, in pixels: content pictures are brought to it. @default as they are */
  width?: number;
  height?: number;
  /** Style pictures are reduced to this longer side, never enlarged. @default as they are */
  styleSize?: number;
  /** Side of the tiles in which large pictures are shown to the network. @default no tiles */
  tile?: number;
  /** Others that compute tiles of the same picture. @default this thread alone */
  team?: Team;
  /** What the mixed image starts from. */
  start?: Picture;
  /** The same as the tensor that is evaluated first: whoever wants its features can wait for those. */
  image?: tf.Tensor4D;
  /** Its sides were rounded to multiples of so many pixels. @default {1} */
  multiple?: number;
  /** Coarse to fine: which of how many sizes this is, from 0. @default the only one */
  scale?: Scale;
};

/** One of several sizes, counted from 0. */
export type Scale = { index: number; count: number };

/** A term of the objective, before it has seen a picture. */
export type Term = {
  /** Shown in logs and charts. */
  name: string;
  /** 0 or more. */
  weight: number;
  /**
   * Whether it is only watched: computed and shown, but not minimised, and without a gradient.
   *
   * @default {false}
   */
  watch?: boolean;
  /** Computes the targets, once a run. */
  bind(see: See, canvas: Canvas): BoundTerm;
};

/** A loss of your own that needs no target: any differentiable function of what is seen. */
export type Loss = {
  /** Shown in logs and charts. */
  name: string;
  /** 0 or more. */
  weight: number;
  /** Whether it is only watched. @default {false} */
  watch?: boolean;
  /** The layers that `value` needs. @default {[]} */
  layers?: readonly string[];
  value: (view: View) => tf.Scalar;
};

/** A loss as a term. */
export function termOf(loss: Loss | Term): Term {
  if ("bind" in loss) return loss;
  const { name, weight, watch, layers = [], value } = loss;
  return { name, weight, watch, bind: () => ({ layers, value, dispose: () => {} }) };
}

/**
 * A term that is another one at each size of a run from coarse to fine.
 *
 * @param weight the term's; those of the terms that are made do not count
 * @param make a term, from which of how many sizes it is for
 *
 * @example Neighbors once a size, and anew in every step of the last one
 * ```ts ignore
 * const term = termPerScale("nearest neighbors", 1, ({ index, count }) =>
 *   index < count - 1 ? nearestNeighborsOf(content, style) : freshNeighborsOf(style));
 * ```
 */
export function termPerScale(name: string, weight: number, make: (scale: Scale) => Term): Term {
  return {
    name,
    weight,
    bind: (see, canvas) => make(canvas.scale ?? { index: 0, count: 1 }).bind(see, canvas),
  };
}
