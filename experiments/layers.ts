/**
 * What do the layers do? Content compared at one layer, from shallow to deep; style at the first layer
 * of one to five blocks.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { listText, mean } from "./sweep/statistics.ts";
import { twoAxes } from "./sweep/two_axes.ts";

/** Content layers, with weights that make their losses equal at the start (noise, default pictures). */
const CONTENT_WEIGHTS: Readonly<Record<string, number>> = {
  relu1_2: 1.9,
  relu2_2: 0.3,
  relu3_1: 0.23,
  relu4_2: 1,
  relu5_1: 10,
};
const STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"] as const;
const STYLE_SETS = STYLE_LAYERS.map((_, i) => STYLE_LAYERS.slice(0, i + 1));

export const layers = twoAxes<string, readonly string[]>({
  question: "What do the layers of content and style do?",
  defaults: { size: 192, iterations: 100, seeds: 1 },
  down: () => ({ values: Object.keys(CONTENT_WEIGHTS), title: "content layer" }),
  across: () => ({
    values: STYLE_SETS,
    label: (style) => style.length === 1 ? style[0]! : `${style[0]} to ${style.at(-1)}`,
    title: "style layers: the first of each block",
  }),
  point: (content, style) => ({
    name: `content-${content}-style-to-${style.at(-1)}`,
    settings: {
      contentLayers: [content],
      contentWeight: CONTENT_WEIGHTS[content]!,
      styleWeight: 20,
      styleLayers: style,
      optimizer: "adam",
      stepSize: 10,
    },
  }),
  title: () => "One content layer, one to five style layers, from noise",
  findings({ down, across, contentErrors, styleErrors, errorText }) {
    const all = across.at(-1)!;
    const count = (style: readonly string[]) =>
      `${style.length} style ${style.length === 1 ? "layer" : "layers"}`;
    return {
      charts: {
        chart: lineChart(
          [
            ...down.map((content) => ({
              name: `content error, ${content}`,
              points: across.map((style): [number, number] => [
                style.length,
                mean(contentErrors(content, style)),
              ]),
            })),
            {
              name: "style error, mean",
              points: across.map((style): [number, number] => [
                style.length,
                mean(down.flatMap((content) => styleErrors(content, style))),
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
          listText(
            down.map((content) => `content layer ${content} gives ${errorText(content, all)}`),
          )
        }.`,
        `With the content layer relu4_2: ${
          listText(across.map((style) => `${count(style)} ${errorText("relu4_2", style)}`))
        }. A run that minimises what the yardstick measures has an advantage by it.`,
      ],
    };
  },
});
