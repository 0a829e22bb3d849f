/**
 * What do the weights do? The content weight is 1 throughout: with constant weights only their ratios
 * matter.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { listText, mean } from "./sweep/statistics.ts";
import { twoAxes } from "./sweep/two_axes.ts";

export const weights = twoAxes<number, number>({
  question: "What do the weights of style and denoise do?",
  defaults: { size: 192, iterations: 100, seeds: 1 },
  down: () => ({ values: [0, 0.1, 1], title: "denoise weight" }),
  across: () => ({ values: [1, 5, 20, 100, 500], title: "style weight (content weight 1)" }),
  point: (denoiseWeight, styleWeight) => ({
    name: `style-${styleWeight}-denoise-${denoiseWeight}`,
    settings: {
      contentWeight: 1,
      styleWeight,
      denoiseWeight,
      optimizer: "adam",
      stepSize: 10,
    },
  }),
  title: () => "Weights of style and denoise, from noise",
  findings({ down, across, contentErrors, styleErrors, errorText }) {
    const series = (
      name: string,
      errors: (denoise: number, style: number) => number[],
      denoise: number,
    ) => ({
      name: `${name}, denoise ${denoise}`,
      points: across.map((style): [number, number] => [style, mean(errors(denoise, style))]),
    });
    return {
      charts: {
        chart: lineChart(
          down.flatMap((denoise) => [
            series("content", contentErrors, denoise),
            series("style", styleErrors, denoise),
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
          listText(across.map((style) => `style weight ${style}: ${errorText(0.1, style)}`))
        }.`,
        `With style weight 20: ${
          listText(down.map((denoise) => `denoise weight ${denoise}: ${errorText(denoise, 20)}`))
        }.`,
      ],
    };
  },
});
