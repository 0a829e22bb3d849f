/**
 * What gradient descent, momentum, AdaGrad, RMSProp and Adam share. Each is a rule: from the gradient
 * and a few pictures' worth of memory, its moments, to new moments and a change of the picture. Here
 * the rule is applied, within the picture's bounds and within what float32 can hold.
 *
 * - A rule sees the gradient divided by a unit (`unit.ts`), so that a loss times 1e30 leads along the
 *   same path. An epsilon counts in that unit, which is 1 for gradients whose greatest part lies
 *   between 6e-8 and 1.7e7.
 * - If the second gradient is less than a 1024th of the first, it takes the place of the first in the
 *   moments. Adaptive weights begin with adjustments that have nothing to do with the losses, so that
 *   the first gradient may be 1e16 times as large as all others: AdaGrad would never get over that, and
 *   Adam not in a thousand iterations. The papers know no such rule.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkOptions, checkShape } from "../base/check.ts";
import { hasKernel } from "../base/kernels.ts";
import { within } from "./box.ts";
import type { Optimizer, OptimizerRun, OptimizerState } from "./optimizer.ts";
import { resizeEntry } from "./resize_state.ts";
import type { Moments, Now, Rule } from "./rule.ts";
import { checkStepSize, type StepSize, stepSizeAt } from "./schedule.ts";
import { numberEntry, numberOf, numbersOf, tensorOf } from "./state.ts";
import { greatestOf, nextUnit, ratioOf } from "./unit.ts";

/** Settings that gradient descent, momentum, AdaGrad, RMSProp and Adam have in common. */
export type FirstOrderOptions = {
  /** In units of the picture, 0–255; what it means to each of them is said there. */
  stepSize?: StepSize;
  /**
   * Whether the picture is kept within 0–255. Some programs do not, and can be followed closely only
   * without.
   *
   * @default {true}
   */
  clip?: boolean;
};

/** Pixels of a band of a large picture. */
const BAND = 2 ** 18;
/** The moved picture, among the moments. */
const MOVED = "moved";
/** Below this part of the first gradient, the second one takes its place. */
const OUTLIER = 2 ** -10;

/**
 * An optimizer from a rule.
 *
 * @param given all options as the caller gave them, whose names are checked
 * @param known the names of the rule's own options
 */
export function firstOrder(
  rule: Rule,
  { stepSize, clip = true }: FirstOrderOptions & { stepSize: StepSize },
  given: object,
  known: readonly string[] = [],
): Optimizer {
  checkOptions(`use ${rule.name}`, given, ["stepSize", "clip", ...known]);
  checkStepSize(`use ${rule.name}`, stepSize);
  return {
    name: rule.name,
    start: (saved) => startRule(rule, stepSize, clip, saved),
    resize(state, height, width, circular) {
      return Object.fromEntries(
        Object.entries(state).map(([name, entry]) => {
          const power = rule.moments[name];
          if (power === undefined) return [name, entry];
          return [name, resizeEntry(entry, height, width, power, circular)];
        }),
      );
    },
  };
}

/** What a run knows; `greatest` is that of the first gradient. */
type Memory = { unit: tf.Scalar; greatest: tf.Scalar; moments: Moments };

function startRule(
  rule: Rule,
  stepSize: StepSize,
  clip: boolean,
  saved: OptimizerState = {},
): OptimizerRun {
  let evaluations = 0;
  let iteration = 0;
  let memory: Memory | undefined;
  if (Object.keys(saved).length > 0) {
    iteration = numberOf(saved, "iteration");
    memory = restore(rule, saved);
  }

  return {
    async step(image, evaluate) {
      const length = stepSizeAt(stepSize, iteration);
      for (const [name, moment] of Object.entries(memory?.moments ?? {})) {
        checkShape(`go on with ${rule.name}`, `the saved ${name}`, moment.shape, image.shape);
      }
      const evaluation = evaluate(image);
      evaluations++;
      try {
        const { gradient } = evaluation;
        const second = iteration === 1 && Object.keys(rule.moments).length > 0;
        const forget = second && memory !== undefined && await isOutlier(memory.greatest, gradient);
        const next = tf.tidy(() => {
          const step = stepOf(rule, gradient, { length, iteration, forget }, memory);
          const { unit, greatest } = step;
          const move = (image: tf.Tensor4D, gradient: tf.Tensor4D, past?: Moments) => {
            const { moments, change } = step.take(gradient, past);
            const moved = tf.sub(image, change) as tf.Tensor4D;
            return { ...moments, [MOVED]: clip ? within(moved) : moved };
          };
          const past = memory?.moments;
          const all = step.atOnce(image, clip, past) ??
            (rule.pointwise ? inBands(move, image, gradient, past) : move(image, gradient, past));
          const { [MOVED]: moved, ...moments } = all;
          image.assign(moved!);
          return { unit, greatest, moments };
        });
        tf.dispose(memory);
        memory = next;
        iteration++;
        return evaluation;
      } catch (error) {
        tf.dispose(evaluation);
        throw error;
      }
    },
    evaluations: () => evaluations,
    async state() {
      if (!memory) return {};
      const { unit, greatest, moments } = memory;
      const tensors = await numbersOf({ unit, greatest, ...moments });
      return { iteration: numberEntry(iteration), ...tensors };
    },
    dispose() {
      tf.dispose(memory);
      memory = undefined;
    },
  };
}

