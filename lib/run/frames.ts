/**
 * The loop: a mixed image is changed step by step until its features match the content image and
 * its Gram matrices the style image. `frames()` yields after every iteration.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { currentBackend, describeEngine, type Engine, engineTrouble } from "../engine/engine.ts";
import { checkPositiveInteger } from "../base/check.ts";
import { onInterrupt } from "../base/notebook.ts";
import type { Network } from "../network/network.ts";
import { createObjective, type Evaluation, type Weighting } from "../loss/objective.ts";
import { gradientDescent } from "../optimizers/gradient_descent.ts";
import type { Optimizer, OptimizerState } from "../optimizers/optimizer.ts";
import { type Picture, toPicture, toTensor } from "../picture/picture.ts";
import { type Start, startPicture } from "./start.ts";
import { createLosses, type LossOptions } from "../loss/targets.ts";

/** Settings of a run. Left out: the tutorial's, but for the picture-scale factor 255. */
export type StylizeOptions = LossOptions & {
  weighting?: Weighting;
  optimizer?: Optimizer;
  /** How many iterations to do; on top of those done already when resuming. */
  iterations?: number;
  /** Where the mixed image starts: uniform noise in [128, 129) by default. */
  init?: Start;
  /** Of the noise. */
  seed?: number;
  /** Factor on pictures before they enter the network: 255 in the preset `tutorial`. */
  inputScale?: number;
  /** Goes on from where an earlier run stopped. */
  resume?: Checkpoint;
  /** Ends the run after the iteration at work, with the picture in hand. */
  signal?: AbortSignal;
  /** Losses are read back, and checked, every so many iterations: 10 on a GPU, else 1. */
  readEvery?: number;
  /** Where the line that names the engine goes: `console.log` by default. */
  log?: (line: string) => void;
};

/** One loss as a run sees it; `share` is its part of the sum that is minimised. */
export type LossValue = { loss: number; weight: number; adjustment: number; share: number };

/** By name: `content`, `style`, `denoise` and your own. */
export type LossValues = Record<string, LossValue>;

/** All that a run needs to go on later: plain numbers. */
export type Checkpoint = {
  iteration: number;
  evaluations: number;
  picture: Picture;
  adjustments: number[];
  optimizer: OptimizerState;
};

/** A look at the run after an iteration; valid until the next frame is asked for. */
export type Frame = {
  /** From 0, as in the tutorial's log. */
  iteration: number;
  /** The number of the iteration at which the run will end. */
  iterations: number;
  evaluations: number;
  /** Since the first iteration began. */
  seconds: number;
  engine: Engine;
  /** Whether the run ends here. */
  last: boolean;
  /** The losses that the iteration started from, and the adjustments computed from them. */
  losses(): Promise<LossValues>;
  /** The mixed image as it is now. */
  picture(): Promise<Picture>;
  checkpoint(): Promise<Checkpoint>;
};

/** A run that could not go on; it carries the last good picture. */
export class RunError extends Error {
  override name = "RunError";
  constructor(
    message: string,
    /** Where it was noticed. */
    readonly iteration: number,
    /** After a failed engine: the last picture that had been read from it. */
    readonly picture: Picture,
  ) {
    super(message);
  }
}

/** Thrown when a loss or the picture is no longer finite; its picture had finite losses. */
export class DivergedError extends RunError {
  override name = "DivergedError";
  constructor(what: string, value: number, iteration: number, picture: Picture) {
    super(
      `Cannot go on as ${what} must be finite: current value is ${value} at iteration ` +
        `${iteration}; the last good picture is error.picture, try a smaller step or weight`,
      iteration,
      picture,
    );
  }
}

/**
 * Runs style transfer and yields a {@linkcode Frame} after every iteration. Leaving the loop early
 * is fine: `break`, an error, the Stop button and an aborted `signal` all free what the run held.
 *
 * @throws {DivergedError} when a loss is no longer finite.
 * @throws {RunError} when the engine fails, such as a GPU that is lost.
 * @throws {Error} when an optimizer does not go with the weighting.
 */
