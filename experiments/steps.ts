/**
 * Do more iterations and smaller steps help? Adam, a grid of both.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import { listText, mean, meanText, partsOf } from "./sweep/statistics.ts";
import { twoAxes } from "./sweep/two_axes.ts";

const PARTS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

export const steps = twoAxes<number, number>({
  question: "Do more iterations and smaller steps help?",
  defaults: { size: 192, iterations: 256, seeds: 1 },
  down: () => ({ values: [1, 3, 10, 30, 100], title: "step size" }),
  across: ({ iterations }) => ({
    values: partsOf(iterations, PARTS),
    label: (count) => `${count} iterations`,
  }),
  point: (stepSize, iterations) => ({
    name: `step-${stepSize}-iterations-${iterations}`,
    settings: { optimizer: "adam", stepSize, iterations },
  }),
  title: () => "Adam from noise: step size and number of iterations",
  findings({ down, across, losses }) {
    const bestOf = (count: number) =>
      down.map((stepSize) => ({ stepSize, losses: losses(stepSize, count) }))
        .filter(({ losses }) => losses.length > 0)
        .sort((a, b) => mean(a.losses) - mean(b.losses))[0];
    return {
      charts: {
        chart: lineChart(
          down.map((stepSize) => ({
            name: `step ${stepSize}`,
            points: across.map((count): [number, number] => [count, mean(losses(stepSize, count))]),
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
          listText(across.flatMap((count) => {
            const best = bestOf(count);
            return best
              ? [`${count} iterations: ${best.stepSize} with ${meanText(best.losses)}`]
              : [];
          }))
        }.`,
      ],
    };
  },
});
