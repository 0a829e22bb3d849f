/**
 * A whole run in one call, from two pictures to a third; and what a picture costs without a run.
 *
 * @module
 */
import { currentEngine } from "../engine/engine.ts";
import { seeThrough } from "../network/features.ts";
import type { Network } from "../network/network.ts";
import { createObjective } from "../loss/objective.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import { type Frame, type Measured, readLosses, type Result } from "./frame.ts";
import { frames } from "./frames.ts";
import { checkStylizeOptions, type StylizeOptions, termsOf } from "./options.ts";

/**
 * Runs style transfer to the end, or to the moment when Stop is pressed or `signal` aborts: then it
 * returns what there is, with `stopped: true`.
 *
 * @throws {DivergedError} when a loss is no longer finite; it carries the last good picture.
 */
export async function stylize(
  network: Network,
  { onFrame, ...options }: StylizeOptions & {
    /** Called after every iteration; the run waits for it. */
    onFrame?: (frame: Frame) => unknown;
  },
): Promise<Result> {
  options.signal?.throwIfAborted();
  const run = frames(network, options);
  try {
    for (;;) {
      const next = await run.next();
      if (next.done) return next.value;
      await onFrame?.(next.value);
    }
  } finally {
    // A generator that is drained by hand stays suspended when the callback throws.
    await run.return(undefined as never);
  }
}

/**
 * What a picture costs: its losses and their weighted sum, under the same options as a run.
 *
 * @throws {RangeError} when an option is out of range.
 *
 * @example
 * ```ts ignore
 * const { total, losses } = await measure(network, mixed, gatys(content, style));
 * ```
 */
export async function measure(
  network: Network,
  picture: Picture,
  options: StylizeOptions,
): Promise<Measured> {
  checkStylizeOptions(network, options);
  await currentEngine();
  const objective = createObjective(seeThrough(network, options), termsOf(options), {
    weighting: options.weighting ?? "adaptive",
    adjustments: options.resume?.adjustments,
  });
  const image = toTensor(picture);
  try {
    const measured = objective.measure(image);
    try {
      return await readLosses(objective, measured);
    } finally {
      for (const tensor of Object.values(measured)) tensor.dispose();
    }
  } finally {
    image.dispose();
    objective.dispose();
  }
}
