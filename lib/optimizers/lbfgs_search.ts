/**
 * L-BFGS with a line search, see `lbfgs.ts`.
 *
 * A step costs one evaluation or more. On the device lie the picture, its gradient and the history; a
 * step reads back one small matrix of dot products and a slope, and two numbers per evaluation.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkShape } from "../base/check.ts";
import type { Evaluation } from "../loss/objective.ts";
import { along } from "./box.ts";
import type { LbfgsRun, LineSearchInfo } from "./lbfgs.ts";
import { type Here, type Memory, powerOfTwo, read, restore, save } from "./lbfgs_state.ts";
import { type Found, type Sample, strongWolfe } from "./line_search.ts";
import type { Evaluate, OptimizerState } from "./optimizer.ts";
import { findDirection } from "./two_loop.ts";

type Trial = Sample & { point: tf.Tensor4D; evaluation: Evaluation; loss: number };

/** How far a loss of float32 numbers may be off, as a part of it. */
const ROUNDING = 1e-6;
const STALLED =
  "no step against the gradient lowers the loss: a minimum, as far as float32 can tell";

/** Starts a run. */
export function startSearching(
  { history, stepSize: asked }: { history: number; stepSize: number },
  saved: OptimizerState = {},
): LbfgsRun {
  const state = restore(saved);
  const { stepSize = asked } = state;
  let evaluations = 0;
  let info: LineSearchInfo | undefined;

  /** Evaluates where the picture is, and chooses the unit of gradients for a new history. */
  async function look(image: tf.Variable<tf.Rank.R4>, evaluate: Evaluate): Promise<Here> {
    tf.dispose(state.here?.evaluation);
    state.here = undefined;
    const evaluation = evaluate(image);
    try {
      const both = tf.tidy(() => tf.stack([evaluation.total, tf.max(tf.abs(evaluation.gradient))]));
      const [loss = NaN, greatest = NaN] = await read(both);
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
      const before = evaluations;
      let trial = await search(image, here, counted, state, stepSize);
      const isRestored = !here.data;
      if (!trial && (isRestored || state.pairs.length > 0)) {
        forget();
        // What was saved may be of another objective than the one at hand.
        if (isRestored) here = await look(image, counted);
        trial = await search(image, here, counted, state, stepSize);
      }
      info = trial && { step: trial.step, evaluations: evaluations - before, strong: trial.strong };
      if (!trial) {
        state.stalled = true;
        return copy(here.evaluation);
      }
      const { point, evaluation, loss } = trial.sample;
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
    search: () => info,
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
): Promise<Found<Trial> | undefined> {
  const owned: tf.Tensor[] = [];
  const own = <T extends Record<string, tf.Tensor>>(tensors: T) => {
    owned.push(...Object.values(tensors));
    return tensors;
  };
  let found: Found<Trial> | undefined;
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
      const [loss = NaN, slope = NaN] = await read(both);
      return { point, evaluation, loss, value: loss / unit, slope };
    };
    const start = read(tf.tidy(() => dot(gradient, direction)))
      .then(([slope = NaN]) => ({ value: here.loss / unit, slope }));
    const noise = ROUNDING * Math.abs(here.loss) / unit;
    found = await strongWolfe(phi, start, { noise });
    return found;
  } finally {
    const kept = new Set<tf.Tensor>(
      found && [found.sample.point, ...Object.values(found.sample.evaluation)],
    );
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