export async function* frames(
  network: Network,
  options: StylizeOptions,
): AsyncGenerator<Frame, void, void> {
  const { optimizer = gradientDescent(), weighting = "adaptive", inputScale = 1 } = options;
  const { iterations: more = 120, init = "noise", seed = 1, resume, signal } = options;
  checkPositiveInteger("run", "iterations", more);
  if (optimizer.needsConstantWeights && weighting === "adaptive") {
    throw new Error(
      `Cannot use ${optimizer.name} with adaptive weights as they keep the weighted sum the same ` +
        `by construction, so a line search finds nothing to descend: set weighting: "constant"`,
    );
  }
  const engine = await currentBackend();
  (options.log ?? console.log)(describeEngine(engine));
  const { readEvery = engine.name === "webgpu" ? 10 : 1 } = options;
  checkPositiveInteger("read losses", "readEvery", readEvery);

  let stopped = false;
  const release: (() => void)[] = [onInterrupt(() => stopped = true)];
  try {
    const { terms, dispose } = createLosses(network, options, inputScale);
    release.push(dispose);
    const objective = createObjective(network, terms, {
      weighting,
      inputScale,
      adjustments: resume?.adjustments,
    });
    release.push(objective.dispose);
    const start = resume?.picture ?? startPicture(init, options, seed);
    const image = tf.tidy(() => tf.variable(toTensor(start)));
    release.push(() => image.dispose());
    const run = optimizer.start(resume?.optimizer);
    release.push(() => run.dispose());
    let good = image.clone();
    let seen = start; // the last picture on the processor, which no engine can lose
    release.push(() => good.dispose());

    const began = performance.now();
    const first = resume?.iteration ?? 0;
    const end = first + more;
    for (let iteration = first; iteration < end && !stopped && !signal?.aborted; iteration++) {
      const before = image.clone();
      let evaluation: Evaluation | undefined;
      try {
        evaluation = await run.step(image, objective.evaluate);
        if (engineTrouble()) throw new Error(engineTrouble());
        let values: Promise<LossValues> | undefined;
        const { losses, adjustments, terms: shares } = evaluation;
        const read = () => values ??= readLosses(objective, losses, adjustments, shares);
        // A macrotask lets the Stop button and timers in.
        await new Promise((resolve) => setTimeout(resolve, 0));
        stopped ||= signal?.aborted ?? false;
        const last = stopped || iteration === end - 1;
        if (last || (iteration - first) % readEvery === 0) {
          const bad = Object.entries(await read()).find(([, { loss }]) => !Number.isFinite(loss));
          if (bad) {
            const picture = await toPicture(good);
            throw new DivergedError(`the ${bad[0]} loss`, bad[1].loss, iteration, picture);
          }
          good.dispose();
          good = before.clone();
        }
        const picture = async () => {
          const broken = tf.tidy(() => tf.any(tf.isNaN(image)));
          const [isBroken] = await broken.data();
          broken.dispose();
          if (!isBroken) return seen = await toPicture(image);
          throw new DivergedError("the mixed image", NaN, iteration, await toPicture(good));
        };
        yield {
          iteration,
          iterations: end,
          evaluations: (resume?.evaluations ?? 0) + run.evaluations(),
          seconds: (performance.now() - began) / 1000,
          engine,
          last,
          losses: read,
          picture,
          checkpoint: async () => ({
            iteration: iteration + 1,
            evaluations: (resume?.evaluations ?? 0) + run.evaluations(),
            picture: await picture(),
            adjustments: Array.from(await objective.adjustments().data()),
            optimizer: await run.state(),
          }),
        };
      } catch (error) {
        const trouble = engineTrouble();
        if (!trouble) throw error;
        throw new RunError(
          `Cannot go on as ${trouble}; the last picture is error.picture`,
          iteration,
          seen,
        );
      } finally {
        before.dispose();
        tf.dispose(evaluation);
      }
    }
  } finally {
    for (const free of release.reverse()) free();
  }
}

async function readLosses(
  { names, weights }: { names: string[]; weights: number[] },
  losses: tf.Tensor1D,
  adjustments: tf.Tensor1D,
  terms: tf.Tensor1D,
): Promise<LossValues> {
  // One tensor, so that a GPU is waited for once.
  const all = tf.concat([losses, adjustments, terms]);
  const values = await all.data();
  all.dispose();
  const n = names.length;
  const total = Array.from(values).slice(2 * n).reduce((sum, term) => sum + term, 0);
  return Object.fromEntries(names.map((name, i) => [name, {
    loss: values[i],
    weight: weights[i],
    adjustment: values[n + i],
    share: values[2 * n + i] / total,
  }]));
}
