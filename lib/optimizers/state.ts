/**
 * Tensors as plain numbers and back, to save a run of an optimizer and go on with it.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cannot } from "../base/check.ts";
import { valuesOf } from "../base/kernels.ts";
import type { OptimizerState } from "./optimizer.ts";

/** One number as an entry of a state; float32, so counts are exact up to 2²⁴. */
export function numberEntry(value: number): OptimizerState[string] {
  return { shape: [], data: Float32Array.of(value) };
}

/** The number of an entry. */
export function numberOf(state: OptimizerState, name: string): number {
  return entryOf(state, name).data[0] ?? NaN;
}

/** Reads tensors, which stay the caller's. */
export async function numbersOf(tensors: Record<string, tf.Tensor>): Promise<OptimizerState> {
  const state: OptimizerState = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    state[name] = { shape: [...tensor.shape], data: await valuesOf(tensor) };
  }
  return state;
}

/** The tensor of an entry, owned by the caller. */
export function tensorOf(state: OptimizerState, name: string): tf.Tensor {
  const { data, shape } = entryOf(state, name);
  return tf.tensor(data, shape, "float32");
}

function entryOf(state: OptimizerState, name: string): OptimizerState[string] {
  const entry = state[name];
  if (entry) return entry;
  const rule = `the saved state must hold ${name}, as that of the same optimizer does`;
  throw new Error(cannot("go on", rule, Object.keys(state).join(", ") || "nothing"));
}

/** What a wrapper and the optimizer in it know; the wrapper's names get a prefix. */
export function mergeStates(
  own: OptimizerState,
  prefix: string,
  inner: OptimizerState,
): OptimizerState {
  const state = { ...inner };
  for (const [name, entry] of Object.entries(own)) {
    if (prefix + name in state) {
      const rule = "each wrapper may be used once";
      throw new Error(cannot("save the optimizer", rule, `${prefix} twice`));
    }
    state[prefix + name] = entry;
  }
  return state;
}

/** Both states again. */
export function splitState(
  state: OptimizerState,
  prefix: string,
): { own: OptimizerState; inner: OptimizerState } {
  const [own, inner]: [OptimizerState, OptimizerState] = [{}, {}];
  for (const [name, entry] of Object.entries(state)) {
    if (name.startsWith(prefix)) own[name.slice(prefix.length)] = entry;
    else inner[name] = entry;
  }
  return { own, inner };
}
