/**
 * What a notebook shows: pictures, contact sheets, charts, tables, claims, and a run while it goes on.
 *
 * Functions that make something return it: a chart or a table is drawn when it is the last line of a
 * cell, or anywhere by `await show(it)`. Functions that show something return nothing, so that the
 * notebook has nothing to print below it. Outside a notebook, what would be shown is said in a line of
 * text.
 *
 * @module
 */
import "./values.ts";
import { cannot, checkNoPromise, describe } from "../base/check.ts";
import { legible, pictureBundle } from "./compose.ts";
import { type Bundle, DISPLAY, type Figure, publish } from "./publish.ts";
import { type Chart, CHART_WIDTH } from "./plot.ts";
import { captionedPictures, type ShowOptions } from "./sheet.ts";
import { escapeXml } from "../base/words.ts";
import { inKernel } from "../base/notebook.ts";
import type { Picture } from "../picture/picture.ts";

export { type Animation, animation, type AnimationOptions } from "./animation.ts";
export { type Bar, barChart, type BarChartOptions } from "./bar_chart.ts";
export { curtain, type CurtainOptions, zoom, type ZoomOptions } from "./curtain.ts";
export { downloadLink, explore, type ExploreOptions } from "./explore.ts";
export { help } from "./help.ts";
export type { Html } from "./html.ts";
export { DISPLAY } from "./publish.ts";
export type { Bundle, Figure, Publisher, PublishOptions } from "./publish.ts";
export { featureMaps, type FeatureMapsOptions, matrixPicture, matrixPictures } from "./maps.ts";
export { lineChart, type LineChartOptions, type Series } from "./line_chart.ts";
export { live, type LiveFrame, type LiveOptions } from "./live.ts";
export { adjustmentLine } from "./log.ts";
export { type HistoryEntry, type LossNumbers, plotLosses } from "./losses.ts";
export type { PlotLossesOptions } from "./losses.ts";
export type { Chart };
export { play, type Played, type PlayOptions } from "./play.ts";
export { scrub, type ScrubFrame, type ScrubOptions } from "./scrub.ts";
export { contactSheet, type ContactSheetOptions, type ShowOptions } from "./sheet.ts";
export { stackedBars, type StackedBarsOptions } from "./stacked_bars.ts";
export { sweep, type SweepOptions } from "./sweep.ts";
export { type Table, table, type TableOptions } from "./table.ts";
export { viewer, type ViewerOptions } from "./viewer.ts";

/** What {@link show} can show. */
export type Showable = Picture | Record<string, Picture> | Figure;

/**
 * Shows pictures side by side with their names beneath, or a chart or table.
 *
 * Several pictures become one composed picture; a single one, such as a contact sheet, is shown as it
 * is, enlarged if it is tiny. Resolves when the notebook has it.
 *
 * @throws {TypeError} if it is nothing that can be shown.
 * @throws {RangeError} if there is no picture.
 *
 * @example
 * ```ts
 * import { show } from "./mod.ts";
 *
 * const grey = { width: 8, height: 8, data: new Float32Array(8 * 8 * 3).fill(128) };
 * await show({ content: grey, mixed: grey }); // outside a notebook: "content 8×8 · mixed 8×8"
 * ```
 */
export async function show(what: Showable, options: ShowOptions = {}): Promise<void> {
  checkNoPromise("show", "it", what);
  if (typeof what !== "object" || what === null) {
    const rule = "it must be a picture, an object of named pictures, a chart or a table";
    throw new TypeError(cannot("show", rule, describe(what)));
  }
  if (isFigure(what)) {
    const chart = "sharp" in what;
    const { width = chart ? CHART_WIDTH : undefined } = options;
    const metadata: Record<string, unknown> = width ? { "image/png": { width } } : {};
    return await put(chart ? (what as Chart).sharp() : what[DISPLAY](), { metadata });
  }
  if (isPicture(what)) {
    const text = `${what.width}×${what.height}`;
    return await put(pictureBundle(legible(what, options.width), text));
  }
  for (const [name, picture] of Object.entries(what)) {
    checkNoPromise("show", name, picture);
    if (!isPicture(picture)) {
      throw new TypeError(cannot("show", `${name} must be a picture`, describe(picture)));
    }
  }
  const text = Object.entries(what).map(([name, { width, height }]) => `${name} ${width}×${height}`)
    .join(" · ");
  await put(pictureBundle(captionedPictures(what, options), text));
}

/**
 * Shows whether a claim holds, with the numbers that say so. It never throws: a claim that does not hold
 * on the reader's pictures is a finding.
 */
export async function claim(what: string, passed: boolean, numbers = ""): Promise<void> {
  const [mark, verdict, ink] = passed
    ? ["✓", "holds", "#009e73"]
    : ["✗", "does not hold", "#d55e00"];
  const tail = numbers === "" ? "" : ` (${numbers})`;
  await put({
    "text/html": `<p><b style="color: ${ink}">${mark} ${verdict}:</b> ${
      escapeXml(what + tail)
    }</p>`,
    "text/plain": `${mark} ${verdict}: ${what}${tail}`,
  });
}

async function put(bundle: Bundle, options: { metadata?: Record<string, unknown> } = {}) {
  if (inKernel()) await publish(bundle, options);
  else console.log(bundle["text/plain"]);
}

function isFigure(what: Showable): what is Figure {
  return DISPLAY in what && !isPicture(what);
}

function isPicture(what: unknown): what is Picture {
  return typeof what === "object" && what !== null && "data" in what &&
    what.data instanceof Float32Array;
}
