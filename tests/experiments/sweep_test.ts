import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { planRuns } from "../../experiments/sweep/plan.ts";
import { MEASURED_COLUMNS, resultsCsv } from "../../experiments/sweep/report.ts";
import {
  bestWithin,
  deviation,
  groupBy,
  listText,
  mean,
  meanCurve,
  meanText,
} from "../../experiments/sweep/statistics.ts";
import { twoAxes } from "../../experiments/sweep/two_axes.ts";
import type { DoneRow, Experiment, Options, Row } from "../../experiments/sweep/types.ts";
import {
  floatSafetensors,
  roundToBits,
  spreadWithinHalf,
} from "../../experiments/sweep/weight_files.ts";
import { parseSafetensors } from "../../lib/network/weights/safetensors.ts";
import type { PictureSettings } from "../../lib/recipe/settings.ts";
import { seededRandom } from "../../lib/base/random.ts";

const root = new URL("../../", import.meta.url);
const picture = (name: string) => new URL(`notebooks/images/${name}`, root).pathname;
const options: Options = {
  content: picture("content/eilean-donan.jpg"),
  style: picture("style/church-at-auvers.jpg"),
  size: 48,
  iterations: 3,
  seeds: 2,
  output: "output",
};
const grid = (settings: PictureSettings[]): Experiment => ({
  question: "?",
  defaults: { size: 48, iterations: 3, seeds: 2 },
  grid: () => settings.map((own, i) => ({ name: `p${i}`, settings: own })),
  findings: () => {
    throw new Error("not asked for");
  },
});

Deno.test("a point becomes a run per seed where noise matters, else one", async () => {
  const runs = await planRuns(grid([{ styleWeight: 1 }, { start: "content" }]), options);
  assertEquals(runs.map(({ name }) => name), ["p0-seed-1", "p0-seed-2", "p1"]);
  assertEquals(runs.map(({ point }) => point), ["p0", "p0", "p1"]);
  assertEquals(runs.map(({ settings }) => settings.seed), [1, 2, 1]);
  assertEquals(runs[0]!.settings.start, "noise");
  assertEquals(runs[0]!.settings.size, 48);
});

Deno.test("a run's file name follows settings and pictures, not their order or place", async () => {
  const name = async (settings: PictureSettings, changes: Partial<Options> = {}) =>
    (await planRuns(grid([settings]), { ...options, ...changes }))[0]!.file;
  const first = await name({ measure: "gram-mean", styleWeight: 2 });
  assertEquals(await name({ styleWeight: 2, measure: "gram-mean" }), first);
  assert(await name({ measure: "gram", styleWeight: 2 }) !== first, "a setting");
  assert(
    await name({ measure: "gram-mean", styleWeight: 2 }, { iterations: 4 }) !== first,
    "a flag",
  );
  const copy = await Deno.makeTempFile({ suffix: ".jpg" });
  await Deno.copyFile(options.content, copy);
  assertEquals(await name({ measure: "gram-mean", styleWeight: 2 }, { content: copy }), first);
  await Deno.remove(copy);
  const other = { content: options.style };
  assert(await name({ measure: "gram-mean", styleWeight: 2 }, other) !== first, "a picture");
});

Deno.test("mean, deviation and their text", () => {
  assertEquals(mean([1, 2, 6]), 3);
  // Squares of the distances from 3: 4, 1, 9; 14 / 2 = 7.
  assertAlmostEquals(deviation([1, 2, 6]), Math.sqrt(7), 1e-12);
  assertEquals(deviation([5]), 0);
  assertEquals(meanText([1, 2, 6]), "3 ± 2.6");
  assertEquals(meanText([0.123456]), "0.123");
  assertEquals(meanText([]), "nothing (all failed)");
  assertEquals(listText(["a"]), "a");
  assertEquals(listText(["a", "b", "c"]), "a, b and c");
  assertEquals([...groupBy([1, 2, 3], (n) => n % 2)], [[1, [1, 3]], [0, [2]]]);
});

const moment = (iteration: number, evaluations: number, total: number) => ({
  iteration,
  evaluations,
  seconds: iteration / 2,
  total,
  losses: { content: total / 2, style: total / 4, denoise: 1 },
});
const row = (changes: Partial<DoneRow> = {}): DoneRow => ({
  name: "a",
  seed: 1,
  point: "a",
  settings: { size: 48, iterations: 3, seed: 1, styleWeight: 2.5 },
  content: "c.jpg",
  style: "s.jpg",
  file: "a.0",
  version: "1",
  status: "done",
  iterations: 3,
  evaluations: 7,
  moments: [moment(0, 1, 8), moment(1, 4, 6), moment(2, 7, 2)],
  contentError: 0.5,
  styleError: 0.25,
  engine: "cpu",
  seconds: 1.5,
  peakBytes: 2e6,
  ...changes,
});

Deno.test("bestWithin() counts a loss from the evaluation that met it", () => {
  // Losses 8, 6 and 2 were met at evaluations 1, 2 and 5.
  assertEquals([1, 2, 4, 5, 7].map((n) => bestWithin(row(), n)), [8, 6, 6, 2, 2]);
});

Deno.test("meanCurve() averages as far as all rows go", () => {
  const short = row({ moments: [moment(0, 1, 4), moment(1, 2, 2)] });
  assertEquals(meanCurve([row(), short], "evaluations"), [[1, 6], [3, 4]]);
  assertEquals(meanCurve([], "iteration"), []);
});

