/**
 * The panel beside a live picture: step, time, and a small curve per loss.
 *
 * @module
 */
import { colour } from "./plot.ts";
import { drawLines, fitText, GREY } from "./svg.ts";
import { shortNumber } from "../base/words.ts";

/** In pixels. */
export const PANEL_WIDTH = 240;

const HEAD = 66;
const ROW = 50;
const SHORT_ROW = 18;

/** The least height that the panel needs: with many losses, their curves give way to numbers alone. */
export function panelHeight(curves: Record<string, number[]>): number {
  const count = Object.keys(curves).length;
  return HEAD + (count <= 4 ? count * ROW : count * SHORT_ROW);
}

/** The panel as SVG, its top left corner at the origin; `done` is the part of the run that is over. */
export function drawPanel(
  panel: {
    step: string;
    time: string;
    done: number;
    height: number;
    curves: Record<string, number[]>;
  },
): string {
  const { step, time, done, height, curves } = panel;
  const entries = Object.entries(curves);
  const row = Math.min(70, (height - HEAD) / Math.max(1, entries.length));
  const part = Math.min(1, Math.max(0, done)) * PANEL_WIDTH;
  const rows = entries.map(([name, values], i) => {
    const top = HEAD + i * row;
    const label = fitText(name, PANEL_WIDTH - 90, { size: 13, minSize: 10, maxLines: 1 });
    const value = shortNumber(values.at(-1) ?? NaN);
    return drawLines(label.lines, { x: 0, y: top + (13 - label.size) * 0.93, size: label.size }) +
      drawLines([value], { x: PANEL_WIDTH, y: top, size: 13, anchor: "end" }) +
      (row >= 36
        ? drawSparkline(values, { top: top + 21, height: row - 31, fill: colour(i) })
        : "");
  });
  return drawLines([step], { x: 0, y: 0, size: 15, bold: true }) +
    `<rect y="24" width="${PANEL_WIDTH}" height="6" rx="3" fill="#dddddd"/>` +
    `<rect y="24" width="${part.toFixed(1)}" height="6" rx="3" fill="${colour(0)}"/>` +
    drawLines([time], { x: 0, y: 36, size: 12, fill: GREY }) + rows.join("");
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
