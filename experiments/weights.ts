/**
 * What do the weights do? The content weight is 1 throughout: with constant weights only their ratios
 * matter.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { crossRuns, doneRows, listText, mean, meanText } from "./sweep/statistics.ts";
import type { Experiment, Row } from "./sweep/types.ts";

const STYLE_WEIGHTS = ["1", "5", "20", "100", "500"];
const DENOISE_WEIGHTS = ["0", "0.1", "1"];

const isAt = (row: Row, style: string, denoise: string) =>
  row.flags["style-weight"] === style && row.flags["denoise-weight"] === denoise;

export const weights: Experiment = {
  question: "What do the weights of style and denoise do?",
  defaults: { size: 192, iterations: 100, seeds: 1 },
  grid: () =>
    DENOISE_WEIGHTS.flatMap((denoise) =>
      STYLE_WEIGHTS.map((style) => ({
        name: `style-${style}-denoise-${denoise}`,
        flags: {
          "content-weight": "1",
          "style-weight": style,
          "denoise-weight": denoise,
          optimizer: "adam",
          "step-size": "10",
        },
      }))
    ),
  findings(rows) {
    const done = doneRows(rows);
    const errors = (key: "contentError" | "styleError", style: string, denoise: string) =>
      done.filter((row) => isAt(row, style, denoise)).map((row) => row[key]);
    const series = (key: "contentError" | "styleError", denoise: string) => ({
      name: `${key === "contentError" ? "content" : "style"}, denoise ${denoise}`,
      points: STYLE_WEIGHTS.map((style): [number, number] => [
        Number(style),
        mean(errors(key, style, denoise)),
      ]),
    });
    const line = (style: string, denoise: string) =>
      `${meanText(errors("contentError", style, denoise))} and ` +
      meanText(errors("styleError", style, denoise));
    return {
      sheet: {
        rows: crossRuns(rows, DENOISE_WEIGHTS, STYLE_WEIGHTS, (row, d, s) => isAt(row, s, d)),
        rowLabels: DENOISE_WEIGHTS,
        columnLabels: STYLE_WEIGHTS,
        rowTitle: "denoise weight",
        columnTitle: "style weight (content weight 1)",
        title: "Weights of style and denoise, from noise",
      },
      charts: {
        chart: lineChart(
          DENOISE_WEIGHTS.flatMap((denoise) => [
            series("contentError", denoise),
            series("styleError", denoise),
          ]),
          {
            x: "style weight (content weight 1)",
            y: "relative error of the final picture",
            logX: true,
            title: "What a larger style weight costs and buys",
          },
        ),
      },
      answer: [
        `Relative errors of content and style. With denoise weight 0.1: ${
          listText(STYLE_WEIGHTS.map((style) => `style weight ${style}: ${line(style, "0.1")}`))
        }.`,
        `With style weight 20: ${
          listText(DENOISE_WEIGHTS.map((denoise) =>
            `denoise weight ${denoise}: ${line("20", denoise)}`
          ))
        }.`,
      ],
    };
  },
};
