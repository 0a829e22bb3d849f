/**
 * Coarse to fine: the picture is painted small first, where a step costs a tenth, and then again and
 * again larger, each time from the last one enlarged. Large shapes are settled before small ones, and
 * strokes can be as long as the network is wide.
 *
 * The targets of each size come from the pictures as they were given, reduced to it, never from what was
 * enlarged. The optimizer's state is carried over where the optimizer knows how.
 *
 * Source: the scales of Crowson's style-transfer-pytorch (128 to 512 px by √2), and others since.
 *
 * @module
 */
import { cannot, describe } from "../base/check.ts";
import { displayable } from "../base/notebook.ts";
import { currentEngine, releaseMemory } from "../engine/engine.ts";
import { type Architecture, layersLike } from "../network/architecture.ts";
import type { Network } from "../network/network.ts";
import { gradientDescent } from "../optimizers/gradient_descent.ts";
import type { Picture } from "../picture/picture.ts";
import { resizePicture, sizeOf } from "../picture/resize.ts";
import { planGuides } from "../loss/guidance.ts";
import { canvasSize, greatestStride, multipleOf } from "./canvas.ts";
import { withControls } from "./control.ts";
import type { Checkpoint, Frame, HistoryEntry, Result } from "./frame.ts";
import { frames } from "./frames.ts";
import { checkStylizeOptions, type StylizeOptions } from "./options.ts";
import { planRun, tileAt } from "./plan.ts";
import { sizingPicture } from "./start.ts";

/** One of the sizes: its longer side, and the iterations at which it begins and ends. */
type Scale = { index: number; size: number; begin: number; end: number };

/**
 * As {@linkcode frames}, over the sizes of `options.sizes`, each with its iterations.
 *
 * @throws {RangeError} when the sizes do not rise, the smallest is too small for a layer, or there is
 * another number of iterations than of sizes.
 */
export async function* pyramidFrames(
  network: Network,
  given: StylizeOptions,
): AsyncGenerator<Frame, Result, void> {
  checkStylizeOptions(network, given);
  const options = withControls(given);
  const { optimizer = gradientDescent(), evaluations = Infinity, seconds = Infinity } = options;
  const source = sizingPicture(options);
  const multiple = multipleOf(network, options);
  const scales = scalesOf(options, source, leastSide(network, options, source));
  const iterations = scales.at(-1)!.end;
  const history: HistoryEntry[] = [];
  const plan = planRun(network, options, await currentEngine());
  const notes = new Set(plan.note ? [plan.note] : []);
  const before = options.resume?.evaluations ?? 0;
  let [spent, evaluated, result]: [number, number, Result | undefined] = [0, 0, undefined];
  let checkpoint = options.resume;

  for (const { index, size, begin, end } of scales) {
    const done = checkpoint?.iteration ?? 0;
    if (checkpoint && done >= end && index < scales.length - 1) continue;
    const { width, height } = canvasSize(source, size, multiple);
    if (checkpoint && checkpoint.picture.width * checkpoint.picture.height !== width * height) {
      checkpoint = carryOver(checkpoint, optimizer, { width, height }, options.seamless);
      if (plan.tile !== undefined) releaseMemory();
    }
    // The pictures of the sizes before are no longer needed.
    const resume = checkpoint && { ...checkpoint };
    checkpoint = result = undefined;
    const run = frames(network, {
      ...options,
      sizes: undefined,
      styleScale: undefined,
      tile: plan.tile === undefined
        ? "none"
        : tileAt(network, options, plan.tile, { width, height }),
      size,
      scale: { index, count: scales.length },
      styleSize: Math.max(1, Math.round(size * (options.styleScale ?? 1))),
      iterations: Math.max(1, end - Math.max(begin, done)),
      evaluations: evaluations === Infinity ? undefined : Math.max(1, evaluations - evaluated),
      seconds: seconds === Infinity ? undefined : Math.max(1e-3, seconds - spent),
      resume,
    });
    try {
      for (let next = await run.next();; next = await run.next()) {
        if (next.done) {
          result = next.value;
          break;
        }
        const frame = next.value;
        // It has what it went on from, and a large picture has no memory to spare.
        if (resume) resume.optimizer = {};
        // The end of a size is not yet that of the run, unless it comes before its time.
        const last = frame.last && (index === scales.length - 1 || frame.iteration + 1 < end);
        const scale = { index, count: scales.length, size };
        yield { ...frame, iterations, scale, seconds: spent + frame.seconds, last };
      }
    } finally {
      await run.return(undefined as never);
    }
    for (const entry of result.history) {
      history.push({ ...entry, seconds: spent + entry.seconds });
    }
    for (const note of result.notes) notes.add(note);
    spent += result.seconds;
    evaluated = result.evaluations - before;
    checkpoint = result.checkpoint;
    if (result.stopped || evaluated >= evaluations || spent >= seconds) break;
  }
  return displayable("result", { ...result!, seconds: spent, history, notes: [...notes] });
}

