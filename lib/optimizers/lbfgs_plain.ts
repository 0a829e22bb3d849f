/**
 * L-BFGS that trusts its direction: no line search, one evaluation a step, as `torch.optim.LBFGS` with
 * its defaults and most programs for style transfer that are built on it. The loss may rise.
 *
 *     x ← clip(x - t H g, 0, 255),  t = stepSize, at first stepSize · min(f², f / Σ|g|), f = firstStep
 *
 * H is that of Nocedal, Wright 2006, algorithm 7.4, from `H0 = (s·y / y·y) I` of the last pair; pairs
 * with `s·y <= 1e-10` are left out. Differs from PyTorch: unless `blind`, s is what the picture moved, also
 * where it was clipped; there is no tolerance at which it rests, and dot products are those of `g / unit`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkShape } from "../base/check.ts";
import { within } from "./box.ts";
import type { LbfgsRun } from "./lbfgs.ts";
import { pairEntries, powerOfTwo, read, restorePairs } from "./lbfgs_state.ts";
import type { OptimizerState } from "./optimizer.ts";
import { numberEntry, numberOf, numbersOf, tensorOf } from "./state.ts";

/** PyTorch's bound for `s·y`. */
const CURVATURE = 1e-10;
const STALLED = "the gradient is 0";

/** A pair with its dot products. */
type Curved = { s: tf.Tensor4D; y: tf.Tensor4D; sy: number; yy: number };
/** The last gradient, in units, and the move that followed. */
type Last = { gradient: tf.Tensor4D; move: tf.Tensor4D };

/** Settings of {@linkcode startPlain}. */
export type PlainOptions = {
  history: number;
  stepSize: number;
  firstStep: number;
  clip: boolean;
  blind: boolean;
};

/** Starts a run. */
export function startPlain(
  { history, stepSize, firstStep, clip, blind }: PlainOptions,
  saved: OptimizerState = {},
): LbfgsRun {
  let evaluations = 0;
  let stalled = false;
  let pairs: Curved[] = [];
  let last: Last | undefined;
  let unit = 0; // not chosen yet
  if (Object.keys(saved).length > 0) {
    unit = numberOf(saved, "unit");
    last = {
      gradient: tensorOf(saved, "gradient") as tf.Tensor4D,
      move: tensorOf(saved, "move") as tf.Tensor4D,
    };
    pairs = restorePairs(saved).map((pair, i) => ({
      ...pair,
      sy: numberOf(saved, `${i}/sy`),
      yy: numberOf(saved, `${i}/yy`),
    }));
  }

  /** Takes the last move into the history. */
  async function remember({ gradient: before, move: s }: Last, gradient: tf.Tensor4D) {
    const y = tf.sub(gradient, before) as tf.Tensor4D;
    const products = tf.tidy(() => tf.stack([dot(s, y), dot(y, y)]));
    const [sy = NaN, yy = NaN] = await read(products);
    if (!(sy * unit > CURVATURE)) return y.dispose();
    pairs.push({ s: s.clone(), y, sy, yy });
    if (pairs.length > history) {
      const { s, y } = pairs.shift()!;
      tf.dispose([s, y]);
    }
  }

  return {
    async step(image, evaluate) {
      if (last) checkShape("go on with lbfgs", "the picture", image.shape, last.move.shape);
      const evaluation = evaluate(image);
      evaluations++;
      let gradient: tf.Tensor4D | undefined;
      try {
        const sizes = tf.tidy(() => {
          const size = tf.abs(evaluation.gradient);
          const most = tf.max(size);
          // The sum may exceed what float32 can hold, the mean of parts of the greatest does not.
          return tf.stack([most, tf.mean(tf.div(size, tf.maximum(most, 1e-37)))]);
        });
        const [most = NaN, mean = NaN] = await read(sizes);
        stalled = most === 0;
        if (stalled) return evaluation;
        unit ||= powerOfTwo(most);
        gradient = tf.div(evaluation.gradient, unit) as tf.Tensor4D;
        if (last) await remember(last, gradient);
        const sum = most * mean * image.size; // Σ|g|
        // In units of firstStep: min(1, 1 / Σ|g|) g
        const plain = unit * (last ? 1 : Math.min(firstStep ** 2, firstStep / sum));
        const move = tf.tidy(() => {
          const straight = tf.sub(image, tf.mul(newton(gradient!, pairs, plain), stepSize));
          const point = (clip ? within(straight as tf.Tensor4D) : straight) as tf.Tensor4D;
          const move = tf.sub(blind ? straight : point, image) as tf.Tensor4D;
          image.assign(point);
          return move;
        });
        tf.dispose(last);
        last = { gradient, move };
        return evaluation;
      } catch (error) {
        tf.dispose([evaluation, gradient ?? []]);
        throw error;
      }
    },
    evaluations: () => evaluations,
    stalled: () => stalled ? STALLED : undefined,
    search: () => undefined,
    async state() {
      if (!last) return {};
      const products = pairs.flatMap(({ sy, yy }, i) => [
        [`${i}/sy`, numberEntry(sy)],
        [`${i}/yy`, numberEntry(yy)],
      ]);
      return {
        unit: numberEntry(unit),
        ...Object.fromEntries(products),
        ...await numbersOf({ ...last, ...pairEntries(pairs) }),
      };
    },
    dispose() {
      tf.dispose([last ?? [], pairs.map(({ s, y }) => [s, y])]);
      last = undefined;
      pairs = [];
    },
  };
}

/** `H g` from pairs, the oldest first; `plain · g` without any. */
function newton(gradient: tf.Tensor4D, pairs: readonly Curved[], plain: number): tf.Tensor {
  let q: tf.Tensor = gradient;
  const alphas: tf.Tensor[] = [];
  for (const { s, y, sy } of pairs.toReversed()) {
    const alpha = tf.div(dot(s, q), sy);
    q = tf.sub(q, tf.mul(y, alpha));
    alphas.push(alpha);
  }
  const newest = pairs.at(-1);
  let r = tf.mul(q, newest ? newest.sy / newest.yy : plain);
  for (const { s, y, sy } of pairs) {
    const beta = tf.div(dot(y, r), sy);
    r = tf.add(r, tf.mul(s, tf.sub(alphas.pop()!, beta)));
  }
  return r;
}

function dot(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(a, b));
}
