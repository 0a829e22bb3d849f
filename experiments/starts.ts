/**
 * Does it matter where one starts? From noise, the content and the style picture, looked at early and
 * late.
 *
 * @module
 */
import { join } from "node:path";
import { lineChart } from "../lib/display/mod.ts";
import { readPicture } from "../lib/picture/picture.ts";
import { folderOf } from "./sweep/plan.ts";
import {
  crossRuns,
  difference,
  doneRows,
  listText,
  meanCurve,
  meanText,
  partsOf,
} from "./sweep/statistics.ts";
import { pictureFile } from "./sweep/store.ts";
import type { DoneRow, Experiment, Options, Row } from "./sweep/types.ts";

const STARTS = ["noise", "content", "style"];
const PARTS = [0.03, 0.1, 0.3, 1];

const counts = ({ iterations }: Options) => partsOf(iterations, PARTS);
const isAt = (row: Row, start: string, count: number) =>
  row.flags.init === start && row.flags.iterations === `${count}`;

export const starts: Experiment = {
  question: "Does it matter where one starts?",
  defaults: { size: 192, iterations: 200, seeds: 2 },
  grid: (options) =>
    STARTS.flatMap((init) =>
      counts(options).map((count) => ({
        name: `${init}-iterations-${count}`,
        flags: { init, iterations: `${count}`, optimizer: "adam", "step-size": "10" },
      }))
    ),
  async findings(rows, options) {
    const done = doneRows(rows);
    const folder = join(folderOf("starts", options), "runs");
    const at = (start: string, count: number) => done.filter((row) => isAt(row, start, count));
    const apart = async (a: DoneRow[], b: DoneRow[]) => {
      const read = (row: DoneRow) => readPicture(pictureFile(folder, row));
      const pairs = a.flatMap((x) =>
        b.filter((y) => a !== b || x.seed < y.seed).map((y) => [x, y])
      );
      return await Promise.all(
        pairs.map(async ([x, y]) => difference(await read(x), await read(y))),
      );
    };
    const last = counts(options).at(-1)!;
    const [noise, content, style] = STARTS.map((start) => at(start, last));
    const losses = (group: DoneRow[]) => group.map(({ moments }) => moments.at(-1)!.total);
    const noises = await apart(noise, noise);
    return {
      sheet: {
        rows: crossRuns(rows, STARTS, counts(options), isAt),
        rowLabels: STARTS,
        columnLabels: counts(options).map((count) => `${count} iterations`),
        rowTitle: "start",
        title: "Where a run starts, and where it ends up",
      },
      charts: {
        chart: lineChart(
          STARTS.map((start) => ({
            name: `from ${start}`,
            points: meanCurve(at(start, last), "iteration").slice(1),
          })),
          {
            x: "iteration",
            y: "loss, weighted sum",
            logY: true,
            title: "Loss by start (noise: mean over the seeds)",
          },
        ),
      },
      answer: [
        `Loss at the end of ${last} iterations: ${
          listText(STARTS.map((start, i) =>
            `from ${start} ${meanText(losses([noise, content, style][i]))}`
          ))
        }.`,
        "The final pictures differ by (root mean square, in levels of 0–255): " +
        `noise and content ${meanText(await apart(noise, content))}, noise and style ` +
        `${meanText(await apart(noise, style))}, content and style ` +
        `${meanText(await apart(content, style))}` +
        `${noises.length > 0 ? `, two seeds of noise ${meanText(noises)}` : ""}.`,
      ],
    };
  },
};
