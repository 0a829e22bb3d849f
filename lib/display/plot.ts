/**
 * What all charts share: Observable Plot outside a browser, colours, scales, and the finished figure.
 *
 * Plot needs a document to build its SVG in; linkedom is one. The SVG is then made independent of the
 * page around it (no style sheets) and drawn as PNG too, because not every viewer of notebooks draws SVG.
 *
 * Charts have no ground, so that they lie on a light page as on a dark one. An SVG that is shown as an
 * image cannot know which it is: text is of a grey that can be read on both, with 4.5:1 on white and
 * 4.2:1 on JupyterLab's dark #111111 (WCAG 2.2, contrast ratio).
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Bundle, DISPLAY, type Figure, toBase64 } from "./publish.ts";
import { drawLines, fitText, FONT_FAMILY, INK, rasterize, svgDocument } from "./svg.ts";
import { shortNumber } from "../base/words.ts";

/** A chart: shown as the last line of a cell or by `await show(chart)`, or written to a file. */
export type Chart = Figure & {
  readonly svg: string;
  readonly png: Uint8Array;
  /** The content with a PNG of more pixels than it should take up. */
  sharp(): Bundle;
};

/** Width of a chart in SVG units; its PNG has {@link PNG_ZOOM} times as many pixels. */
export const CHART_WIDTH = 680;

/** Pixels of a PNG file per SVG unit: sharp on dense screens, still small. */
export const PNG_ZOOM = 1.5;

/** Text and axes, on light and on dark. */
const NEUTRAL = "#767676";

/**
 * Colours that people with colour-blindness can tell apart: Okabe, Ito 2008, "Color universal design",
 * without their yellow, which is hard to see on white.
 */
export const PALETTE = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#999999",
];

/** The colour of the i-th line or group. */
export function colour(i: number): string {
  return PALETTE[i % PALETTE.length]!;
}

/** The dashes of the i-th line: solid until the colours repeat. */
export function dashes(i: number): string {
  return ["none", "6 3", "2 3"][Math.floor(i / PALETTE.length) % 3]!;
}

/** Draws a Plot without title or legend; `scale` gives the pixel of a value on its axes. */
export function drawPlot(
  options: Record<string, unknown>,
): { svg: string; scale: (axis: string) => (value: number | string) => number } {
  const page = parseHTML("<!DOCTYPE html><html><body></body></html>");
  const document = (page as unknown as { document: unknown }).document;
  const plot = Plot.plot({ document, ...options } as Plot.PlotOptions);
  const svg = String((plot as unknown as { outerHTML: string }).outerHTML)
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/ class="[^"]*"/g, "")
    .replaceAll("currentColor", INK)
    .replaceAll("var(--plot-background)", "none")
    .replaceAll("system-ui, sans-serif", FONT_FAMILY);
  const scale = (axis: string) => {
    const apply = plot.scale(axis as Plot.ScaleName)?.apply;
    return (value: number | string) => Number(apply?.(value));
  };
  return { svg, scale };
}

/** Puts a title above the drawing (and notes below), and makes a figure of it. */
export function finishChart(
  drawing: string,
  size: { width: number; height: number },
  words: { title?: string; notes?: string[]; text: string },
): Chart {
  const { width } = size;
  const { title = "", notes = [], text } = words;
  const heading = fitText(title, width - 20, { size: 15, bold: true, maxLines: 3 });
  const top = heading.lines.length > 0 ? Math.ceil(heading.height) + 14 : 0;
  const remark = fitText(notes.join(" "), width - 20, { size: 11, maxLines: 4 });
  const bottom = remark.lines.length > 0 ? Math.ceil(remark.height) + 8 : 0;
  const svg = svgDocument(
    width,
    top + size.height + bottom,
    drawLines(heading.lines, { x: 10, y: 8, size: heading.size, bold: true }) +
      `<g transform="translate(0 ${top})">${drawing}</g>` +
      drawLines(remark.lines, { x: 10, y: top + size.height, size: remark.size }),
    "none",
  ).replaceAll(INK, NEUTRAL);
  const draw = (zoom: number) => new Uint8Array(rasterize(svg, zoom).asPng());
  const png = draw(PNG_ZOOM);
  const full = [title, text, ...notes].filter((part) => part !== "").join("\n");
  const bundle = (png: Uint8Array): Bundle => ({
    "image/svg+xml": svg,
    "image/png": toBase64(png),
    "text/plain": full,
  });
  // As a cell's last line the PNG has no say in its width: there it has a pixel per unit.
  return { svg, png, text: full, sharp: () => bundle(png), [DISPLAY]: () => bundle(draw(1)) };
}

/** An axis: how a value becomes a position, the range of positions, and the ticks. */
export type Axis = {
  at: (value: number) => number;
  /** Options for Plot. */
  scale: {
    domain: [number, number];
    ticks?: number[];
    tickFormat: (position: number) => string;
  };
};

/** Whether an axis can show a value. */
export function fits(value: number, log: boolean): boolean {
  return Number.isFinite(value) && (!log || value > 0);
}

/**
 * An axis on which all values fit, with few and readable ticks; values that it cannot show are ignored.
 *
 * Positions on a log axis are powers of ten on a linear scale of Plot's: its own log scale drops labels.
 */
export function axisFor(values: number[], log: boolean): Axis {
  const usable = values.filter((value) => fits(value, log));
  let [least, most] = [Infinity, -Infinity];
  for (const value of usable) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (usable.length === 0) [least, most] = log ? [0.1, 10] : [0, 1];
  if (log) {
    const [low, high] = [Math.log10(least), Math.log10(most)];
    const reach = low === high ? 0.35 : Math.max((high - low) * 0.05, 0.02);
    return {
      at: Math.log10,
      scale: {
        domain: [low - reach, high + reach],
        ticks: logTicks(low - reach, high + reach),
        tickFormat: (position) => shortNumber(Number((10 ** position).toPrecision(6))),
      },
    };
  }
  const tickFormat = (position: number) => shortNumber(position, 4);
  const at = (value: number) => value;
  if (least === most) {
    return { at, scale: { domain: [least - 1, most + 1], ticks: [least], tickFormat } };
  }
  const countable = usable.every(Number.isInteger) && most - least <= 10;
  const whole = countable
    ? { ticks: Array.from({ length: most - least + 1 }, (_, i) => least + i) }
    : {};
  return { at, scale: { domain: [least, most], ...whole, tickFormat } };
}

/** Positions of the ticks between two powers of ten: whole decades, 1-2-5, or even steps within one. */
function logTicks(low: number, high: number): number[] {
  const decades = high - low;
  const ticks: number[] = [];
  if (decades < 0.7) {
    const [least, most] = [10 ** low, 10 ** high];
    const coarse = 10 ** Math.floor(Math.log10(most - least));
    const step = [1, 2, 5].map((part) => coarse * part / 10)
      .find((step) => (most - least) / step <= 7) ?? coarse;
    for (let i = Math.ceil(least / step); i * step <= most; i++) ticks.push(Math.log10(i * step));
    return ticks;
  }
  const every = Math.max(1, Math.ceil(decades / 7));
  const steps = decades > 3 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 5, 7];
  for (let power = Math.floor(low / every) * every; power <= high; power += every) {
    ticks.push(...steps.map((step) => power + Math.log10(step)));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}
