/**
 * The average of the pictures on the way, instead of the last one: where steps jump to and fro, their
 * mean lies nearer to the bottom.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkInRange, checkOptions, checkShape } from "../base/check.ts";
import type { Optimizer, OptimizerRun, OptimizerState } from "./optimizer.ts";
import { mergeStates, numberEntry, numberOf, numbersOf, splitState, tensorOf } from "./state.ts";

/** Settings of {@linkcode average}. */
export type AverageOptions = {
  /** How much of the average is kept in an iteration, 0 to below 1. @default {0.99} */
  decay?: number;
};

const PREFIX = "average/";

/**
 * Around any optimizer: a run shows and returns the exponential average of its pictures,
 *
 *     a ← decay · a + (1 - decay) x        picture: a / (1 - decay^n)
 *
 * where n counts the pictures, the start among them. The optimizer itself goes on from x. Source:
 * crowsonkb, style-transfer-pytorch, with decay 0.99. When the picture gets another size, the average
 * begins anew with the picture that the run goes on from, as there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adam } from "./adam.ts";
 *
 * assertEquals(average(adam({ stepSize: 5 }), { decay: 0.99 }).name, "adam, averaged");
 * ```
 *
 * @throws {RangeError} when `decay` is not from 0 to below 1.
 */
export function average(optimizer: Optimizer, options: AverageOptions = {}): Optimizer {
  checkOptions("average", options, ["decay"]);
  const { decay = 0.99 } = options;
  checkInRange("average", "decay", decay, 0, 1 - Number.EPSILON);
  return {
    ...optimizer,
    name: `${optimizer.name}, averaged`,
    start: (saved) => startAverage(optimizer, decay, saved),
    resize: (state, height, width, circular) =>
      optimizer.resize?.(splitState(state, PREFIX).inner, height, width, circular) ?? {},
  };
}

function startAverage(optimizer: Optimizer, decay: number, saved?: OptimizerState): OptimizerRun {
  const { own, inner } = splitState(saved ?? {}, PREFIX);
  const run = optimizer.start(inner);
  let count = 0;
  let sum: tf.Tensor4D | undefined;
  if (Object.keys(own).length > 0) {
    count = numberOf(own, "count");
    sum = tensorOf(own, "sum") as tf.Tensor4D;
  }

  function add(image: tf.Tensor4D) {
    const next = tf.tidy(() => {
      const share = tf.mul(image, 1 - decay) as tf.Tensor4D;
      return sum ? tf.add(tf.mul(sum, decay), share) as tf.Tensor4D : share;
    });
    sum?.dispose();
    sum = next;
    count++;
  }

  return {
    ...run,
    async step(image, evaluate) {
      if (sum) checkShape("go on averaging", "the saved average", sum.shape, image.shape);
      else add(image);
      const evaluation = await run.step(image, evaluate);
      add(image);
      return evaluation;
    },
    picture: () => sum && tf.div(sum, 1 - decay ** count) as tf.Tensor4D,
    async state() {
      const own = sum && { count: numberEntry(count), ...await numbersOf({ sum }) };
      return mergeStates(own ?? {}, PREFIX, await run.state());
    },
    dispose() {
      run.dispose();
      sum?.dispose();
      sum = undefined;
    },
  };
}
