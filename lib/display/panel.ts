/**
 * The panel beside a picture: what it is, and a small curve per loss.
 *
 * @module
 */
import { colour } from "./plot.ts";
import { compose, fitInto } from "./compose.ts";
import type { Picture } from "../picture/picture.ts";
import { drawLines, fitText, GREY } from "./svg.ts";
import { shortNumber } from "../base/words.ts";

/** In pixels. */
export const PANEL_WIDTH = 240;

const HEAD = 52;
const ROW = 50;
const SHORT_ROW = 18;

/** The least height that the panel needs: with many losses, their curves give way to numbers alone. */
export function panelHeight(curves: Record<string, number[]>): number {
  const count = Object.keys(curves).length;
  return HEAD + (count <= 4 ? count * ROW : count * SHORT_ROW);
}

/** What the panel says. */
export type Panel = {
  /** In bold, such as "after 30 of 120 steps". */
  step: string;
  /** Below it, in grey. */
  time?: string;
  /** The course of each loss. */
  curves: Record<string, number[]>;
  /** In place of the last number of a curve. */
  values?: Record<string, string>;
};

/** The panel as SVG, its top left corner at the origin. */
export function drawPanel({ step, time = "", curves, values = {} }: Panel, height: number): string {
  const entries = Object.entries(curves);
  const row = Math.min(70, (height - HEAD) / Math.max(1, entries.length));
  const rows = entries.map(([name, numbers], i) => {
    const top = HEAD + i * row;
    const label = fitText(name, PANEL_WIDTH - 100, { size: 13, minSize: 10, maxLines: 1 });
    const value = values[name] ?? shortNumber(numbers.at(-1) ?? NaN);
    return drawLines(label.lines, { x: 0, y: top + (13 - label.size) * 0.93, size: label.size }) +
      drawLines([value], { x: PANEL_WIDTH, y: top, size: 13, anchor: "end" }) +
      (row >= 36
        ? drawSparkline(numbers, { top: top + 21, height: row - 31, fill: colour(i) })
        : "");
  });
  return drawLines([step], { x: 0, y: 0, size: 15, bold: true }) +
    drawLines([time], { x: 0, y: 22, size: 12, fill: GREY }) + rows.join("");
}

/** The size at which a picture is shown: tiny ones enlarged, large ones reduced. */
export function viewSize(picture: Picture, width?: number): { width: number; height: number } {
  const target = width ?? Math.min(640, Math.max(256, picture.width));
  return fitInto(picture, target, 640);
}

/** A picture with the panel at its right. */
export function besidePanel(picture: Picture, width: number | undefined, panel: Panel): Picture {
  const margin = 8;
  const size = viewSize(picture, width);
  const height = Math.max(size.height, panelHeight(panel.curves));
  const left = margin + size.width + 16;
  return compose(
    left + PANEL_WIDTH + margin,
    height + 2 * margin,
    `<g transform="translate(${left} ${margin})">${drawPanel(panel, height)}</g>`,
    [{ picture, x: margin, y: margin, ...size }],
  );
}

/** A curve without axes, its values on a log scale; what cannot be on it is a gap. */
function drawSparkline(
  values: number[],
  { top, height, fill }: { top: number; height: number; fill: string },
): string {
  const logs = values.map((value) => value > 0 && Number.isFinite(value) ? Math.log10(value) : NaN);
  const known = logs.filter((value) => !Number.isNaN(value));
  const [least, most] = [
    known.reduce((a, b) => Math.min(a, b), Infinity),
    known.reduce(
      (a, b) => Math.max(a, b),
      -Infinity,
    ),
  ];
  let [path, end, open] = ["", "", false];
  logs.forEach((value, i) => {
    if (Number.isNaN(value)) {
      open = false;
      return;
    }
    const x = 3 + i / Math.max(1, logs.length - 1) * (PANEL_WIDTH - 6);
    const y = top + height * (most > least ? (most - value) / (most - least) : 0.5);
    path += `${open ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    end = `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${fill}"/>`;
    open = true;
  });
  return `<path d="${path}" fill="none" stroke="${fill}" stroke-width="1.6"/>${end}`;
}
