/**
 * The loop: a mixed image is changed step by step until its features match the content image and
 * its Gram matrices the style image. `frames()` yields after every iteration.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  announceEngine,
  currentEngine,
  type Engine,
  engineTrouble,
  releaseMemory,
} from "../engine/engine.ts";
import { displayable, stoppable } from "../base/notebook.ts";
import { letOthersIn } from "../base/turn.ts";
import type { Network } from "../network/network.ts";
import { createObjective, type Evaluation, type Objective } from "../loss/objective.ts";
import { gradientDescent } from "../optimizers/gradient_descent.ts";
import type { OptimizerRun } from "../optimizers/optimizer.ts";
import { type Picture, toPicture, toTensor } from "../picture/picture.ts";
import { DivergedError, RunError } from "./errors.ts";
import {
  type Checkpoint,
  type Frame,
  type HistoryEntry,
  type Measured,
  readLosses,
  type Result,
} from "./frame.ts";
import { multipleOf } from "./canvas.ts";
import { seeFor, withControls } from "./control.ts";
import { notesOn } from "./notes.ts";
import { canvasOf, checkStylizeOptions, type StylizeOptions, termsOf } from "./options.ts";
import { type Plan, planRun } from "./plan.ts";
import { startPicture } from "./start.ts";

/**
 * Runs style transfer, yields a {@linkcode Frame} after every iteration and returns the
 * {@linkcode Result}. Leaving the loop early is fine: `break`, an error, the Stop button and an aborted
 * `signal` all free what the run held.
 *
 * @throws {DivergedError} when a loss is no longer finite.
 * @throws {RunError} when the engine fails, such as a GPU that is lost.
 * @throws {StoppedError} in a notebook, right after a Stop: then the queue of cells ends.
 * @throws {Error} when an optimizer does not go with the weighting.
 */
export async function* frames(
  network: Network,
  given: StylizeOptions,
): AsyncGenerator<Frame, Result, void> {
  checkStylizeOptions(network, given);
  const options = withControls(given);
  const { optimizer = gradientDescent(), weighting = "adaptive", resume, signal } = options;
  if (optimizer.needsConstantWeights && weighting === "adaptive") {
    throw new Error(
      `Cannot use ${optimizer.name} with adaptive weights as they keep the weighted sum the same ` +
        `by construction, so a line search finds nothing to descend: set weighting: "constant"`,
    );
  }
  const engine = await currentEngine();
  announceEngine(engine);
  const stop = stoppable();
  const isStopped = () => stop.isStopped() || (signal?.aborted ?? false);
  const release: (() => void)[] = [stop.end];
  try {
    const multiple = multipleOf(network, options);
    const start = resume?.picture ?? startPicture({ ...options, multiple });
    const plan = planRun(network, options, engine, start);
    const image = tf.tidy(() => tf.variable(toTensor(start)));
    release.push(() => image.dispose());
    const objective = createObjective(seeFor(network, options), termsOf(options), {
      canvas: { ...canvasOf(start, { ...options, tile: plan.tile }, multiple), image },
      weighting,
      adjustments: resume?.adjustments,
      evaluations: resume?.evaluations,
    });
    release.push(objective.dispose);
    const run = optimizer.start(resume?.optimizer);
    release.push(() => run.dispose());
    if (plan.tile !== undefined) releaseMemory(); // what starting took
    const loop = createLoop({ engine, options, plan, objective, image, run, start });
    release.push(loop.dispose);
    while (!loop.isOver() && !isStopped()) yield await loop.iterate(isStopped);
    return await loop.result(isStopped());
  } finally {
    for (const free of release.reverse()) free();
  }
}

/** What the iterations of a run have in common. */
type Loop = {
  engine: Engine;
  options: StylizeOptions;
  plan: Plan;
  objective: Objective;
  image: tf.Variable<tf.Rank.R4>;
  run: OptimizerRun;
  start: Picture;
};

