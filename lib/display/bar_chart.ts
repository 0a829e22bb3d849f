/**
 * Bar charts: few numbers side by side.
 *
 * The bars lie, so that long names have room, and each carries its number, so that nobody has to read it
 * off the axis.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { axisFor, type Chart, CHART_WIDTH, colour, drawPlot, finishChart } from "./plot.ts";
import { drawLines, fitText, textWidth } from "./svg.ts";
import { alignColumns, shortNumber } from "../base/words.ts";

/** A bar; bars of the same group have the same colour, bars of the same name stand together. */
export type Bar = { name: string; value: number; group?: string };

/** Axis and words of a {@link barChart}. */
export type BarChartOptions = {
  /** What the length of a bar stands for, with its unit. */
  x?: string;
  title?: string;
  /** Remarks below the chart. */
  notes?: string[];
};

/**
 * Horizontal bars in the order given, from zero, each with its value.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { barChart } from "./bar_chart.ts";
 *
 * const chart = barChart([{ name: "relu1_1", value: 0.25 }], { x: "share of the gradient" });
 * assertStringIncludes(chart.svg, "relu1_1");
 * ```
 */
export function barChart(bars: Bar[], options: BarChartOptions = {}): Chart {
  const { x = "", title } = options;
  const notes = [...(options.notes ?? [])];
  const groups = [...new Set(bars.map(({ group }) => group ?? ""))];
  const names = [...new Set(bars.map(({ name }) => name))];

  const labels = names.map((name) => fitText(name, 190, { size: 12, maxLines: 2 }));
  const values = bars.map(({ value }) => Number.isFinite(value) ? value : 0);
  const length = axisFor([0, ...values], false).scale;
  const domain: [number, number] = values.every((value) => value === 0) ? [0, 1] : length.domain;
  const numbers = bars.map(({ value }) => shortNumber(value));
  const numberWidth = 10 + Math.max(0, ...numbers.map((number) => textWidth(number, 11)));
  const marginLeft = 20 + Math.max(0, ...labels.map(({ width }) => width)) +
    (domain[0] < 0 ? numberWidth : 0);

  // One band per bar, and one between the names where bars stand in groups.
  const key = (name: string, group: string) => `${name}\n${group}`;
  const bands = names.flatMap((name, i) => [
    ...(i > 0 && groups.length > 1 ? [`gap ${i}`] : []),
    ...groups.map((group) => key(name, group)),
  ]);
  const barKey = ({ name, group = "" }: Bar) => key(name, group);
  const legend = groups.length > 1
    ? drawLegend(groups, 10, CHART_WIDTH - 10)
    : { svg: "", height: 0 };
  const height = 56 + bands.length * (groups.length > 1 ? 15 : 26);
  const { svg, scale } = drawPlot({
    width: CHART_WIDTH,
    height,
    marginTop: 6,
    marginBottom: 46,
    marginLeft,
    marginRight: numberWidth + 6,
    style: { fontSize: "12px" },
    x: {
      domain,
      nice: true,
      grid: true,
      label: x,
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: 40,
      tickFormat: length.tickFormat,
    },
    y: { domain: bands, axis: null, padding: groups.length > 1 ? 0.06 : 0.25 },
    marks: [
      Plot.barX(bars, {
        x: (_: Bar, i: number) => values[i],
        y: barKey,
        fill: ({ group = "" }: Bar) => colour(groups.indexOf(group)),
      }),
      ...[1, -1].map((side) =>
        Plot.text(bars, {
          filter: (_: Bar, i: number) => side > 0 ? values[i]! >= 0 : values[i]! < 0,
          x: (_: Bar, i: number) => values[i],
          y: barKey,
          text: (_: Bar, i: number) => numbers[i],
          textAnchor: side > 0 ? "start" : "end",
          dx: 4 * side,
          fontSize: 11,
        })
      ),
      Plot.ruleX([0]),
    ],
  });
  const nameLabels = names.map((name, i) => {
    const placeOf = (group: string) => scale("y")(key(name, group));
    const middle = (placeOf(groups[0]!) + placeOf(groups.at(-1)!)) / 2 +
      (groups.length > 1 ? 7 : 10);
    const { lines, size, height } = labels[i]!;
    return drawLines(lines, {
      x: marginLeft - 8 - (domain[0] < 0 ? numberWidth : 0),
      y: middle - height / 2,
      size,
      anchor: "end",
    });
  }).join("");
  if (bars.length === 0) notes.push("There is nothing to draw.");
  const body = `${legend.svg}<g transform="translate(0 ${legend.height})">${svg}${nameLabels}</g>`;
  const text = alignColumns([
    ["", ...groups.map((group) => group || x || "value")],
    ...names.map((name) => [
      name,
      ...groups.map((group) => {
        const bar = bars.find((bar) => bar.name === name && (bar.group ?? "") === group);
        return bar ? shortNumber(bar.value) : "";
      }),
    ]),
  ]);
  const size = { width: CHART_WIDTH, height: height + legend.height };
  return finishChart(body, size, { title, notes, text });
}

/** Coloured squares with names, in as many rows as they need. */
function drawLegend(
  names: string[],
  left: number,
  right: number,
): { svg: string; height: number } {
  let [svg, x, y] = ["", left, 4];
  names.forEach((name, i) => {
    const label = fitText(name, 240, { size: 12, maxLines: 1 });
    if (x + label.width + 18 > right && x > left) [x, y] = [left, y + 20];
    svg += `<rect x="${x}" y="${y + 1}" width="12" height="12" fill="${colour(i)}"/>` +
      drawLines(label.lines, { x: x + 18, y, size: label.size });
    x += label.width + 40;
  });
  return { svg, height: y + 24 };
}
