/**
 * What a run shows of itself: a frame after every iteration, losses by name, a checkpoint to go on.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Engine } from "../engine/engine.ts";
import type { Objective } from "../loss/objective.ts";
import type { OptimizerState } from "../optimizers/optimizer.ts";
import type { Picture } from "../picture/picture.ts";

/** One loss as a run sees it; `share` is its part of the sum that is minimized. */
export type LossValue = { loss: number; weight: number; adjustment: number; share: number };

/** By name: `content`, `style`, `denoise` and your own. */
export type LossValues = Record<string, LossValue>;

/** Losses and what they add up to. */
export type Measured = {
  /** `Σ weight · adjustment · loss`: what is minimized. */
  total: number;
  losses: LossValues;
};

/** All that a run needs to go on later: plain numbers. */
export type Checkpoint = {
  iteration: number;
  evaluations: number;
  /** The picture as the optimizer left it. */
  picture: Picture;
  /** The picture that is shown, where the optimizer shows another one, such as an average. */
  shown?: Picture;
  adjustments: number[];
  optimizer: OptimizerState;
};

/** A look at the run after an iteration: values, which stay as they are when the run goes on. */
export type Frame = {
  /** From 0, as in the tutorial's log. */
  iteration: number;
  /** The number of the iteration at which the run will end. */
  iterations: number;
  /** Coarse to fine: which of the sizes this is, from 0, and how many there are. */
  scale?: { index: number; count: number; size: number };
  evaluations: number;
  /** Since the first iteration began. */
  seconds: number;
  engine: Engine;
  /** Whether the run ends here. */
  last: boolean;
  /** Whether it ends before its time: Stop, or an aborted signal. */
  stopped: boolean;
  /**
   * The losses that the iteration started from, and the adjustments computed from them; undefined where
   * they were not read, see `readEvery`.
   */
  losses?: LossValues;
  /** What those losses add up to. */
  total?: number;
  /** The mixed image after the iteration, as it is shown; undefined where it was not read. */
  picture?: Picture;
  /**
   * All that is needed to go on from here.
   *
   * @throws {Error} when the run has gone on already.
   */
  checkpoint(): Promise<Checkpoint>;
};

/** A moment at which losses were read. */
export type HistoryEntry = {
  iteration: number;
  evaluations: number;
  seconds: number;
  losses: LossValues;
  total: number;
};

/** What a run leaves behind. */
export type Result = Measured & {
  /** The mixed image, or what the optimizer shows instead; `losses` and `total` are its own. */
  picture: Picture;
  /** Whether it ended before its time: Stop, or an aborted signal. */
  stopped: boolean;
  /** How many iterations the picture has seen, those of resumed runs included. */
  iterations: number;
  evaluations: number;
  seconds: number;
  engine: Engine;
  /** The losses of every iteration after which they were read: those that it started from. */
  history: HistoryEntry[];
  /** What there is to say: the picture hardly moved, the loss has risen, the optimizer came to rest. */
  notes: string[];
  /** To go on: `stylize(network, { ...options, resume: result.checkpoint })`. */
  checkpoint: Checkpoint;
};

/** Reads losses from the engine; one tensor, so that a GPU is waited for once. */
export async function readLosses(
  { names, weights }: Pick<Objective, "names" | "weights">,
  { losses, adjustments, terms }: {
    losses: tf.Tensor1D;
    adjustments: tf.Tensor1D;
    terms: tf.Tensor1D;
  },
): Promise<Measured> {
  const all = losses.concat([adjustments, terms]);
  const values = await all.data();
  all.dispose();
  const n = names.length;
  const total = Array.from(values).slice(2 * n).reduce((sum, term) => sum + term, 0);
  const entries = names.map((name, i): [string, LossValue] => [name, {
    loss: values[i]!,
    weight: weights[i]!,
    adjustment: values[n + i]!,
    share: total === 0 ? 0 : values[2 * n + i]! / total,
  }]);
  return { total, losses: Object.fromEntries(entries) };
}
