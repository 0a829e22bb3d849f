/**
 * Which optimizer gets furthest? Each at its best step size, found on the same grid.
 *
 * The step size of L-BFGS is that of its first step only; that of momentum is multiplied by
 * MOMENTUM_FACTOR, because up to ten of its steps add up.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import {
  bestWithin,
  deviation,
  listText,
  mean,
  meanCurve,
  meanText,
  percent,
} from "./sweep/statistics.ts";
import { twoAxes } from "./sweep/two_axes.ts";

const MOMENTUM_FACTOR = 0.1;

const stepSizeOf = (optimizer: string, stepSize: number) =>
  optimizer === "momentum" ? stepSize * MOMENTUM_FACTOR : stepSize;

export const optimizers = twoAxes<string, number>({
  question: "Which optimizer gets furthest with the same number of evaluations?",
  defaults: { size: 160, iterations: 100, seeds: 2 },
  down: () => ({
    values: ["gradient-descent", "momentum", "rmsprop", "adam", "lbfgs"],
    title: "optimizer",
  }),
  across: () => ({
    values: [0.5, 1, 2, 5, 10, 20, 40],
    title: `step size (momentum: times ${MOMENTUM_FACTOR})`,
  }),
  point: (optimizer, step) => ({
    name: `${optimizer}-${stepSizeOf(optimizer, step)}`,
    settings: { optimizer, stepSize: stepSizeOf(optimizer, step) },
  }),
  title: ({ iterations }) => `Five optimizers after ${iterations} iterations from noise`,
  findings({ down, across, at, options: { iterations } }) {
    const best = down.flatMap((name) => {
      const [first] = across.map((step) => ({
        name,
        stepSize: stepSizeOf(name, step),
        group: at(name, step),
        losses: at(name, step).map((row) => bestWithin(row, iterations)),
      })).filter(({ losses }) => losses.length > 0)
        .sort((a, b) => mean(a.losses) - mean(b.losses));
      return first ? [first] : [];
    }).sort((a, b) => mean(a.losses) - mean(b.losses));
    const chart = (x: "evaluations" | "seconds") =>
      lineChart(
        best.map(({ name, stepSize, group }) => ({
          name: `${name} ${stepSize}`,
          points: meanCurve(group, x).filter(([, loss], i) => i > 0 && loss > 0),
        })),
        {
          x,
          y: "loss, weighted sum",
          logY: true,
          title: `Loss over ${x}, each optimizer at its best step size`,
        },
      );
    const [first, second] = best;
    const answer = best.length === 0 ? ["Every run failed."] : [
      `Lowest loss within ${iterations} evaluations, mean and standard deviation over the seeds: ` +
      listText(
        best.map(({ name, stepSize, losses }) =>
          `${name} ${meanText(losses)} (step size ${stepSize})`
        ),
      ) + ".",
    ];
    if (first && second) {
      const gain = 1 - mean(first.losses) / mean(second.losses);
      const spread = Math.max(deviation(first.losses), deviation(second.losses));
      answer.push(
        `${first.name} ended ${percent(gain)} below ${second.name}; the larger of their standard ` +
          `deviations is ${percent(spread / mean(second.losses))} of that loss.`,
      );
    }
    return { charts: { chart: chart("evaluations"), chart_seconds: chart("seconds") }, answer };
  },
});
