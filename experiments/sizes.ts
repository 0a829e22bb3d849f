/**
 * Does the look hold when the size changes, and with which normalisation of the Gram matrix?
 *
 * The weights are tuned at the base size: there each form of the Gram matrix gives the same style loss
 * at the start. Then only the size changes.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { crossRuns, doneRows, groupBy, listText, mean, meanText } from "./sweep/statistics.ts";
import type { Experiment, Options, Row } from "./sweep/types.ts";

const FACTORS = [0.5, 1, 1.5, 2];

/**
 * Style weights that make the style losses at the start (noise, the default pictures) equal to that of
 * the normalised form with weight 500, at 128 px. The plain sum grows with the number of positions, its
 * loss with the square: hence the fourth power of the size.
 */
const STYLE_WEIGHTS: Record<string, (base: number) => number> = {
  sum: (base) => 1.35 / base ** 4,
  mean: () => 0.0099,
  normalized: () => 500,
};
const GRAMS = Object.keys(STYLE_WEIGHTS);

/** VGG's fifth block wants 16 pixels of the shorter side. */
const LEAST_SIZE = 32;

const sizesOf = ({ size }: Options) =>
  FACTORS.map((factor) => Math.max(LEAST_SIZE, Math.round(size * factor)));
const isAt = (row: Row, gram: string, size: number) =>
  row.flags.gram === gram && row.flags.size === `${size}`;

export const sizes: Experiment = {
  question: "Does the look hold when the size changes, and with which form of the Gram matrix?",
  defaults: { size: 128, iterations: 100, seeds: 1 },
  grid: (options) =>
    GRAMS.flatMap((gram) =>
      sizesOf(options).map((size) => ({
        name: `${gram}-size-${size}`,
        flags: {
          gram,
          size: `${size}`,
          "style-weight": STYLE_WEIGHTS[gram](options.size).toPrecision(4),
          "denoise-weight": "0.1",
          init: "content",
          optimizer: "adam",
          "step-size": "5",
        },
      }))
    ),
  findings(rows, options) {
    const done = doneRows(rows);
    const errors = (key: "contentError" | "styleError", gram: string, size: number) =>
      done.filter((row) => isAt(row, gram, size)).map((row) => row[key]);
    const series = (key: "contentError" | "styleError", gram: string) => ({
      name: `${key === "contentError" ? "content" : "style"}, ${gram}`,
      points: sizesOf(options).map((
        size,
      ): [number, number] => [size, mean(errors(key, gram, size))]),
    });
    const spans = [...groupBy(done, ({ flags }) => flags.gram)].map(([gram, group]) => {
      const values = group.map(({ contentError }) => contentError);
      return `${gram} from ${meanText([Math.min(...values)])} to ${
        meanText([Math.max(...values)])
      } (factor ${(Math.max(...values) / Math.min(...values)).toFixed(2)})`;
    });
    return {
      sheet: {
        rows: crossRuns(rows, GRAMS, sizesOf(options), isAt),
        rowLabels: GRAMS,
        columnLabels: sizesOf(options).map((size) => `${size} px`),
        rowTitle: "form of the Gram matrix",
        title: `One setting at four sizes (tuned at ${options.size} px)`,
      },
      charts: {
        chart: lineChart(
          GRAMS.flatMap((gram) => [series("contentError", gram), series("styleError", gram)]),
          {
            x: "longer side, pixels",
            y: "relative error of the final picture",
            title: "Balance of content and style by size and form of the Gram matrix",
          },
        ),
      },
      answer: [
        `Over the sizes ${listText(sizesOf(options).map(String))} px the relative content error ` +
        `goes, by form of the Gram matrix: ${listText(spans)}.`,
        `The errors of content and style at the largest size: ${
          listText(GRAMS.map((gram) => {
            const size = sizesOf(options).at(-1)!;
            return `${gram} ${meanText(errors("contentError", gram, size))} and ${
              meanText(errors("styleError", gram, size))
            }`;
          }))
        }.`,
      ],
    };
  },
};
