/**
 * The course of the losses in one chart.
 *
 * @module
 */
import { lineChart } from "./line_chart.ts";
import type { Chart } from "./plot.ts";
import { alignColumns, shortNumber } from "../base/words.ts";

/** One loss at one iteration; a run gives more, which is not needed here. */
export type LossNumbers = { loss: number };

/** The losses at one iteration, as a run keeps them. */
export type HistoryEntry = {
  iteration: number;
  seconds: number;
  losses: Record<string, LossNumbers>;
};

/** Words of {@link plotLosses}. */
export type PlotLossesOptions = { title?: string };

/**
 * A line per loss over the iterations on a log axis, each divided by its own first value: a content loss
 * of 1e10, a style loss of 1e28 and a denoise loss of 1e6 then share one axis, and 0.1 reads "a tenth of
 * what it was". The table of the text alternative has the values themselves.
 *
 * The first value is the first one that is finite and positive; a loss without one is named below the chart.
 */
export function plotLosses(
  history: readonly HistoryEntry[],
  options: PlotLossesOptions = {},
): Chart {
  const { title = "Losses" } = options;
  const names = [...new Set(history.flatMap(({ losses }) => Object.keys(losses)))];
  const usable = (value: number) => Number.isFinite(value) && value > 0;
  const series = [];
  const missing: string[] = [];
  const rows = [["loss", "first", "last", "last ÷ first"]];
  for (const name of names) {
    const points = history.filter(({ losses }) => name in losses)
      .map(({ iteration, losses }) => [iteration, losses[name]!.loss] as const);
    const first = points.find(([, loss]) => usable(loss))?.[1];
    const last = points.at(-1)?.[1] ?? NaN;
    rows.push([name, ...[first ?? NaN, last, last / (first ?? NaN)].map((v) => shortNumber(v))]);
    if (first === undefined) missing.push(name);
    else series.push({ name, points: points.map(([x, loss]) => [x, loss / first] as const) });
  }
  const notes = missing.length > 0 ? [`Never finite and positive: ${missing.join(", ")}.`] : [];
  return lineChart(series, {
    title,
    x: "iteration",
    y: "each loss ÷ its first value (log scale)",
    logY: true,
    notes,
    text: alignColumns(rows),
  });
}
