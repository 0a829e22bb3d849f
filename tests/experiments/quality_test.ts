import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { quality } from "../../experiments/quality.ts";
import { planRuns } from "../../experiments/sweep/plan.ts";
import { report } from "../../experiments/sweep/report.ts";
import { sweep } from "../../experiments/sweep/sweep.ts";
import type { Options } from "../../experiments/sweep/types.ts";
import { createJudge } from "../../lib/run/judge/judge.ts";
import { loadVgg16 } from "../../lib/network/vgg.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";

const options = (output: string): Options => ({
  content: "unused",
  style: "unused",
  size: 48,
  iterations: 1,
  seeds: 1,
  engine: "native",
  output,
});

Deno.test("quality plans every method on every pair, and the content weight where there is one", () => {
  const points = quality.grid(options("output"));
  assertEquals(points.length, 3 * (4 * 3 + 2));
  assertEquals(new Set(points.map(({ name }) => name)).size, points.length);
  assert(points.every(({ judged }) => judged));
});

Deno.test("quality judges its pictures as the judge does, and shows each pair on a sheet", () =>
  inFolder(async (output) => {
    const some = ["gatys-castle", "nnst-castle", "quick-cat"];
    const few = {
      ...quality,
      grid: (options: Options) => quality.grid(options).filter(({ name }) => some.includes(name)),
    };
    const asked = options(output);
    const runs = await planRuns(few, asked);
    const folder = join(output, "runs");
    await Deno.mkdir(folder);
    const rows = await sweep(folder, runs, { jobs: 1, retry: false });
    assertEquals(
      rows.map(({ name, status }) => [name, status]),
      some.map((name) => [name, "done"]),
    );
    const answer = await report(output, few, rows, asked);
    for (const name of [...some, "Best on the mean of the pairs"]) {
      assertStringIncludes(answer, name);
    }
    assert(!/NaN|undefined/.test(answer), answer);
    const files = namesIn(output);
    assert(
      files.includes("castle.png") && files.includes("cat.png") && files.includes("chart.png"),
    );
    assert(!files.includes("rocket.png"));

    const row = rows[0]!;
    assert(row.status === "done");
    const network = await loadVgg16();
    const picture = await readPicture(join(folder, `${row.file}.png`));
    const content = await readPicture(row.content, { maxSize: 48 });
    const style = await readPicture(row.style, { maxSize: 48 });
    const judged = await (await createJudge(network, content, style, picture))(picture);
    // The file holds whole levels, the run judges before they are rounded.
    assert(Math.abs(judged.style / row.judgment!.style - 1) < 0.02);
    assert(Math.abs(judged.patch / row.judgment!.patch - 1) < 0.02);
    network.dispose();
  }));
