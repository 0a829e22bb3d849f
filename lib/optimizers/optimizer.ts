/**
 * What all optimizers have in common. They see a picture as numbers to change and an objective as a
 * function with a gradient, and know nothing of networks.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Evaluation } from "../loss/objective.ts";

/** The objective, as an optimizer sees it. The optimizer owns the tensors of what it is given. */
export type Evaluate = (image: tf.Tensor4D) => Evaluation;

/** Plain numbers by name, to save a run and go on with it later. */
export type OptimizerState = Record<string, { shape: number[]; data: Float32Array }>;

/** An optimizer at work on one picture. */
export type OptimizerRun = {
  /**
   * One iteration: changes `image` in place and keeps it within 0–255.
   *
   * @returns the evaluation that the iteration started from, owned by the caller.
   */
  step(image: tf.Variable<tf.Rank.R4>, evaluate: Evaluate): Promise<Evaluation>;
  /** How often the objective has been evaluated. */
  evaluations(): number;
  /** What the next step builds on, besides the picture. */
  state(): Promise<OptimizerState>;
  /**
   * The picture to show and to return instead of the one that is changed, such as an average of past
   * ones; owned by the caller. Undefined where that is the picture itself.
   */
  picture?(): tf.Tensor4D | undefined;
  /** Why the picture no longer changes; undefined while it does, or where that is not known. */
  stalled?(): string | undefined;
  dispose(): void;
};

/** An optimizer with its settings, ready to start any number of runs. */
export type Optimizer = {
  name: string;
  /** Whether the objective has to stay the same from one evaluation to the next. */
  needsConstantWeights?: boolean;
  /** Starts a run, from the saved state of an earlier one if given. */
  start(state?: OptimizerState): OptimizerRun;
  /**
   * What is left of a saved state when the picture gets another size, for a run that goes from coarse
   * to fine. Without it nothing is.
   *
   * @param circular whether the picture goes on beyond its border at the far side
   */
  resize?(
    state: OptimizerState,
    height: number,
    width: number,
    circular?: boolean,
  ): OptimizerState;
};
