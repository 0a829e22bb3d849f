/**
 * What do the layers do? Content compared at one layer, from shallow to deep; style at the first layer
 * of one to five blocks.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { crossRuns, doneRows, listText, mean, meanText } from "./sweep/statistics.ts";
import type { Experiment, Row } from "./sweep/types.ts";

/** Content layers, with weights that make their losses equal at the start (noise, default pictures). */
const CONTENT_WEIGHTS: Record<string, string> = {
  relu1_2: "1.9",
  relu2_2: "0.3",
  relu3_1: "0.23",
  relu4_2: "1",
  relu5_1: "10",
};
const CONTENT_LAYERS = Object.keys(CONTENT_WEIGHTS);
const STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"];
const STYLE_SETS = STYLE_LAYERS.map((_, i) => STYLE_LAYERS.slice(0, i + 1));

const isAt = (row: Row, content: string, style: readonly string[]) =>
  row.flags["content-layers"] === content && row.flags["style-layers"] === style.join();

export const layers: Experiment = {
  question: "What do the layers of content and style do?",
  defaults: { size: 192, iterations: 100, seeds: 1 },
  grid: () =>
    CONTENT_LAYERS.flatMap((content) =>
      STYLE_SETS.map((style) => ({
        name: `content-${content}-style-to-${style.at(-1)}`,
        flags: {
          "content-layers": content,
          "content-weight": CONTENT_WEIGHTS[content],
          "style-weight": "20",
          "style-layers": style.join(),
          optimizer: "adam",
          "step-size": "10",
        },
      }))
    ),
  findings(rows) {
    const done = doneRows(rows);
    const group = (content: string, style: readonly string[]) =>
      done.filter((row) => isAt(row, content, style));
    const errors = (content: string, style: readonly string[]) => {
      const runs = group(content, style);
      return {
        content: runs.map(({ contentError }) => contentError),
        style: runs.map(({ styleError }) => styleError),
      };
    };
    const all = STYLE_SETS.at(-1)!;
    return {
      sheet: {
        rows: crossRuns(rows, CONTENT_LAYERS, STYLE_SETS, isAt),
        rowLabels: CONTENT_LAYERS,
        columnLabels: STYLE_SETS.map((style) =>
          style.length === 1 ? style[0] : `${style[0]} to ${style.at(-1)}`
        ),
        rowTitle: "content layer",
        columnTitle: "style layers: the first of each block",
        title: "One content layer, one to five style layers, from noise",
      },
      charts: {
        chart: lineChart(
          [
            ...CONTENT_LAYERS.map((content) => ({
              name: `content error, ${content}`,
              points: STYLE_SETS.map((style): [number, number] => [
                style.length,
                mean(errors(content, style).content),
              ]),
            })),
            {
              name: "style error, mean",
              points: STYLE_SETS.map((style): [number, number] => [
                style.length,
                mean(CONTENT_LAYERS.flatMap((content) => errors(content, style).style)),
              ]),
            },
          ],
          {
            x: "number of style layers, from the first block on",
            y: "relative error of the final picture",
            title: "What further style layers do, by content layer",
          },
        ),
      },
      answer: [
        "Relative errors of the final pictures (content at relu4_2, style at five layers). With " +
        `all five style layers: ${
          listText(CONTENT_LAYERS.map((content) => {
            const { content: c, style: s } = errors(content, all);
            return `content layer ${content} gives ${meanText(c)} and ${meanText(s)}`;
          }))
        }.`,
        `With the content layer relu4_2: ${
          listText(STYLE_SETS.map((style) => {
            const { content: c, style: s } = errors("relu4_2", style);
            const count = `${style.length} style ${style.length === 1 ? "layer" : "layers"}`;
            return `${count} ${meanText(c)} and ${meanText(s)}`;
          }))
        }. A run that minimises what the yardstick measures has an advantage by it.`,
      ],
    };
  },
};