/** The iterations, one by one, and what is left of them. */
function createLoop({ engine, options, plan, objective, image, run, start }: Loop) {
  const { evaluations: most = Infinity, seconds: time = Infinity } = options;
  const { resume, readEvery = engine.readEvery, finish = (painted) => painted } = options;
  const first = resume?.iteration ?? 0;
  const end = first + (options.iterations as number | undefined ?? 120);
  const began = performance.now();
  const history: HistoryEntry[] = [];
  let iteration = first;
  let good: tf.Tensor4D = image.clone(); // its losses were finite
  let seen = start; // the last picture on the processor, which no engine can lose

  const elapsed = () => (performance.now() - began) / 1000;
  const evaluations = () => (resume?.evaluations ?? 0) + run.evaluations();
  const isOver = () => iteration >= end || run.evaluations() >= most || elapsed() >= time;

  /** Checks what an iteration started from and what it led to, and keeps the last good picture. */
  async function read(before: tf.Tensor4D, evaluation: Evaluation): Promise<Measured> {
    // All at once: a GPU takes milliseconds to answer, however little it is asked.
    const broken = tf.tidy(() => tf.isNaN(tf.sum(image)));
    const painted = shown(toPicture);
    painted.catch(() => {}); // of a broken picture, which is told below
    const [measured, [isBroken]] = await Promise.all([
      readLosses(objective, evaluation),
      broken.data().finally(() => broken.dispose()),
    ]);
    const bad = Object.entries(measured.losses).find(([, { loss }]) => !Number.isFinite(loss));
    if (bad) {
      throw new DivergedError(`the ${bad[0]} loss`, bad[1].loss, iteration, await toPicture(good));
    }
    good.dispose();
    good = before.clone();
    if (isBroken) throw new DivergedError("the mixed image", NaN, iteration, await toPicture(good));
    seen = await painted;
    return measured;
  }

  /** What a run shows: the picture itself, or what its optimizer makes of all of them. */
  async function shown<T>(look: (image: tf.Tensor4D) => T | Promise<T>): Promise<T> {
    const other = run.picture?.();
    try {
      return await look(other ?? image);
    } finally {
      other?.dispose();
    }
  }

  async function checkpoint(): Promise<Checkpoint> {
    return {
      iteration,
      evaluations: evaluations(),
      picture: await toPicture(image),
      ...(run.picture && { shown: await shown(toPicture) }),
      adjustments: Array.from(await objective.adjustments().data()),
      optimizer: await run.state(),
    };
  }

  /** One iteration, and what is to be seen of it. */
  async function iterate(isStopped: () => boolean): Promise<Frame> {
    const before = image.clone();
    let evaluation: Evaluation | undefined;
    try {
      evaluation = await run.step(image, objective.evaluate);
      if (engineTrouble()) throw new Error(engineTrouble());
      await letOthersIn();
      const done = iteration + 1;
      const over = done >= end || run.evaluations() >= most || elapsed() >= time;
      const stopped = !over && isStopped();
      const last = over || stopped;
      // The one rule: read, check, record and show after every so many iterations, and the last.
      const measured = last || done % readEvery === 0 ? await read(before, evaluation) : undefined;
      const frame = {
        iteration,
        iterations: end,
        evaluations: evaluations(),
        seconds: elapsed(),
        engine,
        last,
        stopped,
      };
      if (measured) {
        const { evaluations, seconds } = frame;
        history.push({ iteration, evaluations, seconds, ...measured });
      }
      iteration = done;
      return {
        ...frame,
        ...(measured && { ...measured, picture: finish(seen) }),
        checkpoint() {
          if (iteration === done) return checkpoint();
          throw new Error(
            `Cannot make a checkpoint of iteration ${done - 1} as the run has gone on to ` +
              `${iteration}: ask for it before the next frame`,
          );
        },
      };
    } catch (error) {
      const trouble = engineTrouble();
      if (!trouble) throw error;
      throw new RunError(`Cannot go on as ${trouble}`, iteration, seen);
    } finally {
      before.dispose();
      tf.dispose(evaluation);
    }
  }

  /** The losses of the picture as it is now: no iteration has started from it yet. */
  async function result(wasStopped: boolean): Promise<Result> {
    // Others would go on: they do not know that this one has stopped, or is out of time.
    if (iteration < end && run.evaluations() < most) options.team?.leave();
    const measured = await shown(objective.measure);
    try {
      const { total, losses } = await readLosses(objective, measured);
      if (plan.tile !== undefined) releaseMemory(); // before all is copied
      const done = await checkpoint();
      const painted = done.shown ?? done.picture;
      const outcome = {
        picture: displayable("picture", finish(painted)),
        stopped: wasStopped && !isOver(),
        iterations: iteration,
        evaluations: evaluations(),
        seconds: history.at(-1)?.seconds ?? elapsed(),
        engine,
        total,
        losses,
        history,
        checkpoint: done,
      };
      const moved = { ...outcome, picture: painted };
      const notes = notesOn(moved, start, objective.weighting, run, first);
      return displayable("result", {
        ...outcome,
        notes: [...plan.note ? [plan.note] : [], ...notes],
      });
    } finally {
      tf.dispose(measured);
    }
  }

  return { iterate, isOver, result, dispose: () => good.dispose() };
}
