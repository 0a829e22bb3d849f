/**
 * Playing with a run: while it paints, a panel beside the picture changes the weights of the losses and the
 * step size, pauses, takes single steps, undoes, and keeps branches to come back to.
 *
 * A run cannot change its mind. So whenever a control is moved, the one at work ends after its iteration, and
 * another one goes on from its checkpoint with what is wanted now.
 *
 * @module
 */
import { cannot, checkOptions } from "../base/check.ts";
import { inKernel, onInterrupt, StoppedError } from "../base/notebook.ts";
import type { Network } from "../network/network.ts";
import { adam } from "../optimizers/adam.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Frame, Result } from "../run/frame.ts";
import { checkStylizeOptions, type StylizeOptions, termsOf } from "../run/options.ts";
import { stylize } from "../run/stylize.ts";
import type { Picture } from "../picture/picture.ts";
import { legible, pictureBundle } from "./compose.ts";
import { atMost, htmlFigure, jpegAddress } from "./html.ts";
import { live } from "./live.ts";
import type { LossNumbers } from "./losses.ts";
import { Controls, withFactors } from "./play_controls.ts";
import { openPanel, type PlayPanel } from "./play_panel.ts";
import { DISPLAY, publish } from "./publish.ts";

/** Options of {@linkcode play}. */
export type PlayOptions = {
  /** Makes the optimizer, which goes on with its state when the step size is changed. @default adam */
  optimizer?: (stepSize: number) => Optimizer;
  /** To begin with, in levels of 0–255. @default {5} */
  stepSize?: number;
  /** Is told where the panel is; in a notebook it is shown below the cell. */
  onOpen?: (address: string) => unknown;
};

/** What comes of playing: the last picture, and those that were kept. */
export type Played = Result & { branches: Result[] };

/** The panel's picture is no wider. */
const WIDEST = 512;
/** A page is given so long to come before the run is shown without it. */
const PAGE_SECONDS = 3;
const DRAW_SECONDS = 0.15;

/**
 * Runs style transfer under a panel. It ends by the panel's button, by Stop, when `signal` aborts, or with the
 * iterations, unless somebody has played: then it waits to be finished. Where no page comes, such as outside a notebook, it is an ordinary run under
 * {@linkcode live}.
 *
 * The panel's page is served on 127.0.0.1 only, under a random path, until the run ends; where JupyterLab runs
 * elsewhere and has jupyter-server-proxy, through that.
 *
 * @param options as for {@linkcode stylize}, of one size; the optimizer is `play`'s own.
 * @throws {TypeError} for `sizes` among the options, or unknown ones.
 *
 * @example
 * ```ts ignore
 * const { picture, branches } = await play(network, gatys(content, style, { iterations: 1000 }));
 * ```
 */
export async function play(
  network: Network,
  { optimizer: _, ...options }: StylizeOptions,
  own: PlayOptions = {},
): Promise<Played> {
  checkOptions("play", own, ["optimizer", "stepSize", "onOpen"]);
  const { optimizer = (stepSize: number) => adam({ stepSize }), stepSize = 5 } = own;
  if (options.sizes) {
    throw new TypeError(cannot("play", "the run must have one size", "sizes are given"));
  }
  options.signal?.throwIfAborted();
  checkStylizeOptions(network, { ...options, optimizer: optimizer(stepSize) });
  const losses = termsOf(options).map(({ name }) => name);
  const controls = new Controls(stepSize);
  const panel = openPanel({ losses, stepSize }, (command) => controls.ask(command));
  const end = () => controls.ask({ kind: "finish" });
  const forget = onInterrupt(end);
  options.signal?.addEventListener("abort", end);
  try {
    const result = await paint(network, { ...options, panel, controls, optimizer, own });
    return { ...result, branches: controls.branches };
  } finally {
    tell(panel, controls, true);
    options.signal?.removeEventListener("abort", end);
    forget();
    await panel.close();
  }
}

/** What the run needs beside the network. */
type Playing = Omit<StylizeOptions, "optimizer"> & {
  panel: PlayPanel;
  controls: Controls;
  optimizer: (stepSize: number) => Optimizer;
  own: PlayOptions;
};

