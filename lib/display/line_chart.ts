/**
 * Line charts.
 *
 * Every line is labelled at its end, so that no legend has to be looked up and no colour compared.
 * Values that a chart cannot show (not finite; zero or below on a log axis) are left out, and the chart
 * says how many.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { checkPositiveInteger } from "../base/check.ts";
import { axisFor, type Chart, CHART_WIDTH, colour, dashes, drawPlot } from "./plot.ts";
import { finishChart, fits } from "./plot.ts";
import { drawLines, type FittedText, fitText } from "./svg.ts";
import { alignColumns, shortNumber } from "../base/words.ts";

/** A named line: its points in the order in which they are joined. */
export type Series = { name: string; points: readonly (readonly [number, number])[] };

/** Axes and words of a {@link lineChart}. */
export type LineChartOptions = {
  /** What the x axis shows, with its unit. */
  x?: string;
  /** What the y axis shows, with its unit. */
  y?: string;
  title?: string;
  logX?: boolean;
  logY?: boolean;
  /** Remarks below the chart. */
  notes?: string[];
  /**
   * Draws the moving mean over so many points, and around it the band of the least and the greatest of
   * them: for lines that zigzag. On a log axis the mean is that of the logarithms. @default {1}
   */
  smooth?: number;
  /** The text alternative, in place of a table of first, last and least values. */
  text?: string;
};

/**
 * Lines over a common x axis.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { lineChart } from "./line_chart.ts";
 *
 * const chart = lineChart([{ name: "Adam", points: [[0, 100], [1, 10], [2, 1]] }], {
 *   x: "iteration",
 *   y: "loss",
 *   logY: true,
 * });
 * assertStringIncludes(chart.svg, "Adam");
 * assertStringIncludes(chart.text, "100");
 * ```
 */
export function lineChart(series: Series[], options: LineChartOptions = {}): Chart {
  const { x = "", y = "", title, logX = false, logY = false, smooth = 1 } = options;
  checkPositiveInteger("draw a line chart", "smooth", smooth);
  const lines = series.map(({ name, points }) => ({
    name,
    points,
    usable: points.filter(([a, b]) => fits(a, logX) && fits(b, logY)),
  }));
  const xAxis = axisFor(lines.flatMap(({ usable }) => usable.map(([a]) => a)), logX);
  const yAxis = axisFor(lines.flatMap(({ usable }) => usable.map(([, b]) => b)), logY);
  const at = ([a, b]: readonly [number, number]) => [
    fits(a, logX) ? xAxis.at(a) : NaN, // NaN makes a gap: a line must not run on over what is missing
    fits(b, logY) ? yAxis.at(b) : NaN,
  ];

  const labels = series.map(({ name }) => fitText(name, 150, { size: 12, maxLines: 3 }));
  const height = Math.max(340, labels.reduce((sum, label) => sum + label.height + 4, 90));
  const marginRight = 40 + Math.max(0, ...labels.map((label) => label.width));
  const { svg, scale } = drawPlot({
    width: CHART_WIDTH,
    height,
    marginTop: 34,
    marginLeft: 68,
    marginBottom: 48,
    marginRight,
    style: { fontSize: "12px" },
    x: { ...xAxis.scale, label: x, labelAnchor: "center", labelArrow: "none", labelOffset: 40 },
    y: { ...yAxis.scale, label: null, nice: !logY && yAxis.scale.ticks === undefined, grid: true },
    marks: lines.flatMap(({ points, usable }, i) => [
      ...(smooth > 1
        ? [Plot.areaY(movingBand(points.map(at), smooth), {
          x: "x",
          y1: "low",
          y2: "high",
          fill: colour(i),
          fillOpacity: 0.2,
        })]
        : []),
      Plot.line(smooth > 1 ? movingBand(points.map(at), smooth).map(meanPoint) : points.map(at), {
        stroke: colour(i),
        strokeWidth: 2,
        strokeDasharray: dashes(i),
      }),
      // Few points are shown as such; a single one would be no line at all.
      ...(usable.length <= 12 ? [Plot.dot(usable.map(at), { fill: colour(i), r: 3.5 })] : []),
    ]),
  });
  const ends = lines.map(({ usable }) => {
    const positions = usable.map(at);
    if (smooth === 1) return positions.at(-1) ?? [NaN, NaN];
    return movingBand(positions, smooth).map(meanPoint).at(-1) ?? [NaN, NaN];
  });
  const endLabels = drawEndLabels(
    ends.map(([a = NaN, b = NaN]) => ({ x: scale("x")(a), y: scale("y")(b) })),
    labels,
    CHART_WIDTH - marginRight,
    [28, height - 44],
  );
  const left = series.reduce(
    (sum, { points }, i) => sum + points.length - lines[i]!.usable.length,
    0,
  );
  const notes = [...(options.notes ?? [])];
  if (left > 0) {
    const why = logX || logY ? "not finite, or not positive on a log axis" : "not finite";
    notes.push(`Left out: ${left} ${left === 1 ? "point" : "points"} (${why}).`);
  }
  if (lines.every(({ usable }) => usable.length === 0)) notes.push("There is nothing to draw.");
  const yLabel = fitText(y, CHART_WIDTH - 20, { size: 12, maxLines: 1 });
  const drawing = svg + endLabels + drawLines(yLabel.lines, { x: 10, y: 6, size: yLabel.size });
  const text = options.text ?? alignColumns([
    [`${y || "y"} over ${x || "x"}`, "points", "first", "last", "least"],
    ...lines.map(({ name, usable }) => {
      const values = usable.map(([, b]) => b);
      const least = values.length > 0 ? values.reduce((a, b) => Math.min(a, b)) : NaN;
      const numbers = [values[0] ?? NaN, values.at(-1) ?? NaN, least];
      return [name, String(values.length), ...numbers.map((value) => shortNumber(value))];
    }),
  ]);
  return finishChart(drawing, { width: CHART_WIDTH, height }, { title, notes, text });
}

