/**
 * Does it matter where one starts? From noise, the content and the style picture, looked at early and
 * late.
 *
 * @module
 */
import { join } from "node:path";
import { lineChart } from "../lib/display/mod.ts";
import { readPicture } from "../lib/picture/read.ts";
import type { StartName } from "../lib/run/start.ts";
import { folderOf } from "./sweep/plan.ts";
import { difference, listText, meanCurve, meanText, partsOf } from "./sweep/statistics.ts";
import { pictureFile } from "./sweep/store.ts";
import { twoAxes } from "./sweep/two_axes.ts";
import type { DoneRow } from "./sweep/types.ts";

const PARTS = [0.03, 0.1, 0.3, 1];

export const starts = twoAxes<StartName, number>({
  question: "Does it matter where one starts?",
  defaults: { size: 192, iterations: 200, seeds: 2 },
  down: () => ({ values: ["noise", "content", "style"], title: "start" }),
  across: ({ iterations }) => ({
    values: partsOf(iterations, PARTS),
    label: (count) => `${count} iterations`,
  }),
  point: (start, iterations) => ({
    name: `${start}-iterations-${iterations}`,
    settings: { start, iterations, optimizer: "adam", stepSize: 10 },
  }),
  title: () => "Where a run starts, and where it ends up",
  async findings({ down, across, at, losses, options }) {
    const folder = join(folderOf("starts", options), "runs");
    const last = across.at(-1)!;
    const read = (row: DoneRow) => readPicture(pictureFile(folder, row));
    const apart = async (from: StartName, to: StartName) => {
      const pairs = at(from, last).flatMap((x) =>
        at(to, last).filter((y) => from !== to || x.seed < y.seed).map((y) => [x, y] as const)
      );
      return await Promise.all(
        pairs.map(async ([x, y]) => difference(await read(x), await read(y))),
      );
    };
    const noises = await apart("noise", "noise");
    return {
      charts: {
        chart: lineChart(
          down.map((start) => ({
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
          listText(down.map((start) => `from ${start} ${meanText(losses(start, last))}`))
        }.`,
        "The final pictures differ by (root mean square, in levels of 0–255): " +
        `noise and content ${meanText(await apart("noise", "content"))}, noise and style ` +
        `${meanText(await apart("noise", "style"))}, content and style ` +
        `${meanText(await apart("content", "style"))}` +
        `${noises.length > 0 ? `, two seeds of noise ${meanText(noises)}` : ""}.`,
      ],
    };
  },
});
