/**
 * From several losses to the one number that is minimised, and its gradient.
 *
 * Adaptive weights are the tutorial's: each loss L is divided by its own size, `a = 1 / (L + 1e-10)`,
 * so that a loss of 1e28 and one of 1e6 pull equally hard. The `a` is a constant to the gradient,
 * and an evaluation uses those of the evaluation before it. With constant weights `a = 1`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cannot, checkNonNegative, describe } from "../base/check.ts";
import type { See } from "../network/features.ts";
import type { Network } from "../network/network.ts";
import { tilesOf } from "../network/tiles.ts";
import { computedOnce } from "./shared_tiles.ts";
import { checkTiled, evaluateTiled, measureTiled } from "./tiled.ts";
import { type BoundTerm, type Canvas, type Loss, type Term, termOf } from "./term.ts";

/** How the losses are balanced. */
export type Weighting = "adaptive" | "constant";

/** The names of the weightings. */
export const WEIGHTINGS = ["adaptive", "constant"] as const;

/** The adjustment's epsilon, and what the adjustments start at (Hvass, tutorial 15). */
const ADJUSTMENT_EPSILON = 1e-10;

/** What one evaluation gives; the caller owns the tensors. */
export type Evaluation = {
  /** The weighted sum, a scalar. */
  total: tf.Scalar;
  /** With respect to the picture: `[1, H, W, 3]`. */
  gradient: tf.Tensor4D;
  /** Each loss as it is, without weights: `[n]`. */
  losses: tf.Tensor1D;
  /** Computed from `losses`, to be used by the next evaluation: `[n]`. */
  adjustments: tf.Tensor1D;
  /** Weight times adjustment times loss, as added up in `total`: `[n]`. */
  terms: tf.Tensor1D;
};

/** The function that is minimised. */
export type Objective = {
  /** Of the terms, in the order of `losses`. */
  names: string[];
  /** 0 for a term that is only watched. */
  weights: number[];
  weighting: Weighting;
  /** The losses and the gradient at a picture. Adaptive weights move on with every call. */
  evaluate(image: tf.Tensor4D): Evaluation;
  /** The losses at a picture, with the weights as they are now; nothing moves on. */
  measure(image: tf.Tensor4D): Pick<Evaluation, "total" | "losses" | "adjustments" | "terms">;
  /** The adjustments that the next evaluation will use. */
  adjustments(): tf.Tensor1D;
  /** Frees the targets of the terms. */
  dispose(): void;
};

/** Settings of {@linkcode createObjective}. */
export type ObjectiveOptions = {
  /** What the terms fit their pictures to. @default their pictures as they are */
  canvas?: Canvas;
  /** @default {"adaptive"} */
  weighting?: Weighting;
  /** To go on from an earlier run: its last adjustments. */
  adjustments?: readonly number[];
  /** To go on from an earlier run: how often the objective has been evaluated. @default {0} */
  evaluations?: number;
};

/**
 * Combines losses: `total = Σ weight · adjustment · loss`. Binds the terms, and frees them in `dispose()`.
 *
 * @throws {Error} when there is no loss, two have the same name, or all weights are 0.
 * @throws {RangeError} when a weight is negative or no number, or a term names an unknown layer.
 */
