/**
 * What do other networks see? The layers are the counterparts of those of VGG-16; the style weight is
 * swept, because features of other networks are of other sizes.
 *
 * Inception 5h's weights are downloaded when they are first used; where that fails, its runs are recorded
 * as failed, and `--retry` tries them again.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { listText, mean } from "./sweep/statistics.ts";
import { twoAxes } from "./sweep/two_axes.ts";

const NETWORKS = ["vgg16", "vgg19", "inception5h"];
const STYLE_WEIGHTS = [5, 20, 100];

export const networks = twoAxes<string, number>({
  question: "What do other networks make of the same pictures?",
  defaults: { size: 192, iterations: 100, seeds: 3 },
  down: () => ({ values: NETWORKS, title: "network" }),
  across: () => ({ values: STYLE_WEIGHTS, title: "style weight (content weight 1)" }),
  point: (network, styleWeight) => ({
    name: `${network}-style-${styleWeight}`,
    settings: { network, styleWeight, optimizer: "adam", stepSize: 10 },
  }),
  title: () => "The same pictures through other networks, from noise",
  findings({ down, across, at, contentErrors, styleErrors, errorText }) {
    const isThere = (network: string) => across.some((style) => at(network, style).length > 0);
    const present = down.filter(isThere);
    const absent = down.filter((network) => !isThere(network));
    return {
      charts: {
        chart: lineChart(
          present.map((network) => ({
            name: network,
            points: across.map((style): [number, number] => [
              mean(styleErrors(network, style)),
              mean(contentErrors(network, style)),
            ]),
          })),
          {
            x: "style error, measured by VGG-16",
            y: "content error, measured by VGG-16",
            title: "Content against style by network, for three style weights",
          },
        ),
      },
      answer: [
        `Relative errors of content and style, measured by VGG-16 whatever the network: ${
          listText(present.map((network) =>
            `${network} ${
              listText(
                across.map((style) => `${errorText(network, style)} (style weight ${style})`),
              )
            }`
          ))
        }.`,
        ...(absent.length > 0
          ? [`No run of ${listText(absent)} came to its end, so nothing is said of them.`]
          : []),
      ],
    };
  },
});
