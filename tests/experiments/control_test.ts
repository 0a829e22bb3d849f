import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { planRuns } from "../../experiments/sweep/plan.ts";
import { sweep } from "../../experiments/sweep/sweep.ts";
import type { Experiment } from "../../experiments/sweep/types.ts";
import { call } from "../helpers/command.ts";
import { inFolder } from "../helpers/folder.ts";

const image = (path: string) =>
  fileURLToPath(new URL(`../../notebooks/images/${path}`, import.meta.url));
const [content, style] = ["content/eilean-donan", "style/church-at-auvers"] as const;

const experiment: Omit<Experiment, "findings"> = {
  question: "Who has a say?",
  defaults: { size: 48, iterations: 2, seeds: 1 },
  grid: () => {
    const settings = { start: "content", styleLayers: ["relu1_1", "relu2_1"] } as const;
    return [
      { name: "plain", settings },
      { name: "lightness", settings: { ...settings, keepColor: "lightness" } },
      { name: "turned", settings: { ...settings, strokeAngle: 45 } },
      { name: "seamless", settings: { ...settings, seamless: true } },
      {
        name: "two styles",
        settings: { ...settings, styleWeights: [0.7, 0.3] },
        further: { style2: image("style/harvest.jpg") },
      },
      {
        name: "regions",
        settings,
        further: {
          contentRegions: image(`${content}.regions.png`),
          styleRegions: image(`${style}.regions.png`),
        },
      },
    ];
  },
};

Deno.test("a sweep takes colours, strokes, several styles and masks; each picture can be made again", () =>
  inFolder(async (output) => {
    const asked = {
      content: image(`${content}.jpg`),
      style: image(`${style}.jpg`),
      size: 48,
      iterations: 2,
      seeds: 1,
      engine: "native",
      output,
    } as const;
    const runs = await planRuns(experiment as Experiment, asked);
    assertEquals(new Set(runs.map(({ file }) => file)).size, 6);
    const rows = await sweep(output, runs, { jobs: 1, retry: false });
    assertEquals(rows.filter(({ status }) => status !== "done"), []);
    const pictures = await Promise.all(
      runs.map(({ file }) => Deno.readFile(join(output, `${file}.png`))),
    );
    const different = new Set(pictures.map((bytes) => bytes.join()));
    assertEquals(different.size, 6, "every setting changes the picture");
    for (const i of [4, 5]) {
      const again = join(output, "again.png");
      const from = join(output, `${runs[i]!.file}.png`);
      const { code, err } = await call("lib/terminal/stylize.ts", ["--from", from, "--out", again]);
      assertEquals(code, 0, err);
      assert((await Deno.readFile(again)).every((byte, k) => byte === pictures[i]![k]));
      await Deno.remove(again);
    }
  }));
