/**
 * L-BFGS: each step goes along `-H g`, where H, the inverse Hessian, is made up from the last steps and
 * what they did to the gradient; a line search finds how far. Gatys et al. 2015 used it for style
 * transfer. It compares losses between steps, so the objective must stay the same: constant weights.
 *
 * A step costs one evaluation or more. On the device lie the picture, its gradient and the history; a
 * step reads back one small matrix of dot products and a slope, and two numbers per evaluation.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkInRange, checkPositive, checkPositiveInteger, checkShape } from "../base/check.ts";
import type { Evaluation } from "../loss/objective.ts";
import { along } from "./box.ts";
import { type Here, type Memory, read, restore, save } from "./lbfgs_state.ts";
import { type Sample, strongWolfe } from "./line_search.ts";
import type { Evaluate, Optimizer, OptimizerRun, OptimizerState } from "./optimizer.ts";
import { findDirection } from "./two_loop.ts";

/** Settings of {@linkcode lbfgs}. */
export type LbfgsOptions = {
  /** How many steps are remembered, 1–100; each takes the memory of two pictures. */
  history?: number;
  /**
   * How far the first step tries to go, before there is a history: in units of the picture, 0–255,
   * per root mean square of the gradient. Later steps find their length by themselves.
   */
  stepSize?: number;
};

/** L-BFGS at work. */
export type LbfgsRun = OptimizerRun & {
  /** Why the picture no longer changes; undefined while it does. */
  stalled(): string | undefined;
};

/** L-BFGS with its settings. */
export type Lbfgs = Omit<Optimizer, "start"> & { start(state?: OptimizerState): LbfgsRun };

/**
 * L-BFGS with a line search that satisfies the strong Wolfe conditions. Source: Nocedal, Wright 2006,
 * algorithms 7.4, 7.5, 3.5, 3.6.
 *
 * - Bounds: pixels at 0 or 255 whose gradient points outwards are held; the others move along the
 *   path that is clipped to 0–255, and the line search follows that path.
 * - Pairs without positive curvature among the pixels that are not held are left out of a step.
 * - If no step lowers the loss, the history is dropped and plain descent is tried once; if that
 *   fails too (a minimum, as far as float32 can tell), `stalled()` says so, and further steps change
 *   nothing and evaluate nothing.
 * - A run that goes on from a saved state is the run that was never interrupted.
 * - It suits smooth losses. The denoise loss has a kink wherever neighbours are equal: where it makes
 *   up most of the sum, or the start is flat, Adam may get lower.
 *
 * @throws {RangeError} when `history` is not a whole number from 1 to 100 or `stepSize` not positive.
 */
export function lbfgs({ history = 20, stepSize = 10 }: LbfgsOptions = {}): Lbfgs {
  checkPositiveInteger("use lbfgs", "history", history);
  checkInRange("use lbfgs", "history", history, 1, 100);
  checkPositive("use lbfgs", "stepSize", stepSize);
  return {
    name: "lbfgs",
    needsConstantWeights: true,
    start: (state) => startLbfgs(history, stepSize, state),
  };
}

type Trial = Sample & { point: tf.Tensor4D; evaluation: Evaluation; loss: number };

/** How far a loss of float32 numbers may be off, as a part of it. */
const ROUNDING = 1e-6;
const STALLED =
  "no step against the gradient lowers the loss: a minimum, as far as float32 can tell";

