/**
 * L-BFGS: each step goes along `-H g`, where H, the inverse Hessian, is made up from the last steps and
 * what they did to the gradient. Gatys et al. 2015 used it for style transfer. It compares gradients
 * between steps, so the objective must stay the same: constant weights.
 *
 * @module
 */
import {
  cannot,
  checkInRange,
  checkOneOf,
  checkOptions,
  checkPositive,
  checkPositiveInteger,
  describe,
} from "../base/check.ts";
import { startPlain } from "./lbfgs_plain.ts";
import { startSearching } from "./lbfgs_search.ts";
import { resizeState } from "./lbfgs_state.ts";
import type { Optimizer, OptimizerRun, OptimizerState } from "./optimizer.ts";

/** How L-BFGS finds the length of a step. */
export type LineSearch = "strong-wolfe" | "none";

/** Settings of {@linkcode lbfgs}. */
export type LbfgsOptions = {
  /** Whether the length of a step is searched for, or left to H. @default {"strong-wolfe"} */
  lineSearch?: LineSearch;
  /**
   * How many steps are remembered, 1–100; each takes the memory of two pictures.
   *
   * @default {20, without a line search 100}
   */
  history?: number;
  /**
   * With a line search, how far the first step tries to go, before there is a history: in units of the
   * picture, 0–255, per root mean square of the gradient; later steps find their length by themselves.
   * Without, a factor on all steps, PyTorch's `lr`.
   *
   * @default {10, without a line search 1}
   */
  stepSize?: number;
  /**
   * Without a line search, by how much the first step may change the picture, all values added up, before
   * `stepSize`. PyTorch's 1 is in the units of its picture: 255 here for a program with pixels from 0 to 1.
   *
   * @default {1}
   */
  firstStep?: number;
  /** Whether the picture is kept within 0–255; with a line search it always is. @default {true} */
  clip?: boolean;
  /**
   * Without a line search, whether steps are remembered as they were meant, also where the picture was
   * clipped: as in programs that clip behind the back of their optimizer.
   *
   * @default {false}
   */
  blind?: boolean;
};

/** How a line search went. */
export type LineSearchInfo = {
  /** Of the direction; 1 is what H proposes. */
  step: number;
  /** How many points were tried. */
  evaluations: number;
  /** Whether both Wolfe conditions hold, or only the decrease. */
  strong: boolean;
};

/** L-BFGS at work. */
export type LbfgsRun = OptimizerRun & {
  /** Why the picture no longer changes; undefined while it does. */
  stalled(): string | undefined;
  /** How the search of the last step went; undefined where there was none, or it found nothing. */
  search(): LineSearchInfo | undefined;
};

/** L-BFGS with its settings. */
export type Lbfgs = Omit<Optimizer, "start"> & { start(state?: OptimizerState): LbfgsRun };

/**
 * L-BFGS, by default with a line search that satisfies the strong Wolfe conditions. Source: Nocedal,
 * Wright 2006, algorithms 7.4, 7.5, 3.5, 3.6. With `lineSearch: "none"` it takes the steps of
 * `torch.optim.LBFGS`, see `lbfgs_plain.ts`; what follows is of the search.
 *
 * - Bounds: pixels at 0 or 255 whose gradient points outwards are held; the others move along the
 *   path that is clipped to 0–255, and the line search follows that path.
 * - Pairs without positive curvature among the pixels that are not held are left out of a step.
 * - If no step lowers the loss, the history is dropped and plain descent is tried once; if that
 *   fails too (a minimum, as far as float32 can tell), `stalled()` says so, and further steps change
 *   nothing and evaluate nothing.
 * - A run that goes on from a saved state is the run that was never interrupted. One that goes on at
 *   another size keeps the length of the last step, for the first there to try.
 * - It suits smooth losses. The denoise loss has a kink wherever neighbours are equal: where it makes
 *   up most of the sum, or the start is flat, Adam may get lower.
 *
 * @example A narrow valley: the loss is 50 (x - 100)² + (y - 100)² / 2 + (z - 100)² / 2, from 0
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { assertEquals } from "@std/assert";
 *
 * const image = tf.variable(tf.zeros([1, 1, 1, 3]) as tf.Tensor4D);
 * const run = lbfgs().start();
 * const losses: string[] = [];
 * for (let i = 0; i < 6; i++) {
 *   const { total } = await run.step(image, (x) => {
 *     const distance = tf.sub(x, 100) as tf.Tensor4D;
 *     const gradient = tf.mul(distance, [100, 1, 1]) as tf.Tensor4D;
 *     const total = tf.div(tf.sum(tf.mul(gradient, distance)), 2) as tf.Scalar;
 *     const each = tf.reshape(total, [1]) as tf.Tensor1D;
 *     return { total, gradient, losses: each, terms: each, adjustments: tf.ones([1]) };
 *   });
 *   losses.push((await total.data())[0]!.toExponential(1));
 * }
 * assertEquals(losses, ["5.1e+5", "3.5e+5", "9.6e+3", "7.8e+3", "1.1e-1", "4.7e-8"]);
 * assertEquals(run.search()?.step, 1);
 * ```
 *
 * @throws {RangeError} when `history` is not a whole number from 1 to 100, `stepSize` or `firstStep` not
 * positive, or where `firstStep` or `blind` meets a line search.
 */
export function lbfgs(options: LbfgsOptions = {}): Lbfgs {
  const what = "use lbfgs";
  checkOptions(what, options, ["lineSearch", "history", "stepSize", "firstStep", "clip", "blind"]);
  const { lineSearch = "strong-wolfe", firstStep = 1, clip = true, blind = false } = options;
  checkOneOf(what, "lineSearch", lineSearch, ["strong-wolfe", "none"]);
  const isPlain = lineSearch === "none";
  const { history = isPlain ? 100 : 20, stepSize = isPlain ? 1 : 10 } = options;
  checkPositiveInteger(what, "history", history);
  checkInRange(what, "history", history, 1, 100);
  checkPositive(what, "stepSize", stepSize);
  checkPositive(what, "firstStep", firstStep);
  const own = (["firstStep", "blind"] as const).find((name) => options[name] !== undefined);
  if (own && !isPlain) {
    throw new RangeError(cannot(what, `${own} needs lineSearch none`, describe(lineSearch)));
  }
  const shared = { name: "lbfgs", needsConstantWeights: true };
  if (isPlain) {
    const plain = { history, stepSize, firstStep, clip, blind };
    return { ...shared, start: (state) => startPlain(plain, state) };
  }
  return {
    ...shared,
    start: (state) => startSearching({ history, stepSize }, state),
    resize: resizeState,
  };
}
