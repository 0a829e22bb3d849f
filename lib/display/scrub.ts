/**
 * A slider through the pictures of a run, with the course of its losses.
 *
 * @module
 */
import { cannot, checkInRange, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { escapeXml, shortNumber } from "../base/words.ts";
import type { Picture } from "../picture/picture.ts";
import { atMost, element, type Html, htmlFigure, jpegAddress, onLoad, TEXT_STYLE } from "./html.ts";
import type { LossNumbers } from "./losses.ts";
import { colour } from "./plot.ts";

/** A moment of a run: frames of a run that were kept are such. */
export type ScrubFrame = {
  /** From 0. */
  readonly iteration: number;
  /** Frames without a picture are left out. */
  readonly picture?: Picture;
  readonly losses?: Record<string, LossNumbers>;
};

/** How {@link scrub} shows the frames. */
export type ScrubOptions = {
  /** Width of the picture in pixels. @default {360} */
  width?: number;
  /** 1–100, of the JPEG pictures. @default {75} */
  quality?: number;
  /** At most so many pictures are kept, evenly spread: each takes 10 to 20 kB. @default {20} */
  most?: number;
};

const CURVE_HEIGHT = 90;
const PAD = 6;

const SCRIPT = `
const data = JSON.parse(find(".data").textContent);
const slider = find("input");
const marker = find("line");
const show = () => {
  const i = Number(slider.value);
  find("img").src = data.pictures[i];
  find(".words").textContent = data.words[i];
  if (marker) { marker.setAttribute("x1", data.x[i]); marker.setAttribute("x2", data.x[i]); }
};
slider.addEventListener("input", show);
find(".controls").hidden = false;`;

/**
 * A slider through frames, beneath them their losses, each on a log scale of its own, and a marker.
 *
 * @throws {RangeError} when no frame has a picture.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { scrub } from "stylebook";
 *
 * const grey = (level: number) => ({ width: 4, height: 4, data: new Float32Array(48).fill(level) });
 * const film = [0, 1, 2].map((iteration) => ({ iteration, picture: grey(100 * iteration) }));
 * assertStringIncludes(scrub(film).text, "3 pictures");
 * ```
 */
export function scrub(frames: readonly ScrubFrame[], options: ScrubOptions = {}): Html {
  const what = "scrub through frames";
  checkOptions(what, options, ["width", "quality", "most"]);
  const { width = 360, quality = 75, most = 20 } = options;
  checkPositiveInteger(what, "width", width);
  checkInRange(what, "quality", quality, 1, 100);
  checkPositiveInteger(what, "most", most);
  const seen = frames.filter(({ picture }) => picture !== undefined);
  if (seen.length === 0) throw new RangeError(cannot(what, "a frame must have a picture", "none"));

  const shown = spread(seen, most);
  const first = seen[0]!.iteration;
  const span = Math.max(1, seen.at(-1)!.iteration - first);
  const at = (iteration: number) => PAD + (iteration - first) / span * (width - 2 * PAD);
  const pictures = shown.map(({ picture }) => jpegAddress(atMost(picture!, width), quality));
  const words = shown.map(({ iteration, losses = {} }) =>
    [
      `after step ${iteration + 1}`,
      ...Object.entries(losses).map(([name, { loss }]) => `${name} ${shortNumber(loss)}`),
    ].join(" · ")
  );
  const x = shown.map(({ iteration }) => Number(at(iteration).toFixed(1)));
  const last = shown.length - 1;
  const data = JSON.stringify({ pictures, words, x });
  const html = element(
    "div",
    { class: "stylebook-scrub", style: `max-width: ${width}px; ${TEXT_STYLE}` },
    element("img", {
      src: pictures[last],
      width,
      style: "display: block; max-width: 100%",
      alt: words[last],
      onload: onLoad("stylebook-scrub", SCRIPT),
    }),
    element(
      "div",
      { class: "controls", hidden: true },
      element("input", {
        type: "range",
        min: 0,
        max: last,
        value: last,
        style: "width: 100%; margin: 6px 0",
        "aria-label": "iteration",
      }),
      drawCurves(seen, at, width, x[last]!),
    ),
    element("div", { class: "words" }, escapeXml(words[last]!)),
    element("div", { class: "data", hidden: true, style: "display: none" }, escapeXml(data)),
  );
  return htmlFigure(html, `${shown.length} pictures of a run: ${words[0]} to ${words[last]}`);
}

/** At most `most` of the frames, evenly spread, the first and the last among them. */
function spread<T>(frames: readonly T[], most: number): T[] {
  if (frames.length <= most) return [...frames];
  if (most === 1) return [frames.at(-1)!];
  return Array.from(
    { length: most },
    (_, i) => frames[Math.round(i * (frames.length - 1) / (most - 1))]!,
  );
}

/** A curve for each loss, and the marker; nothing where no losses are known. */
function drawCurves(
  frames: readonly ScrubFrame[],
  at: (iteration: number) => number,
  width: number,
  marker: number,
): string {
  const names = [...new Set(frames.flatMap(({ losses = {} }) => Object.keys(losses)))];
  if (names.length === 0) return "";
  const curves = names.map((name, i) => {
    const points = frames.flatMap(({ iteration, losses }) => {
      const loss = losses?.[name]?.loss ?? NaN;
      return loss > 0 && Number.isFinite(loss) ? [[at(iteration), Math.log10(loss)] as const] : [];
    });
    const logs = points.map(([, y]) => y);
    const [least, most] = [logs.reduce((a, b) => Math.min(a, b), Infinity), Math.max(...logs)];
    const y = (log: number) => {
      const part = most > least ? (most - log) / (most - least) : 0.5;
      return (PAD + part * (CURVE_HEIGHT - 2 * PAD)).toFixed(1);
    };
    const path = points.map(([x, log]) => `${x.toFixed(1)} ${y(log)}`).join("L");
    return path && `<path d="M${path}" fill="none" stroke="${colour(i)}" stroke-width="1.6"/>`;
  });
  const legend = names.map((name, i) =>
    `<span style="color: ${colour(i)}">■</span> ${escapeXml(name)}`
  );
  return `<svg width="100%" viewBox="0 0 ${width} ${CURVE_HEIGHT}">${curves.join("")}` +
    `<line x1="${marker}" x2="${marker}" y1="0" y2="${CURVE_HEIGHT}" stroke="currentColor"/></svg>` +
    `<div>${legend.join(" &nbsp; ")} (each loss on a log scale of its own)</div>`;
}