export function createObjective(
  see: See,
  losses: readonly (Loss | Term)[],
  { canvas = {}, weighting = "adaptive", adjustments: start, evaluations = 0 }: ObjectiveOptions =
    {},
): Objective {
  const given = losses.map(termOf);
  checkTerms(given);
  // What is only watched comes last, and takes no part in what is differentiated.
  const terms = [...given.filter(({ watch }) => !watch), ...given.filter(({ watch }) => watch)];
  const minimized = terms.filter(({ watch }) => !watch).length;
  const bound = bindAll(terms, see, canvas);
  const layers = [...new Set(bound.flatMap((term) => term.layers))];
  const weights = terms.map(({ weight, watch }) => watch ? 0 : weight);
  const weightTensor = tf.tensor1d(weights);
  const first = weighting === "adaptive" ? ADJUSTMENT_EPSILON : 1;
  let adjustments = tf.tensor1d(start ? [...start] : weights.map(() => first));
  let evaluation = evaluations;

  const inTiles = canvas.tile !== undefined && layers.length > 0 &&
    isCut(see.architecture, layers, canvas, canvas.tile);
  const tiled = { see, bound, weights, layers, tile: canvas.tile ?? 0, team: canvas.team };

  /** The sum that is minimized, and what each loss adds to it. */
  function combine(each: tf.Scalar[]) {
    const values = tf.stack(each.map((v, i) => checkScalar(terms[i]!.name, v))) as tf.Tensor1D;
    const factors = tf.mul(weightTensor, adjustments);
    if (minimized === each.length) {
      const shares = tf.mul(factors, values) as tf.Tensor1D;
      return { values, shares, total: tf.sum(shares) as tf.Scalar };
    }
    const shares = tf.mul(tf.slice(factors, 0, minimized), tf.stack(each.slice(0, minimized)));
    return {
      values,
      shares: tf.concat([shares, tf.zeros([each.length - minimized])], 0) as tf.Tensor1D,
      total: tf.sum(shares) as tf.Scalar,
    };
  }
  function weigh(image: tf.Tensor4D) {
    const view = { image, features: see(image, layers), evaluation };
    return combine(bound.map(({ value }) => value(view)));
  }
  const adjust = (values: tf.Tensor1D) =>
    weighting === "adaptive"
      ? tf.div(1, tf.add(values, ADJUSTMENT_EPSILON)) as tf.Tensor1D
      : adjustments.clone();

  function differentiate(image: tf.Tensor4D) {
    if (inTiles) {
      return freeingOnError(() => evaluateTiled(tiled, image, evaluation, combine), () => {});
    }
    return computedOnce(canvas.team, ["values", "shares", "total", "gradient"], () => {
      let seen: { values: tf.Tensor1D; shares: tf.Tensor1D } | undefined;
      const minimand = (input: tf.Tensor) => {
        const { total, values, shares } = weigh(input as tf.Tensor4D);
        seen = { values: tf.keep(values), shares: tf.keep(shares) };
        return total;
      };
      const { value, grad } = freeingOnError(
        () => tf.valueAndGrad(minimand)(image),
        () => tf.dispose(seen ?? {}),
      );
      return { ...seen!, total: value as tf.Scalar, gradient: grad as tf.Tensor4D };
    });
  }

  function evaluate(image: tf.Tensor4D): Evaluation {
    const kept = tf.tidy(() => {
      const { values, shares, total, gradient } = differentiate(image);
      return { total, gradient, losses: values, terms: shares, adjustments: adjust(values) };
    });
    evaluation++;
    adjustments.dispose();
    adjustments = kept.adjustments.clone();
    return kept;
  }

  function measure(image: tf.Tensor4D) {
    return tf.tidy(() => {
      const { total, values, shares } = inTiles
        ? measureTiled(tiled, image, evaluation, combine)
        : computedOnce(canvas.team, ["values", "shares", "total"], () => weigh(image));
      return { total, losses: values, terms: shares, adjustments: adjust(values) };
    });
  }

  return {
    names: terms.map(({ name }) => name),
    weights,
    weighting,
    evaluate,
    measure,
    adjustments: () => adjustments,
    dispose() {
      for (const term of bound) term.dispose();
      tf.dispose([weightTensor, adjustments]);
    },
  };
}

/** Whether a picture is larger than one window. */
function isCut(network: Network, layers: readonly string[], canvas: Canvas, tile: number): boolean {
  const { width, height } = canvas;
  return !width || !height || tilesOf(network, layers, { width, height }, tile).length > 1;
}

function checkTerms(terms: readonly Term[]): void {
  const what = "minimize";
  if (terms.length === 0) throw new Error("Cannot minimize nothing as at least one loss is needed");
  const names = terms.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    throw new Error(`Cannot tell losses apart as names must differ: current value is ${names}`);
  }
  for (const { name, weight } of terms) {
    checkNonNegative(what, `the weight of the ${name} loss`, weight);
  }
  if (terms.every(({ weight, watch }) => watch || weight === 0)) {
    const rule = "at least one loss must have a weight above 0";
    throw new RangeError(cannot(what, rule, describe(terms.map(({ weight }) => weight))));
  }
}

/** Binds every term, or none: what is bound already is freed when one throws. */
function bindAll(terms: readonly Term[], see: See, canvas: Canvas): BoundTerm[] {
  const bound: BoundTerm[] = [];
  try {
    for (const term of terms) {
      bound.push(term.bind(see, canvas));
      if (canvas.tile !== undefined) checkTiled(term.name, bound.at(-1)!);
    }
    return bound;
  } catch (error) {
    for (const term of bound) term.dispose();
    throw error;
  }
}

/** @throws {TypeError} when a loss of one's own returns something else than a number in a tensor. */
function checkScalar(name: string, value: unknown): tf.Scalar {
  const what = `use the ${name} loss`;
  if (!(value instanceof tf.Tensor)) {
    throw new TypeError(cannot(what, "it must return a scalar tensor", describe(value)));
  }
  if (value.size !== 1) {
    const rule = "it must return a scalar tensor, as by tf.mean or tf.sum";
    throw new TypeError(cannot(what, rule, `a tensor of shape [${value.shape}]`));
  }
  return tf.reshape(value, []) as tf.Scalar;
}

/**
 * Runs a computation with gradients. TensorFlow.js 4.22 keeps tensors for the backward pass and frees
 * them only after it: when something throws before, they would stay for good.
 */
function freeingOnError<T>(compute: () => T, free: () => void): T {
  try {
    return compute();
  } catch (error) {
    free();
    const { state } = tf.engine() as unknown as { state: TapeState };
    for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
    state.activeTape = undefined;
    throw error;
  }
}

/** The part of TensorFlow.js' state that holds what was kept for the backward pass. */
type TapeState = { activeTape?: { saved?: tf.Tensor[] }[] };
