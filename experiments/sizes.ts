/**
 * Does the look hold when the size changes, and with which normalisation of the Gram matrix?
 *
 * The weights are tuned at the base size: there each form of the Gram matrix gives the same style loss
 * at the start. Then only the size changes.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { listText, mean, meanText } from "./sweep/statistics.ts";
import { twoAxes } from "./sweep/two_axes.ts";

const FACTORS = [0.5, 1, 1.5, 2];

/**
 * Style weights that make the style losses at the start (noise, the default pictures) equal to that of
 * the normalised form with weight 500, at 128 px. The plain sum grows with the number of positions, its
 * loss with the square: hence the fourth power of the size.
 */
const STYLE_WEIGHTS: Readonly<Record<string, (base: number) => number>> = {
  gram: (base) => Number((1.35 / base ** 4).toPrecision(4)),
  "gram-mean": () => 0.0099,
  "gram-normalized": () => 500,
};

/** VGG's fifth block wants 16 pixels of the shorter side. */
const LEAST_SIZE = 32;

export const sizes = twoAxes<string, number>({
  question: "Does the look hold when the size changes, and with which form of the Gram matrix?",
  defaults: { size: 128, iterations: 100, seeds: 1 },
  down: () => ({ values: Object.keys(STYLE_WEIGHTS), title: "form of the Gram matrix" }),
  across: ({ size }) => ({
    values: FACTORS.map((factor) => Math.max(LEAST_SIZE, Math.round(size * factor))),
    label: (size) => `${size} px`,
  }),
  point: (measure, size, options) => ({
    name: `${measure}-size-${size}`,
    settings: {
      measure,
      size,
      styleWeight: STYLE_WEIGHTS[measure]!(options.size),
      denoiseWeight: 0.1,
      start: "content",
      optimizer: "adam",
      stepSize: 5,
    },
  }),
  title: ({ size }) => `One setting at four sizes (tuned at ${size} px)`,
  findings({ down, across, contentErrors, styleErrors, errorText }) {
    const series = (
      name: string,
      errors: (measure: string, size: number) => number[],
      measure: string,
    ) => ({
      name: `${name}, ${measure}`,
      points: across.map((size): [number, number] => [size, mean(errors(measure, size))]),
    });
    const span = (measure: string) => {
      const values = across.flatMap((size) => contentErrors(measure, size));
      const [least, most] = [Math.min(...values), Math.max(...values)];
      return values.length === 0 ? `${measure} nothing (all failed)` : `${measure} from ` +
        `${meanText([least])} to ${meanText([most])} (factor ${(most / least).toFixed(2)})`;
    };
    const largest = across.at(-1)!;
    return {
      charts: {
        chart: lineChart(
          down.flatMap((measure) => [
            series("content", contentErrors, measure),
            series("style", styleErrors, measure),
          ]),
          {
            x: "longer side, pixels",
            y: "relative error of the final picture",
            title: "Balance of content and style by size and form of the Gram matrix",
          },
        ),
      },
      answer: [
        `Over the sizes ${listText(across.map(String))} px the relative content error ` +
        `goes, by form of the Gram matrix: ${listText(down.map(span))}.`,
        `The errors of content and style at the largest size: ${
          listText(down.map((measure) => `${measure} ${errorText(measure, largest)}`))
        }.`,
      ],
    };
  },
});
