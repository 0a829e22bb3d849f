import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { originals } from "../../experiments/originals.ts";
import { planRuns } from "../../experiments/sweep/plan.ts";
import { report } from "../../experiments/sweep/report.ts";
import { sweep } from "../../experiments/sweep/sweep.ts";
import type { Options } from "../../experiments/sweep/types.ts";
import { PRESET_NETWORKS } from "../../lib/run/presets.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";

const image = (path: string) =>
  fileURLToPath(new URL(`../../notebooks/images/${path}`, import.meta.url));
const options = (output: string): Options => ({
  content: image("content/eilean-donan.jpg"),
  style: image("style/church-at-auvers.jpg"),
  size: 48,
  iterations: 2,
  seeds: 1,
  engine: "native",
  output,
});

Deno.test("originals plans every preset that speaks for a program, through its network", () => {
  const points = originals.grid(options("output"));
  const names = points.map(({ name }) => name);
  assertEquals(Object.keys(PRESET_NETWORKS).filter((name) => !names.includes(name)), []);
  for (const { name, settings } of points) {
    assertEquals(settings.network, PRESET_NETWORKS[name] ?? "vgg16");
    assert([settings.iterations ?? 0].flat().every((count) => count <= 2), name);
  }
});

Deno.test("originals shows its pictures on one sheet, with seconds and what the judge says", () =>
  inFolder(async (output) => {
    const some = ["kerasExample", "tutorial"];
    const few = {
      ...originals,
      grid: (options: Options) => originals.grid(options).filter(({ name }) => some.includes(name)),
    };
    const asked = options(output);
    const folder = join(output, "runs");
    await Deno.mkdir(folder);
    const rows = await sweep(folder, await planRuns(few, asked), { jobs: 1, retry: false });
    assertEquals(
      rows.map(({ name, status }) => [name, status]).sort(),
      some.map((name) => [
        name,
        "done",
      ]),
    );
    const answer = await report(output, few, rows, asked);
    for (const text of [...some, "Best of 2 presets", "seconds"]) {
      assertStringIncludes(answer, text);
    }
    assert(!/NaN|undefined/.test(answer), answer);
    for (const name of ["programs.png", "contact_sheet.png", "chart.png"]) {
      assert(namesIn(output).includes(name), name);
    }
  }));
