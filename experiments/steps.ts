/**
 * Do more iterations and smaller steps help? Adam, a grid of both.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { crossRuns, doneRows, listText, mean, meanText, partsOf } from "./sweep/statistics.ts";
import type { Experiment, Options, Row } from "./sweep/types.ts";

const STEP_SIZES = ["1", "3", "10", "30", "100"];
const PARTS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

const counts = ({ iterations }: Options) => partsOf(iterations, PARTS);
const isAt = (row: Row, stepSize: string, count: number) =>
  row.flags["step-size"] === stepSize && row.flags.iterations === `${count}`;

export const steps: Experiment = {
  question: "Do more iterations and smaller steps help?",
  defaults: { size: 192, iterations: 256, seeds: 1 },
  grid: (options) =>
    STEP_SIZES.flatMap((stepSize) =>
      counts(options).map((count) => ({
        name: `step-${stepSize}-iterations-${count}`,
        flags: { optimizer: "adam", "step-size": stepSize, iterations: `${count}` },
      }))
    ),
  findings(rows, options) {
    const done = doneRows(rows);
    const final = (stepSize: string, count: number) =>
      done.filter((row) => isAt(row, stepSize, count)).map(({ moments }) => moments.at(-1)!.total);
    const bestOf = (count: number) =>
      STEP_SIZES.map((stepSize) => ({ stepSize, losses: final(stepSize, count) }))
        .filter(({ losses }) => losses.length > 0)
        .sort((a, b) => mean(a.losses) - mean(b.losses))[0];
    return {
      sheet: {
        rows: crossRuns(rows, STEP_SIZES, counts(options), isAt),
        rowLabels: STEP_SIZES,
        columnLabels: counts(options).map((count) => `${count} iterations`),
        rowTitle: "step size",
        title: "Adam from noise: step size and number of iterations",
      },
      charts: {
        chart: lineChart(
          STEP_SIZES.map((stepSize) => ({
            name: `step ${stepSize}`,
            points: counts(options).map((
              count,
            ): [number, number] => [count, mean(final(stepSize, count))]),
          })),
          {
            x: "iterations",
            y: "loss at the last iteration",
            logX: true,
            logY: true,
            title: "Adam: loss after so many iterations, by step size",
          },
        ),
      },
      answer: [
        `The step size with the lowest loss at the end, and that loss: ${
          listText(
            counts(options).flatMap((count) => {
              const best = bestOf(count);
              return best
                ? [`${count} iterations: ${best.stepSize} with ${meanText(best.losses)}`]
                : [];
            }),
          )
        }.`,
      ],
    };
  },
};
