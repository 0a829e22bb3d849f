/**
 * Does it matter that the weights are kept in half precision?
 *
 * Weights in float32 from which the shipped file may have been rounded lie within half a step of it: a
 * few such files are drawn at random, and the pictures that they give are compared with that of the
 * shipped file. Weights rounded to fewer bits show how the difference grows.
 *
 * @module
 */
import { join } from "node:path";
import { barChart } from "../lib/display/mod.ts";
import { writeWhole } from "../lib/base/files.ts";
import { readPicture } from "../lib/picture/read.ts";
import { seededRandom } from "../lib/base/random.ts";
import { readWeights } from "../lib/network/weights/read.ts";
import { floatSafetensors, roundToBits, spreadWithinHalf } from "./sweep/weight_files.ts";
import { folderOf } from "./sweep/plan.ts";
import { difference, doneRows, listText, meanText } from "./sweep/statistics.ts";
import { pictureFile } from "./sweep/store.ts";
import type { DoneRow, Experiment, Options, Row } from "./sweep/types.ts";

const SHIPPED = new URL("../lib/network/weights/vgg16.safetensors", import.meta.url);
/** Bits of the mantissa after the leading one; half precision has 10, bfloat16 7. */
const BITS = [7, 5, 3];
const DRAWS = [1, 2];

const weightsFile = (folder: string, name: string) =>
  join(folder, "weights", `${name}.safetensors`);
const VARIANTS = ["half", ...DRAWS.map((i) => `float32-${i}`), ...BITS.map((n) => `${n}-bits`)];

/** Starts from the content picture, where rounding is all that differs. */
const SETTINGS = { start: "content", optimizer: "adam", stepSize: 5 } as const;

export const precision: Experiment = {
  question: "Does it matter that the weights are kept in half precision?",
  defaults: { size: 192, iterations: 100, seeds: 1 },
  async prepare(folder) {
    await Deno.mkdir(join(folder, "weights"), { recursive: true });
    const shipped = await readWeights(SHIPPED);
    const write = async (name: string, change: (value: number) => number) => {
      const path = weightsFile(folder, name);
      if (await Deno.stat(path).catch(() => undefined)) return;
      await writeWhole(path, floatSafetensors(shipped, change), `write ${path}`);
    };
    for (const i of DRAWS) {
      const random = seededRandom(i);
      await write(`float32-${i}`, (value) => spreadWithinHalf(value, random()));
    }
    for (const bits of BITS) await write(`${bits}-bits`, (value) => roundToBits(value, bits));
  },
  grid: (options) =>
    VARIANTS.map((name) => ({
      name,
      settings: SETTINGS,
      ...(name !== "half" && { weights: weightsFile(folderOf("precision", options), name) }),
    })),
  async findings(rows, options) {
    const done = doneRows(rows);
    const of = (variant: string) => rows.find((row) => row.name === variant);
    const half = done.find((row) => row.name === "half");
    const distances: Record<string, number> = {};
    for (const row of done) {
      if (half && row !== half) distances[row.name] = await apart(row, half, options);
    }
    const drawn = DRAWS.map((i) => distances[`float32-${i}`] ?? NaN).filter(Number.isFinite);
    const lossOf = (row: DoneRow) => row.moments.at(-1)!.total;
    const change = (row: Row | undefined) =>
      half && row?.status === "done" ? Math.abs(lossOf(row) / lossOf(half) - 1) : NaN;
    const percentText = (values: number[]) => `${meanText(values.map((value) => 100 * value))} %`;
    return {
      sheet: {
        rows: [VARIANTS.map(of)],
        rowLabels: [],
        columnLabels: ["half (shipped)", ...VARIANTS.slice(1)],
        title: "The same run with weights of different precision",
      },
      charts: {
        chart: barChart(
          Object.entries(distances).map(([name, value]) => ({ name, value })),
          {
            x: "difference from the picture of the shipped weights, levels of 0–255",
            title: "What the precision of the weights changes in the picture (RMS)",
          },
        ),
      },
      answer: [
        `Pictures from float32 weights that round to the shipped file differ from its picture by ` +
        `${meanText(drawn)} levels of 0–255 (root mean square), and the loss at the end by ` +
        `${percentText(DRAWS.map((i) => change(of(`float32-${i}`))).filter(Number.isFinite))}.`,
        `With fewer bits in the mantissa than the 10 of half precision: ${
          listText(BITS.map((bits) =>
            `${bits} bits ${
              meanText([distances[`${bits}-bits`] ?? NaN].filter(Number.isFinite))
            } levels ` +
            `and ${percentText([change(of(`${bits}-bits`))].filter(Number.isFinite))} of the loss`
          ))
        }.`,
      ],
    };
  },
};

async function apart(a: DoneRow, b: DoneRow, options: Options): Promise<number> {
  const folder = join(folderOf("precision", options), "runs");
  const [p, q] = await Promise.all([a, b].map((row) => readPicture(pictureFile(folder, row))));
  return difference(p!, q!);
}