Deno.test("results.csv has a row a run, failed ones too, and quotes what must be quoted", () => {
  const failed: Row = {
    ...row({ name: "b" }),
    status: "failed",
    error: 'no "weights", none',
    engine: "cpu",
  };
  const [header, first, second] = resultsCsv([row(), failed]).trim().split("\n");
  const columns = header!.split(",");
  assertEquals(columns.slice(-2), MEASURED_COLUMNS);
  const value = (column: string) => first!.split(",")[columns.indexOf(column)];
  assertEquals(value("total_loss"), "2");
  assertEquals(value("total_loss_at_start"), "8");
  assertEquals(value("total_loss_at_50_percent"), "6");
  assertEquals(value("content_loss"), "1");
  assertEquals(value("style_error"), "0.25");
  assertEquals(value("peak_memory_mb"), "2");
  assertEquals([value("style_weight"), value("weights")], ["2.5", ""]);
  assertStringIncludes(second!, "b,failed,c.jpg,s.jpg,3,1,48,2.5,,");
  assertStringIncludes(second!, '"no ""weights"", none"');
});

Deno.test("results.csv writes a list of layers into one cell", () => {
  const settings = { size: 48, iterations: 3, styleLayers: ["relu1_1", "relu2_1"] };
  assertStringIncludes(resultsCsv([row({ settings })]), ',"relu1_1,relu2_1",');
});

Deno.test("twoAxes() asks at every place, and finds what came of it", async () => {
  const experiment = twoAxes<string, number>({
    question: "?",
    defaults: { size: 48, iterations: 3, seeds: 1 },
    down: () => ({ values: ["adam", "lbfgs"], title: "optimizer" }),
    across: ({ size }) => ({ values: [1, size], label: (step) => `step ${step}` }),
    point: (optimizer, stepSize) => ({
      name: `${optimizer}-${stepSize}`,
      settings: { optimizer, stepSize },
    }),
    title: () => "Title",
    findings: ({ down, across, losses, errorText }) => ({
      charts: {},
      answer: [`${losses(down[0]!, across[1]!)}`, errorText(down[1]!, across[0]!)],
    }),
  });
  assertEquals(experiment.grid(options).map(({ name }) => name), [
    "adam-1",
    "adam-48",
    "lbfgs-1",
    "lbfgs-48",
  ]);
  // Two seeds at one place; the sheet shows the first.
  const rows = [
    row({ point: "adam-48", moments: [moment(0, 1, 8)] }),
    row({ point: "adam-48", seed: 2, moments: [moment(0, 1, 6)] }),
  ];
  const { sheet, answer } = await experiment.findings(rows, options);
  assertEquals(sheet.rows, [[undefined, rows[0]], [undefined, undefined]]);
  assertEquals([sheet.rowLabels, sheet.columnLabels], [["adam", "lbfgs"], ["step 1", "step 48"]]);
  assertEquals(answer, ["8,6", "nothing (all failed) and nothing (all failed)"]);
});

Deno.test("experiments take nothing from the terminal but what commands have in common", () => {
  const taken = ["experiments/", "experiments/sweep/"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder, root))].filter(({ isFile }) => isFile)
      .flatMap(({ name }) => {
        const text = Deno.readTextFileSync(new URL(folder + name, root));
        return [...text.matchAll(/lib\/terminal\/(\w+)\.ts/g)].map(([, file]) =>
          `${name}: ${file}`
        );
      })
  );
  assertEquals(taken.sort(), [
    "bench.ts: command",
    "experiment.ts: command",
    "measured.ts: command",
  ]);
});

Deno.test("spreadWithinHalf() gives numbers that half precision rounds back", () => {
  const random = seededRandom(3);
  for (let i = 0; i < 20000; i++) {
    const bits = Math.floor(random() * 0x7bff);
    const [value] = new Float32Array(new Float16Array(Uint16Array.of(bits).buffer));
    const spread = Math.fround(spreadWithinHalf(value!, random()));
    const [back] = new Uint16Array(Float16Array.of(spread).buffer);
    // Just above a power of two the numbers below lie closer: those may round to the neighbour.
    const isPower = (bits & 0x3ff) === 0;
    assert(back === bits || isPower, `${value} became ${spread}, bits ${bits} became ${back}`);
  }
});

Deno.test("roundToBits() keeps so many bits after the leading one", () => {
  assertEquals(roundToBits(1.3, 1), 1.5); // 1, 1.5, 2 are at hand
  assertEquals(roundToBits(-5.2, 2), -5); // 4, 5, 6, 7
  assertEquals(roundToBits(0, 3), 0);
});

Deno.test("floatSafetensors() is read back in full precision", () => {
  const weights = {
    b: { shape: [2], data: Float32Array.of(1, 2) },
    a: {
      shape: [1, 3],
      data: Float32Array.of(0.1, 0.2, 0.3),
    },
  };
  const read = parseSafetensors(floatSafetensors(weights, (value) => value * 2));
  assertEquals(read.a!.shape, [1, 3]);
  assertEquals(read.b!.data, Float32Array.of(2, 4));
  assertEquals(read.a!.data, Float32Array.of(0.1, 0.2, 0.3).map((value) => value * 2));
});
