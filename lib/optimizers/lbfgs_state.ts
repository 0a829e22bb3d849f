/**
 * What L-BFGS knows between two steps, as tensors and as plain numbers to save.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Evaluation } from "../loss/objective.ts";
import type { OptimizerState } from "./optimizer.ts";

/** A step and what it did to the gradient: `s = x' - x`, `y = (g' - g) / unit`. */
export type Pair = { s: tf.Tensor4D; y: tf.Tensor4D };

/** The evaluation of the picture as it is; `data` is the picture's, unknown in a saved state. */
export type Here = { evaluation: Evaluation; loss: number; data?: tf.DataId };

/** All that a step builds on; the pairs from the oldest to the newest. */
export type Memory = { pairs: Pair[]; here?: Here; unit: number; stalled: boolean };

/** The numbers of a tensor, which is disposed. */
export async function read(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<"float32">();
  } finally {
    tensor.dispose();
  }
}

/** Plain numbers; nothing before the first step. */
export async function save({ pairs, here, unit, stalled }: Memory): Promise<OptimizerState> {
  if (!here) return {};
  const tensors: [string, tf.Tensor][] = [
    ...Object.entries(here.evaluation).map(([name, tensor]): [string, tf.Tensor] => [
      `evaluation/${name}`,
      tensor,
    ]),
    ...pairs.flatMap(({ s, y }, i): [string, tf.Tensor][] => [[`${i}/s`, s], [`${i}/y`, y]]),
  ];
  const state: OptimizerState = {
    unit: { shape: [], data: Float32Array.of(unit) },
    stalled: { shape: [], data: Float32Array.of(stalled ? 1 : 0) },
  };
  for (const [name, tensor] of tensors) {
    state[name] = { shape: [...tensor.shape], data: Float32Array.from(await tensor.data()) };
  }
  return state;
}

/** The tensors again, owned by the caller. */
export function restore(state: OptimizerState): Memory {
  if (!("unit" in state)) return { pairs: [], unit: 1, stalled: false };
  const tensor = (name: string) => tf.tensor(state[name].data, state[name].shape);
  const names = ["total", "gradient", "losses", "adjustments", "terms"];
  const evaluation = Object.fromEntries(names.map((name) => [name, tensor(`evaluation/${name}`)]));
  const pairs: Pair[] = [];
  for (let i = 0; `${i}/s` in state; i++) {
    pairs.push({ s: tensor(`${i}/s`) as tf.Tensor4D, y: tensor(`${i}/y`) as tf.Tensor4D });
  }
  return {
    pairs,
    here: { evaluation: evaluation as Evaluation, loss: state["evaluation/total"].data[0] },
    unit: state.unit.data[0],
    stalled: state.stalled.data[0] === 1,
  };
}
