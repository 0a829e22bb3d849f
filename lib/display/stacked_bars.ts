/**
 * Stacked bars: of what a whole is made, for several wholes.
 *
 * @module
 */
import { checkOptions } from "../base/check.ts";
import { alignColumns } from "../base/words.ts";
import type { Bar } from "./bar_chart.ts";
import { type Chart, CHART_WIDTH, colour, finishChart } from "./plot.ts";
import { drawLines, fitText, textWidth } from "./svg.ts";

/** Words of a {@link stackedBars}. */
export type StackedBarsOptions = {
  title?: string;
  /** Remarks below the chart. */
  notes?: string[];
};

const ROW = 28;

/**
 * A bar per name, as long as all the others, divided among the groups in per cent of their sum.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { stackedBars } from "stylebook";
 *
 * const { text } = stackedBars([
 *   { name: "start", value: 1, group: "content" },
 *   { name: "start", value: 3, group: "style" },
 * ]);
 * assertStringIncludes(text, "75 %");
 * ```
 */
export function stackedBars(bars: readonly Bar[], options: StackedBarsOptions = {}): Chart {
  checkOptions("draw stacked bars", options, ["title", "notes"]);
  const names = [...new Set(bars.map(({ name }) => name))];
  const groups = [...new Set(bars.map(({ group = "" }) => group))];
  const parts = names.map((name) => {
    const values = groups.map((group) =>
      bars.filter((bar) => bar.name === name && (bar.group ?? "") === group)
        .reduce((sum, { value }) => sum + (value > 0 && Number.isFinite(value) ? value : 0), 0)
    );
    const sum = values.reduce((a, b) => a + b, 0);
    return values.map((value) => sum === 0 ? 0 : value / sum);
  });
  const percent = (part: number) => `${part > 0 && part < 0.005 ? "<1" : Math.round(100 * part)} %`;

  const labels = names.map((name) => fitText(name, 190, { size: 12, maxLines: 2 }));
  const left = 20 + Math.max(0, ...labels.map(({ width }) => width));
  const room = CHART_WIDTH - left - 12;
  let [svg, x] = ["", left];
  groups.forEach((group, g) => {
    svg += `<rect x="${x}" y="5" width="12" height="12" fill="${colour(g)}"/>` +
      drawLines([group], { x: x + 18, y: 4, size: 12 });
    x += textWidth(group, 12) + 44;
  });
  names.forEach((_, i) => {
    const top = 28 + i * ROW;
    const label = labels[i]!;
    const middle = top + (ROW - 6) / 2;
    const place = { x: left - 8, y: middle - label.height / 2, size: label.size };
    svg += drawLines(label.lines, { ...place, anchor: "end" });
    let from = left;
    parts[i]!.forEach((part, g) => {
      const width = part * room;
      const shape = `x="${from.toFixed(1)}" y="${top}" width="${width.toFixed(1)}"`;
      svg += `<rect ${shape} height="${ROW - 6}" fill="${colour(g)}"/>`;
      if (width > 40) {
        const ink = { x: from + width / 2, y: middle - 7, size: 11, fill: "#ffffff", bold: true };
        svg += drawLines([percent(part)], { ...ink, anchor: "middle" });
      }
      from += width;
    });
  });
  const notes = [
    ...(options.notes ?? []),
    ...(bars.length === 0 ? ["There is nothing to draw."] : []),
  ];
  const text = alignColumns([
    ["", ...groups],
    ...names.map((name, i) => [name, ...parts[i]!.map(percent)]),
  ]);
  const size = { width: CHART_WIDTH, height: 34 + names.length * ROW };
  return finishChart(svg, size, { title: options.title, notes, text });
}
