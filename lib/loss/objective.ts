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
import { type Activations, activations, type Network } from "../network/network.ts";

/** What a loss sees of the mixed image. */
export type View = {
  /** `[1, H, W, 3]`, RGB, 0–255. */
  image: tf.Tensor4D;
  /** The features of the layers that the loss asked for (others may be there as well). */
  activations: Activations;
};

/** One term of the objective; write your own as well: any differentiable function to a scalar. */
export type Loss = {
  /** Shown in logs and charts. */
  name: string;
  weight: number;
  /** The layers that `value` needs; none by default. */
  layers?: readonly string[];
  value: (view: View) => tf.Scalar;
};

/** How the losses are balanced. */
export type Weighting = "adaptive" | "constant";

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
  names: string[];
  weights: number[];
  weighting: Weighting;
  /** The losses and the gradient at a picture. Adaptive weights move on with every call. */
  evaluate(image: tf.Tensor4D): Evaluation;
  /** The adjustments that the next evaluation will use. */
  adjustments(): tf.Tensor1D;
  dispose(): void;
};

/** Settings of {@linkcode createObjective}. */
export type ObjectiveOptions = {
  weighting?: Weighting;
  /** Factor on the picture before it enters the network; 255 in the tutorial. */
  inputScale?: number;
  /** To go on from an earlier run: its last adjustments. */
  adjustments?: readonly number[];
};

/**
 * Combines losses: `total = Σ weight · adjustment · loss`.
 *
 * @throws {Error} when there is no loss, or two have the same name.
 */
export function createObjective(
  network: Network,
  losses: readonly Loss[],
  { weighting = "adaptive", inputScale = 1, adjustments: start }: ObjectiveOptions = {},
): Objective {
  const names = losses.map((loss) => loss.name);
  if (names.length === 0) throw new Error("Cannot minimise nothing as at least one loss is needed");
  if (new Set(names).size < names.length) {
    throw new Error(`Cannot tell losses apart as names must differ: current value is ${names}`);
  }
  const layers = [...new Set(losses.flatMap((loss) => loss.layers ?? []))];
  const weights = losses.map((loss) => loss.weight);
  const weightTensor = tf.tensor1d(weights);
  const first = weighting === "adaptive" ? ADJUSTMENT_EPSILON : 1;
  let adjustments = tf.tensor1d(start ? [...start] : weights.map(() => first));

  function evaluate(image: tf.Tensor4D): Evaluation {
    const kept = tf.tidy(() => {
      const factors = tf.mul(weightTensor, adjustments);
      let values = adjustments;
      let terms = adjustments;
      const { value: total, grad: gradient } = tf.valueAndGrad((input: tf.Tensor) => {
        const x = input as tf.Tensor4D;
        const scaled = inputScale === 1 ? x : tf.mul(x, inputScale) as tf.Tensor4D;
        const view = {
          image: x,
          activations: layers.length > 0 ? activations(network, scaled, layers) : {},
        };
        values = tf.stack(losses.map((loss) => loss.value(view))) as tf.Tensor1D;
        terms = tf.mul(factors, values);
        tf.keep(values);
        tf.keep(terms);
        return tf.sum(terms) as tf.Scalar;
      })(image);
      const next = weighting === "adaptive"
        ? tf.div(1, tf.add(values, ADJUSTMENT_EPSILON)) as tf.Tensor1D
        : adjustments.clone();
      return { total: total as tf.Scalar, gradient: gradient as tf.Tensor4D, next, values, terms };
    });
    adjustments.dispose();
    adjustments = kept.next;
    return {
      total: kept.total,
      gradient: kept.gradient,
      losses: kept.values,
      terms: kept.terms,
      adjustments: adjustments.clone(),
    };
  }

  return {
    names,
    weights,
    weighting,
    evaluate,
    adjustments: () => adjustments,
    dispose: () => tf.dispose([weightTensor, adjustments]),
  };
}