type Band = { x: number; low: number; mean: number; high: number };

const meanPoint = ({ x, mean }: Band): number[] => [x, mean];

/** Mean, least and greatest position of the points around each one. */
function movingBand(points: readonly number[][], count: number): Band[] {
  return points.map(([x = NaN], i) => {
    const from = Math.max(0, i - Math.floor((count - 1) / 2));
    const near = points.slice(from, i + Math.floor(count / 2) + 1).map(([, y = NaN]) => y)
      .filter((y) => !Number.isNaN(y));
    const mean = near.reduce((sum, y) => sum + y, 0) / near.length;
    return { x, low: Math.min(...near), mean, high: Math.max(...near) };
  });
}

/** Names at the right margin, as near to the ends of their lines as they can be without overlap. */
function drawEndLabels(
  ends: { x: number; y: number }[],
  labels: FittedText[],
  left: number,
  [top, bottom]: [number, number],
): string {
  const placed = labels.map((label, i) => ({ ...label, end: ends[i]!, colour: colour(i), y: 0 }))
    .filter(({ end }) => Number.isFinite(end.y))
    .sort((a, b) => a.end.y - b.end.y);
  // Down the list each label is pushed below the one before it, then up again from the bottom.
  let edge = top;
  for (const label of placed) {
    label.y = Math.max(edge, label.end.y - label.height / 2);
    edge = label.y + label.height + 3;
  }
  edge = bottom;
  for (const label of placed.toReversed()) {
    label.y = Math.min(edge - label.height, label.y);
    edge = label.y - 3;
  }
  return placed.map(({ lines, size, height, end, colour, y }) => {
    const middle = y + height / 2;
    return `<path d="M${end.x + 3} ${end.y}L${left + 8} ${middle}h10" fill="none" ` +
      `stroke="${colour}" stroke-opacity="0.55"/>` +
      `<circle cx="${left + 20}" cy="${middle}" r="4" fill="${colour}"/>` +
      drawLines(lines, { x: left + 29, y, size });
  }).join("");
}
