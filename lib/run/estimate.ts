/**
 * What a run will cost, before it begins: memory by a model of what is alive at once, seconds from a few
 * steps at small sizes.
 *
 * @module
 */
import { bytesInWords } from "../base/memory.ts";
import { duration } from "../base/words.ts";
import { currentEngine } from "../engine/engine.ts";
import { seeThrough } from "../network/features.ts";
import type { Network } from "../network/network.ts";
import { sizeOf } from "../picture/resize.ts";
import { withControls } from "./control.ts";
import { frames } from "./frames.ts";
import { type Size, tilesFor } from "./memory_model.ts";
import { checkStylizeOptions, type StylizeOptions } from "./options.ts";
import { finalSize, planRun, tileAt } from "./plan.ts";
import { sizingPicture } from "./start.ts";

/** What a run will take. */
export type Estimate = {
  /** Of all sizes together; pictures and weights are read already. */
  seconds: number;
  /** The most memory of the whole process, in bytes. */
  bytes: number;
  /** How many bytes it may take; infinite where nobody knows. */
  limit: number;
  /** Side of the tiles, where there are any. */
  tile?: number;
  /** The same in words, with what else there is to say. */
  text: string;
};

/** Longer sides at which steps are timed. */
const PROBES = [96, 192];
/** Steps a size; the first two also see the code warming up. */
const STEPS = 4;
/** In tiles the network is passed twice forwards and once backwards, instead of once each. */
const TILED_PASSES = 3 / 2;

/**
 * Estimates a run by its options: some steps at 96 and 192 pixels are timed, for a cost a step and one a
 * pixel, which takes seconds. A line search (L-BFGS) may take more evaluations than iterations.
 *
 * @throws {RangeError} when the run does not fit into its `maxMemory`; the message names what does.
 *
 * @example
 * ```ts ignore
 * const { text } = await estimate(network, quick(content, style, { maxMemory: "2GB" }));
 * console.log(text); // About 2:10 min and 1.4 GB
 * ```
 */
export async function estimate(network: Network, given: StylizeOptions): Promise<Estimate> {
  checkStylizeOptions(network, given);
  const options = withControls(given);
  const { tile, bytes, limit, note } = planRun(network, options, await currentEngine());
  const [step, pixel] = await costsOf(network, options);
  const { architecture } = seeThrough(network, options);
  /** How many pixels the network sees in a step. */
  const seen = (size: Size) => {
    const side = tile === undefined ? undefined : tileAt(network, options, tile, size);
    const tiles = tilesFor(architecture, options, size, side);
    if (tiles.length === 1) return size.width * size.height;
    return TILED_PASSES *
      tiles.reduce((sum, { window }) => sum + window.width * window.height, 0);
  };
  const seconds = Math.min(
    options.seconds ?? Infinity,
    plannedSteps(options).reduce(
      // One more, for the targets and the losses at the end.
      (sum, { size, count }) => sum + (count + 1) * (step + pixel * seen(size)),
      0,
    ),
  );
  const text = [
    `About ${duration(seconds)} and ${bytesInWords(bytes)}` +
    (limit === Infinity ? "" : ` of the ${bytesInWords(limit)} that may be used`),
    ...(note ? [note] : []),
  ].join(". ");
  return { seconds, bytes, limit, ...(tile !== undefined && { tile }), text };
}

/** The sizes of a run, and how many steps it takes at each. */
export function plannedSteps(options: StylizeOptions): { size: Size; count: number }[] {
  const { sizes = [1], smallest = 1, iterations = 120, evaluations = Infinity, size } = options;
  const source = sizingPicture(options);
  const whole = size ?? Math.max(source.width, source.height);
  let left = evaluations;
  return sizes.map((each, i) => {
    const planned = typeof iterations === "number" ? iterations : iterations[i] ?? 0;
    const count = Math.min(planned, left);
    left -= count;
    const least = Math.min(smallest, whole);
    const maxSize = each <= 1 ? Math.max(least, Math.round(each * whole)) : each;
    return { size: sizeOf(source, { maxSize }), count };
  });
}

/** Seconds a step, and seconds a pixel on top of that. */
async function costsOf(network: Network, options: StylizeOptions): Promise<[number, number]> {
  const { width, height } = finalSize(options);
  const longer = Math.max(width, height);
  const measured: { pixels: number; seconds: number }[] = [];
  for (const size of longer < PROBES.at(-1)! ? [longer] : PROBES) {
    measured.push(await probe(network, options, size));
  }
  const [small, large] = [measured[0]!, measured.at(-1)!];
  if (small === large) return [0, large.seconds / large.pixels];
  const pixel = (large.seconds - small.seconds) / (large.pixels - small.pixels);
  // On a busy machine the small one may have taken longer.
  if (!(pixel > 0)) return [0, large.seconds / large.pixels];
  return [Math.max(0, large.seconds - pixel * large.pixels), pixel];
}

/** The quickest of some steps at a size: what disturbs it only makes it slower. */
async function probe(network: Network, options: StylizeOptions, size: number) {
  const run = frames(network, {
    ...options,
    ...{
      sizes: undefined,
      smallest: undefined,
      styleScale: undefined,
      resume: undefined,
      seconds: undefined,
    },
    ...{ evaluations: undefined, iterations: STEPS, size, styleSize: size, tile: "none" },
  });
  const times: number[] = [];
  let pixels = 0;
  for await (const { seconds, picture } of run) {
    times.push(seconds);
    if (picture) pixels = picture.width * picture.height;
  }
  const steps = times.slice(2).map((seconds, i) => seconds - times[i + 1]!);
  return { pixels, seconds: Math.min(...steps) };
}