/**
 * The sizes in pixels, and their iterations counted through. Sizes that are shares become at least as large
 * as `smallest` and as the network needs, so that presets work for small pictures; sizes in pixels are meant
 * as they are.
 */
function scalesOf(
  { sizes = [1], size, smallest = 1, iterations = 120 }: StylizeOptions,
  source: Picture,
  least: number,
): Scale[] {
  const what = "paint from coarse to fine";
  const whole = size ?? Math.max(source.width, source.height);
  const all = sizes.map((size) => size <= 1 ? Math.round(size * whole) : size);
  const rising = all.every((size, i) => size > (all[i - 1] ?? 0));
  if (!rising || all.length === 0) {
    throw new RangeError(cannot(what, "sizes must rise from above 0", describe([...sizes])));
  }
  if (!all.every((size) => Number.isSafeInteger(size))) {
    const rule = "sizes above 1 must be whole numbers of pixels";
    throw new RangeError(cannot(what, rule, describe([...sizes])));
  }
  const counts = typeof iterations === "number" ? all.map(() => iterations) : [...iterations];
  if (counts.length !== all.length) {
    const rule = `iterations must have a number for each of the ${all.length} sizes`;
    throw new RangeError(cannot(what, rule, describe(counts)));
  }
  if (all.some((size, i) => sizes[i]! > 1 && size < least)) {
    const rule = `each size must have at least ${least} pixels for the layers that are compared`;
    throw new RangeError(cannot(what, rule, describe([...sizes])));
  }
  let begin = 0;
  return all.map((size, index) => ({
    index,
    size: Math.min(Math.max(size, least, sizes[index]! <= 1 ? smallest : 1), all.at(-1)!),
    begin,
    end: begin += counts[index]!,
  }));
}

/** The longer side that a picture of this shape must have for the deepest layer of content and style. */
function leastSide(
  architecture: Architecture,
  { content, style, styleScale = 1 }: StylizeOptions,
  source: Picture,
): number {
  const stride = greatestStride(architecture, { content, style });
  const least = (picture: Picture) => {
    let side = stride;
    for (;; side++) {
      const { width, height } = sizeOf(picture, { maxSize: side });
      if (Math.min(width, height) >= stride) return side;
    }
  };
  return Math.max(least(source), style ? Math.ceil(least(style.picture) / styleScale) : 0);
}

/** The state of a run on a larger picture. */
function carryOver(
  checkpoint: Checkpoint,
  optimizer: NonNullable<StylizeOptions["optimizer"]>,
  { width, height }: { width: number; height: number },
  circular?: boolean,
): Checkpoint {
  const painted = checkpoint.shown ?? checkpoint.picture;
  return {
    ...checkpoint,
    picture: resizePicture(painted, { width, height }, { circular }),
    shown: undefined,
    optimizer: optimizer.resize?.(checkpoint.optimizer, height, width, circular) ?? {},
  };
}

/**
 * Throws where the masks of a run do not fit its pictures, or a region has no position at a layer of the
 * smallest size; the run itself finds it when it begins.
 *
 * @throws {RangeError} that names colour and layer.
 */
export function checkRegions(architecture: Architecture, given: StylizeOptions): void {
  if (!given.style?.regions) return;
  const options = withControls(given);
  const { style, sizes, styleScale = 1 } = options as StylizeOptions & {
    style: NonNullable<StylizeOptions["style"]>;
  };
  const source = sizingPicture(options);
  const size = sizes
    ? scalesOf(options, source, leastSide(architecture, options, source))[0]!.size
    : options.size;
  const most = sizes ? Math.max(1, Math.round(size! * styleScale)) : options.styleSize ?? Infinity;
  const { layers = Object.keys(style.layerWeights ?? {}), regions, shares } = style;
  const multiple = multipleOf(architecture, options);
  planGuides(architecture, layersLike(architecture, layers.length ? layers : architecture.layers), {
    styles: [style.picture, ...style.others ?? []].map((picture) =>
      Math.max(picture.width, picture.height) > most ? sizeOf(picture, { maxSize: most }) : picture
    ),
    canvas: { ...canvasSize(source, size, multiple), multiple },
    regions: regions!,
    shares,
  });
}
