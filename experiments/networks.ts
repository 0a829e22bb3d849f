/**
 * What do other networks see? The layers are the counterparts of those of VGG-16; the style weight is
 * swept, because features of other networks are of other sizes.
 *
 * VGG-19's and Inception 5h's weights are downloaded when they are first used; where that fails, their
 * runs are recorded as failed, and `--retry` tries them again.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { crossRuns, doneRows, listText, mean, meanText } from "./sweep/statistics.ts";
import type { DoneRow, Experiment, Row } from "./sweep/types.ts";

const NETWORKS = ["vgg16", "vgg19", "inception5h"];
const STYLE_WEIGHTS = ["5", "20", "100"];

const isAt = (row: Row, network: string, style: string) =>
  row.flags.network === network && row.flags["style-weight"] === style;

export const networks: Experiment = {
  question: "What do other networks make of the same pictures?",
  defaults: { size: 192, iterations: 100, seeds: 1 },
  grid: () =>
    NETWORKS.flatMap((network) =>
      STYLE_WEIGHTS.map((style) => ({
        name: `${network}-style-${style}`,
        flags: { network, "style-weight": style, optimizer: "adam", "step-size": "10" },
      }))
    ),
  findings(rows) {
    const done = doneRows(rows);
    const at = (network: string, style: string) => done.filter((row) => isAt(row, network, style));
    const text = (group: DoneRow[]) =>
      `${meanText(group.map(({ contentError }) => contentError))} and ` +
      meanText(group.map(({ styleError }) => styleError));
    const present = NETWORKS.filter((network) => done.some((row) => row.flags.network === network));
    const absent = NETWORKS.filter((network) => !present.includes(network));
    return {
      sheet: {
        rows: crossRuns(rows, NETWORKS, STYLE_WEIGHTS, isAt),
        rowLabels: NETWORKS,
        columnLabels: STYLE_WEIGHTS,
        rowTitle: "network",
        columnTitle: "style weight (content weight 1)",
        title: "The same pictures through other networks, from noise",
      },
      charts: {
        chart: lineChart(
          present.map((network) => ({
            name: network,
            points: STYLE_WEIGHTS.map((style): [number, number] => [
              mean(at(network, style).map(({ styleError }) => styleError)),
              mean(at(network, style).map(({ contentError }) => contentError)),
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
              listText(STYLE_WEIGHTS.map((style) =>
                `${text(at(network, style))} (style weight ${style})`
              ))
            }`
          ))
        }.`,
        ...(absent.length > 0
          ? [`No run of ${listText(absent)} came to its end, so nothing is said of them.`]
          : []),
      ],
    };
  },
};