/** Whether the first gradient's greatest part is out of all proportion to the second gradient. */
async function isOutlier(first: tf.Scalar, second: tf.Tensor4D): Promise<boolean> {
  const answer = tf.tidy(() => tf.less(greatestOf(second), tf.mul(first, OUTLIER)));
  const [outlier] = await answer.data();
  answer.dispose();
  return outlier === 1;
}

/**
 * The unit of a step, and how it is taken: of the whole picture, or of a part of it; `forget` puts this gradient in
 * the place of the first one.
 */
function stepOf(
  rule: Rule,
  raw: tf.Tensor4D,
  { forget, ...asked }: Omit<Now, "unit"> & { forget: boolean },
  memory: Memory | undefined,
) {
  const greatest = tf.tidy(() => greatestOf(raw));
  const before = memory?.unit ?? tf.scalar(1);
  const unit = nextUnit(greatest, before);
  const now = { ...asked, unit };
  const ratio = ratioOf(before, unit);

  function take(part: tf.Tensor4D, moments?: Moments): ReturnType<Rule["step"]> {
    const gradient = tf.div(part, unit) as tf.Tensor4D;
    const nothing = () => tf.zerosLike(gradient) as tf.Tensor4D;
    if (!moments) return rule.step(gradient, nothing, now);
    const past = (name: string, factor: number) => {
      let fade: tf.Tensor = tf.scalar(factor);
      for (let i = 0; i < rule.moments[name]!; i++) fade = tf.mul(fade, ratio);
      return tf.mul(moments[name]!, fade) as tf.Tensor4D;
    };
    if (!forget) return rule.step(gradient, past, now);
    const first = rule.step(gradient, nothing, { ...now, iteration: 0 }).moments;
    const keep = (name: string, factor: number) => tf.mul(first[name]!, factor) as tf.Tensor4D;
    return rule.step(gradient, keep, now);
  }

  /** The whole step by the rule's kernel; none where the engine does not have it. */
  function atOnce(image: tf.Tensor4D, clip: boolean, past?: Moments): Moments | undefined {
    if (!rule.kernel || !hasKernel(rule.kernel.name) || forget) return undefined;
    const names = Object.keys(rule.moments);
    const moments = past ?? Object.fromEntries(names.map((name) => [name, tf.zerosLike(image)]));
    const inputs = { image, gradient: raw, unit, ratio, ...moments };
    const numbers = { ...rule.kernel.numbers(now), clip };
    const made = tf.engine().runKernel(rule.kernel.name, inputs, numbers) as tf.Tensor4D[];
    return Object.fromEntries([MOVED, ...names].map((name, i) => [name, made[i]!]));
  }
  return { unit, greatest: memory ? memory.greatest.clone() : greatest, take, atOnce };
}

/** Takes a step of a large picture in bands of rows: what a step needs on the way is then as small. */
function inBands(
  move: (image: tf.Tensor4D, gradient: tf.Tensor4D, past?: Moments) => Moments,
  image: tf.Tensor4D,
  gradient: tf.Tensor4D,
  moments?: Moments,
): Moments {
  const [, height, width] = image.shape;
  if (height * width <= BAND) return move(image, gradient, moments);
  const rows = Math.max(1, Math.floor(BAND / width));
  const bands: Moments[] = [];
  for (let top = 0; top < height; top += rows) {
    const size = [1, Math.min(rows, height - top), width, 3] as const;
    const cut = (x: tf.Tensor4D) => tf.slice(x, [0, top, 0, 0], [...size]);
    const past = (moments: Moments) =>
      Object.fromEntries(Object.entries(moments).map(([name, moment]) => [name, cut(moment)]));
    bands.push(tf.tidy(() => move(cut(image), cut(gradient), moments && past(moments))));
  }
  return Object.fromEntries(
    Object.keys(bands[0]!).map((name) => {
      const parts = bands.map((band) => band[name]!);
      const whole = tf.concat(parts, 1);
      tf.dispose(parts);
      return [name, whole];
    }),
  );
}

function restore(rule: Rule, saved: OptimizerState): Memory {
  const names = ["unit", "greatest", ...Object.keys(rule.moments)];
  return tf.tidy(() => {
    const tensors = Object.fromEntries(names.map((name) => [name, tensorOf(saved, name)]));
    const { unit, greatest, ...moments } = tensors as Record<string, tf.Tensor>;
    return { unit, greatest, moments } as Memory;
  });
}
