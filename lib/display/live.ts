/**
 * Watching a run: a line that counts the steps every second, and below it a picture that is drawn again
 * in place, beside the course of the losses.
 *
 * The picture is composed into one, so that it cannot fall apart and the last one stays in the saved
 * notebook. JPEG on the way, as small as can be; the last one is as good as {@link pictureBundle} makes it.
 *
 * @module
 */
import { inKernel } from "../base/notebook.ts";
import { checkInRange, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { shortNumber } from "../base/words.ts";
import type { Picture } from "../picture/picture.ts";
import { compose, jpegBundle, pictureBundle } from "./compose.ts";
import { type Progress, progressBundle, progressLine } from "./counter.ts";
import type { LossNumbers } from "./losses.ts";
import { besidePanel, viewSize } from "./panel.ts";
import { type Bundle, DISPLAY, publish, type Publisher } from "./publish.ts";
import { scrub, type ScrubFrame } from "./scrub.ts";
import { drawLines, fitText } from "./svg.ts";

/** What the display needs to know of a frame of a run. */
export type LiveFrame = {
  /** From 0. */
  readonly iteration: number;
  readonly iterations: number;
  /** Since the start of the run. */
  readonly seconds: number;
  /** Whether the run ends here, although there may be iterations left. */
  readonly last?: boolean;
  /** Whether it ends before its time. */
  readonly stopped?: boolean;
  /** Coarse to fine: which of the sizes this is, from 0, and how many there are. */
  readonly scale?: { index: number; count: number; size: number };
  /** Undefined where they were not read. */
  readonly losses?: Record<string, LossNumbers>;
  readonly picture?: Picture;
};

/** How {@link live} shows a run. */
export type LiveOptions = {
  /**
   * Draw the first picture, then one every so many iterations, and the last one; at slow steps also when
   * five seconds have gone by.
   *
   * @default {10}
   */
  every?: number;
  /** Width of the picture in pixels. @default its own, within 256 and 640 */
  width?: number;
  /** 0–100, for all pictures but the last. @default {80} */
  jpegQuality?: number;
  /** Keep the pictures, one below the other, as the tutorial does. @default {false} */
  keep?: boolean;
  /** Leave a slider through the pictures behind: {@link scrub}. @default {false} */
  scrub?: boolean;
  /** Takes the place of the notebook's page. */
  publisher?: Publisher;
};

/** A picture is drawn at least so often, if there is a new one. */
const DRAW_SECONDS = 5;

/** A slider holds so many pictures: notebooks are to stay small. */
const SLIDER_PICTURES = 14;

/** The counter moves about so often. */
const COUNT_SECONDS = 0.9;

/** What is known of the run that is being watched. */
type Run = {
  startIteration: number;
  startSeconds: number;
  lastIteration: number;
  ended: boolean;
  counted: number;
  drawn: number;
  curves: Record<string, number[]>;
  kept: ScrubFrame[];
  /** Draws over what stands at a place of the page, or puts it there. */
  put(place: "counter" | "picture", bundle: Bundle): Promise<void>;
};

/**
 * A callback for a run's frames that shows the run in the notebook, or as a progress line in a terminal.
 *
 * The callback can be used for any number of runs, also for one that goes on later: each gets an output
 * of its own.
 *
 * @throws {RangeError} if an option is out of range.
 *
 * @example
 * ```ts ignore
 * await stylize(network, { ...options, onFrame: live({ every: 10 }) });
 * ```
 */
export function live(options: LiveOptions = {}): (frame: LiveFrame) => Promise<void> {
  const known = ["every", "width", "jpegQuality", "keep", "scrub", "publisher"];
  checkOptions("watch a run", options, known);
  const { every = 10, width, jpegQuality = 80, keep = false, publisher = publish } = options;
  checkPositiveInteger("watch a run", "every", every);
  if (width !== undefined) checkPositiveInteger("watch a run", "width", width);
  checkInRange("watch a run", "jpegQuality", jpegQuality, 1, 100);
  const inTerminal = publisher === publish && !inKernel();
  let run: Run | undefined;

  return async (frame) => {
    const { iteration, iterations, seconds, losses, picture } = frame;
    const last = frame.last ?? iteration + 1 >= iterations;
    // A loop of one's own may say only afterwards that an iteration was the last.
    const goesOn = run && !run.ended && iteration > run.lastIteration - (last ? 1 : 0);
    if (!run || !goesOn) run = newRun(frame, publisher);
    const isNew = iteration > run.lastIteration;
    run.lastIteration = iteration;
    run.ended = last;
    for (const [name, { loss }] of Object.entries(isNew && losses || {})) {
      (run.curves[name] ??= []).push(loss);
    }
    const progress = progressOf(frame, run, last);
    const due = last || run.drawn === -Infinity || (iteration + 1) % every === 0 ||
      seconds - run.drawn >= DRAW_SECONDS;
    const draws = picture !== undefined && losses !== undefined && due;
    if (inTerminal) {
      if (draws) printProgress(`${progressLine(progress)} · ${lossWords(losses)}`, last);
      if (draws) run.drawn = seconds;
      return;
    }
    if (last || seconds - run.counted >= COUNT_SECONDS) {
      run.counted = seconds;
      await run.put("counter", progressBundle(progress));
    }
    if (!draws) return;
    run.drawn = seconds;
    if (options.scrub) run.kept.push({ iteration, picture, losses });
    const words = { step: `after step ${iteration + 1}`, losses: lossWords(losses) };
    const line = `${words.step} · ${words.losses}`;
    const view = keep
      ? withCaption(picture, line, width)
      : besidePanel(picture, width, { step: words.step, curves: run.curves });
    const bundle = last ? pictureBundle(view, line) : jpegBundle(view, line, jpegQuality);
    await (keep ? publisher(bundle) : run.put("picture", bundle));
    if (last && run.kept.length > 1) {
      await publisher(scrub(run.kept, { most: SLIDER_PICTURES })[DISPLAY]());
    }
  };
}

function newRun({ iteration, seconds }: LiveFrame, publisher: Publisher): Run {
  // Never used before, or an output of an earlier session would be drawn over.
  const ids = { counter: crypto.randomUUID(), picture: crypto.randomUUID() };
  const there = new Set<string>();
  return {
    startIteration: iteration,
    startSeconds: seconds,
    lastIteration: iteration - 1,
    ended: false,
    counted: -Infinity,
    drawn: -Infinity,
    curves: {},
    kept: [],
    async put(place, bundle) {
      await publisher(bundle, { displayId: ids[place], update: there.has(place) });
      there.add(place);
    },
  };
}

function progressOf(
  { iteration, iterations, seconds, stopped = false, scale }: LiveFrame,
  { startIteration, startSeconds }: Run,
  last: boolean,
): Progress {
  const steps = iteration - startIteration;
  // The first frame's time holds the preparations too, so it counts only while there is no other.
  const pace = steps > 0 ? (seconds - startSeconds) / steps : seconds;
  const remark = scale && scale.count > 1
    ? `size ${scale.size}, ${scale.index + 1} of ${scale.count}`
    : undefined;
  return { iteration, iterations, seconds, pace, last, stopped, remark };
}

/** `content 1.9e10 · style 4.7e28`. */
function lossWords(losses: Record<string, LossNumbers>): string {
  return Object.entries(losses).map(([name, { loss }]) => `${name} ${shortNumber(loss)}`)
    .join(" · ");
}

function withCaption(picture: Picture, line: string, width?: number): Picture {
  const size = viewSize(picture, width);
  const whole = Math.max(size.width, 256);
  const caption = fitText(line, whole - 4, { size: 12, maxLines: 4 });
  const text = drawLines(caption.lines, { x: 2, y: size.height + 5, size: caption.size });
  const height = size.height + 8 + Math.ceil(caption.height);
  return compose(whole, height, text, [{ picture, x: 0, y: 0, ...size }]);
}

/** A line that overwrites itself in a terminal; where there is none, each on its own. */
function printProgress(line: string, last: boolean): void {
  if (!Deno.stdout.isTerminal()) {
    console.log(line);
    return;
  }
  const room = Deno.consoleSize().columns - 1;
  const text = `\r${line.slice(0, room)}\x1b[K${last ? "\n" : ""}`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
