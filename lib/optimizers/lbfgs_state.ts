/**
 * What L-BFGS knows between two steps, as tensors and as plain numbers to save.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Evaluation } from "../loss/objective.ts";
import type { OptimizerState } from "./optimizer.ts";
import { numberEntry, numberOf, numbersOf, tensorOf } from "./state.ts";

/** A step and what it did to the gradient: `s = x' - x`, `y = (g' - g) / unit`. */
export type Pair = { s: tf.Tensor4D; y: tf.Tensor4D };

/** The evaluation of the picture as it is; `data` is the picture's, unknown in a saved state. */
export type Here = { evaluation: Evaluation; loss: number; data?: tf.DataId };

/** All that a step builds on; the pairs from the oldest to the newest. */
export type Memory = {
  pairs: Pair[];
  here?: Here;
  unit: number;
  stalled: boolean;
  /** How long the first step of the history is to be, where a smaller picture has told. */
  stepSize?: number;
};

/** Before the names of an evaluation's tensors in a saved state. */
const EVALUATION = "evaluation/";

/** The numbers of a tensor, which is disposed. */
export async function read(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<"float32">();
  } finally {
    tensor.dispose();
  }
}

/** The greatest power of two up to `value`, by which to divide is exact; 1 for 0, NaN, infinity. */
export function powerOfTwo(value: number): number {
  const exponent = Math.floor(Math.log2(value));
  return Number.isFinite(exponent) ? 2 ** exponent : 1;
}

/** Pairs as entries `0/s`, `0/y`, `1/s`, …, the oldest first. */
export function pairEntries(pairs: readonly Pair[]): Record<string, tf.Tensor> {
  return Object.fromEntries(pairs.flatMap(({ s, y }, i) => [[`${i}/s`, s], [`${i}/y`, y]]));
}

/** The pairs of a saved state, owned by the caller. */
export function restorePairs(state: OptimizerState): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; `${i}/s` in state; i++) {
    const [s, y] = [tensorOf(state, `${i}/s`), tensorOf(state, `${i}/y`)];
    pairs.push({ s: s as tf.Tensor4D, y: y as tf.Tensor4D });
  }
  return pairs;
}

/** Plain numbers; only the length of the first step before that step. */
export async function save(memory: Memory): Promise<OptimizerState> {
  const { pairs, here, unit, stalled, stepSize } = memory;
  const first: OptimizerState = stepSize === undefined ? {} : { stepSize: numberEntry(stepSize) };
  if (!here) return first;
  const evaluation = Object.entries(here.evaluation).map(([name, t]) => [EVALUATION + name, t]);
  return {
    ...first,
    unit: numberEntry(unit),
    stalled: numberEntry(stalled ? 1 : 0),
    ...await numbersOf({ ...Object.fromEntries(evaluation), ...pairEntries(pairs) }),
  };
}

/** The tensors again, owned by the caller. */
export function restore(state: OptimizerState): Memory {
  const stepSize = "stepSize" in state ? numberOf(state, "stepSize") : undefined;
  if (Object.keys(state).every((name) => name === "stepSize")) {
    return { pairs: [], unit: 1, stalled: false, stepSize };
  }
  const loss = numberOf(state, `${EVALUATION}total`);
  const [unit, stalled] = [numberOf(state, "unit"), numberOf(state, "stalled") === 1];
  // Whatever an evaluation holds: its fields are named in one place, where it is made.
  const names = Object.keys(state).filter((name) => name.startsWith(EVALUATION));
  const evaluation = Object.fromEntries(
    names.map((name) => [name.slice(EVALUATION.length), tensorOf(state, name)]),
  ) as Evaluation;
  return { pairs: restorePairs(state), here: { evaluation, loss }, unit, stalled, stepSize };
}

/**
 * What is left for a picture of another size: how long the last step was, in root mean square, for the
 * first one there to try.
 */
export function resizeState(state: OptimizerState): OptimizerState {
  let last: Float32Array | undefined;
  for (let i = 0; `${i}/s` in state; i++) last = state[`${i}/s`]!.data;
  const length = last && Math.sqrt(last.reduce((sum, s) => sum + s * s, 0) / last.length);
  if (length) return { stepSize: numberEntry(length) };
  return "stepSize" in state ? { stepSize: numberEntry(numberOf(state, "stepSize")) } : {};
}