function startLbfgs(history: number, stepSize: number, saved: OptimizerState = {}): LbfgsRun {
  const state = restore(saved);
  let evaluations = 0;

  /** Evaluates where the picture is, and chooses the unit of gradients for a new history. */
  async function look(image: tf.Variable<tf.Rank.R4>, evaluate: Evaluate): Promise<Here> {
    tf.dispose(state.here?.evaluation);
    state.here = undefined;
    const evaluation = evaluate(image);
    try {
      const both = tf.tidy(() => tf.stack([evaluation.total, tf.max(tf.abs(evaluation.gradient))]));
      const [loss, greatest] = await read(both);
      if (state.pairs.length === 0) state.unit = powerOfTwo(greatest);
      return state.here = { evaluation, loss, data: image.dataId };
    } catch (error) {
      tf.dispose(evaluation);
      throw error;
    }
  }

  function forget() {
    tf.dispose(state.pairs);
    state.pairs = [];
  }

  return {
    async step(image, evaluate) {
      const counted: Evaluate = (image) => {
        const evaluation = evaluate(image);
        evaluations++;
        return evaluation;
      };
      let { here } = state;
      if (here) {
        checkShape("go on with lbfgs", "the picture", image.shape, here.evaluation.gradient.shape);
      }
      if (!here || (here.data && here.data !== image.dataId)) {
        state.stalled = false;
        here = await look(image, counted);
      }
      if (state.stalled) return copy(here.evaluation);
      let trial = await search(image, here, counted, state, stepSize);
      const isRestored = !here.data;
      if (!trial && (isRestored || state.pairs.length > 0)) {
        forget();
        // What was saved may be of another objective than the one at hand.
        if (isRestored) here = await look(image, counted);
        trial = await search(image, here, counted, state, stepSize);
      }
      if (!trial) {
        state.stalled = true;
        return copy(here.evaluation);
      }
      const { point, evaluation, loss } = trial;
      state.pairs.push(tf.tidy(() => ({
        s: tf.sub(point, image),
        y: tf.div(tf.sub(evaluation.gradient, here.evaluation.gradient), state.unit),
      })));
      if (state.pairs.length > history) tf.dispose(state.pairs.shift());
      image.assign(point);
      point.dispose();
      state.here = { evaluation, loss, data: image.dataId };
      return here.evaluation;
    },
    evaluations: () => evaluations,
    stalled: () => state.stalled ? STALLED : undefined,
    state: () => save(state),
    dispose() {
      forget();
      tf.dispose(state.here?.evaluation);
      state.here = undefined;
    },
  };
}

/** One line search from `here`; undefined when it finds nothing lower. */
async function search(
  image: tf.Tensor4D,
  here: Here,
  evaluate: Evaluate,
  { pairs, unit }: Memory,
  stepSize: number,
): Promise<Trial | undefined> {
  const owned: tf.Tensor[] = [];
  const own = <T extends Record<string, tf.Tensor>>(tensors: T) => {
    owned.push(...Object.values(tensors));
    return tensors;
  };
  let found: Trial | undefined;
  try {
    const { gradient } = own({ gradient: tf.div(here.evaluation.gradient, unit) as tf.Tensor4D });
    const direction = await findDirection(image, gradient, pairs, stepSize);
    if (!direction) return undefined;
    own({ direction });
    const phi = async (t: number): Promise<Trial> => {
      const { point, moving } = own(along(image, direction, t));
      const evaluation = own(evaluate(point));
      const both = tf.tidy(() => {
        const gradient = tf.div(evaluation.gradient, unit);
        return tf.stack([evaluation.total, dot(tf.mul(gradient, moving), direction)]);
      });
      const [loss, slope] = await read(both);
      return { point, evaluation, loss, value: loss / unit, slope };
    };
    const start = read(tf.tidy(() => dot(gradient, direction)))
      .then(([slope]) => ({ value: here.loss / unit, slope }));
    const noise = ROUNDING * Math.abs(here.loss) / unit;
    found = (await strongWolfe(phi, start, { noise }))?.sample;
    return found;
  } finally {
    const kept = new Set<tf.Tensor>(found && [found.point, ...Object.values(found.evaluation)]);
    tf.dispose(owned.filter((tensor) => !kept.has(tensor)));
  }
}

function dot(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(a, b));
}

function copy(evaluation: Evaluation): Evaluation {
  const copies = Object.entries(evaluation).map(([name, tensor]) => [name, tensor.clone()]);
  return Object.fromEntries(copies);
}

/** The greatest power of two up to `value`, by which to divide is exact; 1 for 0, NaN, infinity. */
function powerOfTwo(value: number): number {
  const exponent = Math.floor(Math.log2(value));
  return Number.isFinite(exponent) ? 2 ** exponent : 1;
}
