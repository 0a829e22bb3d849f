/**
 * Which optimizer gets furthest? Each at its best step size, found on the same grid.
 *
 * The step size of L-BFGS is that of its first step only; that of momentum is multiplied by
 * MOMENTUM_FACTOR, because its steps are as long as the gradient, and those of the others are not.
 *
 * @module
 */
import { lineChart } from "../lib/display/mod.ts";
import {
  bestWithin,
  crossRuns,
  deviation,
  doneRows,
  groupBy,
  listText,
  mean,
  meanCurve,
  meanText,
  percent,
} from "./sweep/statistics.ts";
import type { DoneRow, Experiment } from "./sweep/types.ts";

const NAMES = ["gradient-descent", "momentum", "rmsprop", "adam", "lbfgs"];
const STEP_SIZES = [0.5, 1, 2, 5, 10, 20, 40];
const MOMENTUM_FACTOR = 0.1;

const stepSizeOf = (name: string, stepSize: number) =>
  name === "momentum" ? stepSize * MOMENTUM_FACTOR : stepSize;

export const optimizers: Experiment = {
  question: "Which optimizer gets furthest with the same number of evaluations?",
  defaults: { size: 160, iterations: 100, seeds: 2 },
  grid: () =>
    NAMES.flatMap((name) =>
      STEP_SIZES.map((stepSize) => ({
        name: `${name}-${stepSizeOf(name, stepSize)}`,
        flags: { optimizer: name, "step-size": `${stepSizeOf(name, stepSize)}` },
      }))
    ),
  findings(rows, { iterations }) {
    const done = doneRows(rows);
    const losses = (group: readonly DoneRow[]) => group.map((row) => bestWithin(row, iterations));
    const best = NAMES.flatMap((name) => {
      const own = done.filter(({ flags }) => flags.optimizer === name);
      const groups = [...groupBy(own, ({ flags }) => flags["step-size"])];
      const [first] = groups.map(([stepSize, group]) => ({ name, stepSize, group }))
        .sort((a, b) => mean(losses(a.group)) - mean(losses(b.group)));
      return first ? [{ ...first, losses: losses(first.group) }] : [];
    }).sort((a, b) => mean(a.losses) - mean(b.losses));

    const series = (x: "evaluations" | "seconds") =>
      best.map(({ name, stepSize, group }) => ({
        name: `${name} ${stepSize}`,
        points: meanCurve(group, x).filter(([, loss], i) => i > 0 && loss > 0),
      }));
    const words = (x: string) => ({
      x,
      y: "loss, weighted sum",
      logY: true,
      title: `Loss over ${x}, each optimizer at its best step size`,
    });
    const [first, second] = best;
    const answer = best.length === 0 ? ["Every run failed."] : [
      `Lowest loss within ${iterations} evaluations, mean and standard deviation over the seeds: ` +
      listText(
        best.map(({ name, stepSize, losses }) =>
          `${name} ${meanText(losses)} (step size ${stepSize})`
        ),
      ) + ".",
    ];
    if (second) {
      const gain = 1 - mean(first.losses) / mean(second.losses);
      const spread = Math.max(deviation(first.losses), deviation(second.losses));
      answer.push(
        `${first.name} ended ${percent(gain)} below ${second.name}; the larger of their standard ` +
          `deviations is ${percent(spread / mean(second.losses))} of that loss.`,
      );
    }
    return {
      sheet: {
        rows: crossRuns(
          rows,
          NAMES,
          STEP_SIZES,
          ({ flags }, name, stepSize) =>
            flags.optimizer === name && flags["step-size"] === `${stepSizeOf(name, stepSize)}`,
        ),
        rowLabels: NAMES,
        columnLabels: STEP_SIZES.map((size) => `${size}`),
        rowTitle: "optimizer",
        columnTitle: `step size (momentum: times ${MOMENTUM_FACTOR})`,
        title: `Five optimizers after ${iterations} iterations from noise`,
      },
      charts: {
        chart: lineChart(series("evaluations"), words("evaluations")),
        chart_seconds: lineChart(series("seconds"), words("seconds")),
      },
      answer,
    };
  },
};
