/**
 * Watching a run: a picture that is drawn again in place, how far it is, and how the losses fall.
 *
 * Everything is one composed picture, so that it cannot fall apart and the last one stays in the saved
 * notebook. JPEG on the way, as small as can be; the last one is as good as {@link pictureBundle} makes it.
 *
 * @module
 */
import { checkInRange, checkPositiveInteger } from "../base/check.ts";
import type { Picture } from "../picture/picture.ts";
import { compose, fitInto, jpegBundle, pictureBundle } from "./compose.ts";
import { inKernel } from "../base/notebook.ts";
import { publish, type Publisher } from "./publish.ts";
import type { LossNumbers } from "./losses.ts";
import { drawPanel, PANEL_WIDTH, panelHeight } from "./panel.ts";
import { drawLines, fitText } from "./svg.ts";
import { clock, duration, shortNumber } from "../base/words.ts";

/** What the display needs to know of a frame of a run. */
export type LiveFrame = {
  /** From 0. */
  readonly iteration: number;
  readonly iterations: number;
  /** Since the start of the run. */
  readonly seconds: number;
  /** Whether the run ends here, although there may be iterations left. */
  readonly last?: boolean;
  /** Undefined where they were not read. */
  readonly losses?: Record<string, LossNumbers>;
  readonly picture?: Picture;
};

/** How {@link live} shows a run. */
export type LiveOptions = {
  /** Draw the first frame, then every so many, and the last one. */
  every?: number;
  /** Width of the picture; by default its own, within 256 and 640. */
  width?: number;
  /** 0–100, for all frames but the last. */
  jpegQuality?: number;
  /** Keep the pictures, one below the other, as the tutorial does. */
  keep?: boolean;
  /** Takes the place of the notebook's page. */
  publisher?: Publisher;
};

/** What is known of the run that is being watched. */
type Run = {
  displayId: string;
  startIteration: number;
  startSeconds: number;
  lastIteration: number;
  ended: boolean;
  published: boolean;
  curves: Record<string, number[]>;
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
  const { every = 10, width, jpegQuality = 80, keep = false, publisher } = options;
  checkPositiveInteger("watch a run", "every", every);
  if (width !== undefined) checkPositiveInteger("watch a run", "width", width);
  checkInRange("watch a run", "jpegQuality", jpegQuality, 1, 100);
  let run: Run | undefined;

  return async (frame) => {
    const { iteration, iterations, seconds } = frame;
    if (!run || run.ended || iteration <= run.lastIteration) run = newRun(iteration, seconds);
    const first = iteration === run.startIteration;
    const last = frame.last ?? iteration + 1 >= iterations;
    run.lastIteration = iteration;
    run.ended = last;
    const { losses, picture } = frame;
    if (!losses || !picture) return;
    if (!first && !last && (iteration + 1) % every !== 0) return;

    for (const [name, { loss }] of Object.entries(losses)) (run.curves[name] ??= []).push(loss);
    const words = progressWords(frame, run, losses);
    const line = [words.step, words.losses, words.time].filter((part) => part !== "").join(" · ");
    if (!publisher && !inKernel()) {
      printProgress(line, last);
      return;
    }

    const view = keep
      ? withCaption(picture, line, width)
      : withPanel(picture, width, { ...words, done: (iteration + 1) / iterations, run });
    const bundle = last ? pictureBundle(view, line) : jpegBundle(view, line, jpegQuality);
    const { displayId, published } = run;
    await (publisher ?? publish)(bundle, keep ? {} : { displayId, update: published });
    run.published = true;
  };
}

function newRun(iteration: number, seconds: number): Run {
  return {
    // Never used before, or an output of an earlier session would be drawn over.
    displayId: crypto.randomUUID(),
    startIteration: iteration,
    startSeconds: seconds,
    lastIteration: iteration,
    ended: false,
    published: false,
    curves: {},
  };
}

/** `step 30/120`, `content 1.9e10 · style 4.7e28`, `0.9 s/step · 1:21 left`. */
function progressWords(
  { iteration, iterations, seconds, last }: LiveFrame,
  run: Run,
  losses: Record<string, LossNumbers>,
): { step: string; losses: string; time: string } {
  const steps = iteration - run.startIteration;
  // The first frame's time holds the preparations too, so it counts only while there is no other.
  const pace = steps > 0 ? (seconds - run.startSeconds) / steps : seconds;
  const rest = iterations - iteration - 1;
  return {
    step: `step ${iteration + 1}/${iterations}`,
    losses: Object.entries(losses).map(([name, { loss }]) => `${name} ${shortNumber(loss)}`)
      .join(" · "),
    time: `${shortNumber(pace, 2)} s/step · ` +
      (rest > 0 && !last ? `${clock(pace * rest)} left` : `${duration(seconds)} in all`),
  };
}

/** The size at which a picture is shown: tiny ones enlarged, large ones reduced. */
function viewSize(picture: Picture, width?: number): { width: number; height: number } {
  const target = width ?? Math.min(640, Math.max(256, picture.width));
  return fitInto(picture, target, 640);
}

function withCaption(picture: Picture, line: string, width?: number): Picture {
  const size = viewSize(picture, width);
  const whole = Math.max(size.width, 256);
  const caption = fitText(line, whole - 4, { size: 12, maxLines: 4 });
  const text = drawLines(caption.lines, { x: 2, y: size.height + 5, size: caption.size });
  const height = size.height + 8 + Math.ceil(caption.height);
  return compose(whole, height, text, [{ picture, x: 0, y: 0, ...size }]);
}

function withPanel(
  picture: Picture,
  width: number | undefined,
  { run, ...words }: { step: string; time: string; done: number; run: Run },
): Picture {
  const margin = 8;
  const size = viewSize(picture, width);
  const height = Math.max(size.height, panelHeight(run.curves));
  const panel = drawPanel({ ...words, curves: run.curves, height });
  const left = margin + size.width + 16;
  return compose(
    left + PANEL_WIDTH + margin,
    height + 2 * margin,
    `<g transform="translate(${left} ${margin})">${panel}</g>`,
    [{ picture, x: margin, y: margin, ...size }],
  );
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
