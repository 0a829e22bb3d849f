/**
 * A whole run in one call, from two pictures to a third.
 *
 * @module
 */
import type { Engine } from "../engine/engine.ts";
import {
  type Checkpoint,
  type Frame,
  frames,
  type LossValues,
  type StylizeOptions,
} from "./frames.ts";
import { onInterrupt } from "../base/notebook.ts";
import type { Network } from "../network/network.ts";
import type { Picture } from "../picture/picture.ts";

/** What a run leaves behind. */
export type Result = {
  picture: Picture;
  /** Whether it ended before its time: Stop, or an aborted signal. */
  stopped: boolean;
  /** How many iterations the picture has seen, those of resumed runs included. */
  iterations: number;
  evaluations: number;
  seconds: number;
  engine: Engine;
  /** The losses of the last iteration. */
  losses: LossValues;
  /** The losses of every iteration at which they were read. */
  history: { iteration: number; evaluations: number; seconds: number; losses: LossValues }[];
  /** To go on: `stylize(network, { ...options, resume: result.checkpoint })`. */
  checkpoint: Checkpoint;
};

/**
 * Runs style transfer to the end, or to the moment when Stop is pressed or `signal` aborts: then it
 * returns what there is, with `stopped: true`.
 *
 * @throws {DivergedError} when a loss is no longer finite; it carries the last good picture.
 */
export async function stylize(
  network: Network,
  options: StylizeOptions & { onFrame?: (frame: Frame) => unknown },
): Promise<Result> {
  const { onFrame, signal, readEvery } = options;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const forward = () => stop.abort();
  signal?.addEventListener("abort", forward);
  const forget = onInterrupt(forward);
  const run = frames(network, { ...options, signal: stop.signal });
  const history: Result["history"] = [];
  try {
    for (let next = await run.next(); !next.done; next = await run.next()) {
      const frame = next.value;
      await onFrame?.(frame);
      const { iteration, evaluations, seconds, engine } = frame;
      const done = frame.last || stop.signal.aborted;
      const every = readEvery ?? (engine.name === "webgpu" ? 10 : 1);
      if (done || iteration % every === 0) {
        history.push({ iteration, evaluations, seconds, losses: await frame.losses() });
      }
      if (!done) continue;
      const checkpoint = await frame.checkpoint();
      return {
        picture: checkpoint.picture,
        stopped: iteration + 1 < frame.iterations,
        iterations: iteration + 1,
        evaluations,
        seconds,
        engine,
        losses: await frame.losses(),
        history,
        checkpoint,
      };
    }
    throw new Error("Cannot return a picture as the run was stopped before its first iteration");
  } finally {
    signal?.removeEventListener("abort", forward);
    forget();
    await run.return();
  }
}