/** Runs one after another, each with the controls as they stand. */
async function paint(
  network: Network,
  { panel, controls, optimizer, own, ...options }: Playing,
): Promise<Result> {
  await own.onOpen?.(panel.address);
  const take = await showPanel(panel);
  const show = shower(panel);
  const first = options.resume?.iteration ?? 0;
  const last = first + (options.iterations as number ?? 120);
  for (;;) {
    controls.obey();
    if (controls.ended) break;
    const left = last - (controls.at?.iterations ?? first);
    // Whoever has played may still want to undo or to keep something; a queue of cells must not wait.
    if (left <= 0 && !(panel.isWatched() && controls.isTouched)) break;
    if (left <= 0) controls.pause();
    tell(panel, controls);
    const single = controls.takeStep();
    if (controls.isPaused && !single) {
      if (controls.at) {
        panel.send("frame", frameOf(controls.at.picture, controls.at.iterations, {}));
      }
      await controls.next();
      continue;
    }
    const part = new AbortController();
    const forget = controls.onNext(() => part.abort());
    const result = await stylize(network, {
      ...withFactors(options, controls.factors),
      optimizer: optimizer(controls.stepSize),
      iterations: single ? 1 : left,
      resume: controls.at?.checkpoint ?? options.resume,
      signal: part.signal,
      readEvery: 1,
      onFrame: show,
    });
    forget();
    controls.moveTo(result);
    if (result.stopped && !part.signal.aborted) break;
  }
  if (!controls.at) throw new StoppedError();
  await take(controls.at.picture);
  return controls.at;
}

/** Tells the pages how things stand. */
function tell(panel: PlayPanel, { isPaused, branches, at }: Controls, ended = false): void {
  const words = ended ? "The run has ended." : isPaused ? "paused" : "painting";
  const step = at ? `, last change after step ${at.iterations}` : "";
  panel.send("state", {
    words: ended ? words : words + step,
    isPaused,
    ended,
    branches: branches.map(({ iterations }, i) => `Branch ${i + 1}: step ${iterations}`),
  });
}

/** Shows frames to the panel's pages, or where none has come, as {@linkcode live} does. */
function shower(panel: PlayPanel): (frame: Frame) => Promise<void> {
  const view = live();
  let drawn = 0;
  return async (frame) => {
    if (!panel.isWatched()) return await view(frame);
    const now = performance.now() / 1000;
    if (!frame.last && now - drawn < DRAW_SECONDS) return;
    drawn = now;
    const { iteration, losses = {}, picture } = frame;
    if (picture) panel.send("frame", frameOf(picture, iteration, losses));
  };
}

/** What a page draws. */
const frameOf = (picture: Picture, iteration: number, losses: Record<string, LossNumbers>) => ({
  iteration,
  losses: Object.fromEntries(Object.entries(losses).map(([name, { loss }]) => [name, loss])),
  picture: jpegAddress(atMost(picture, WIDEST), 85),
});

/**
 * Puts the panel on the notebook's page, and waits a moment for it.
 *
 * @returns puts the last picture in the panel's place, which saved notebooks keep
 */
async function showPanel(panel: PlayPanel): Promise<(picture: Picture) => Promise<void>> {
  if (!inKernel()) return async () => {};
  const displayId = crypto.randomUUID();
  const path = `proxy/${panel.port}/${panel.token}/`;
  const script = `this.onload = null; const frame = this.nextElementSibling;
const config = document.getElementById('jupyter-config-data');
const base = config ? JSON.parse(config.textContent).baseUrl || '/' : '/';
const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
frame.src = isHere ? '${panel.address}' : base + '${path}'; frame.hidden = false;`;
  const pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
  const html = `<img alt="" src="${pixel}" onload="${script.replaceAll(/\s*\n\s*/g, " ")}">` +
    `<iframe hidden title="control panel" style="width: 100%; height: 480px; border: 0"></iframe>`;
  const figure = htmlFigure(html, "A control panel, while the run lasts");
  await publish(figure[DISPLAY](), { displayId });
  const began = performance.now();
  while (!panel.isWatched() && performance.now() - began < 1000 * PAGE_SECONDS) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return async (picture) => {
    const bundle = pictureBundle(legible(picture), `${picture.width}×${picture.height}`);
    await publish(bundle, { displayId, update: true });
  };
}
