/**
 * A whole run in one call, from two pictures to a third; and what a picture costs without a run.
 *
 * @module
 */
import { currentEngine } from "../engine/engine.ts";
import type { Network } from "../network/network.ts";
import { createObjective } from "../loss/objective.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import { type Frame, type Measured, readLosses, type Result } from "./frame.ts";
import { frames } from "./frames.ts";
import { multipleOf } from "./canvas.ts";
import { seeFor, withSeamless } from "./control.ts";
import { planRun } from "./plan.ts";
import { pyramidFrames } from "./pyramid.ts";
import { canvasOf, checkStylizeOptions, type StylizeOptions, termsOf } from "./options.ts";

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
  const run = options.sizes ? pyramidFrames(network, options) : frames(network, options);
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
 * Runs style transfer from coarse to fine: {@linkcode stylize} with sizes, five of them by default.
 *
 * @throws {RangeError} when the sizes do not rise or the smallest is too small for a layer.
 *
 * @example
 * ```ts ignore
 * const { picture } = await stylizePyramid(network, {
 *   ...gatys(content, style),
 *   sizes: [128, 181, 256, 362, 512],
 *   iterations: [100, 40, 30, 15, 10],
 * });
 * ```
 */
export async function stylizePyramid(
  network: Network,
  { sizes = [1 / 4, 1 / Math.sqrt(8), 1 / 2, 1 / Math.SQRT2, 1], ...options }: Parameters<
    typeof stylize
  >[1],
): Promise<Result> {
  return await stylize(network, { ...options, sizes });
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
  given: StylizeOptions,
): Promise<Measured> {
  checkStylizeOptions(network, given);
  const options = withSeamless(given);
  const { tile } = planRun(network, options, await currentEngine(), picture);
  const objective = createObjective(seeFor(network, options), termsOf(options), {
    canvas: canvasOf(picture, { ...options, tile }, multipleOf(network, options)),
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
