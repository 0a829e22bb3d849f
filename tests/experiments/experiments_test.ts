import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { MEASURED_COLUMNS } from "../../experiments/sweep/report.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { readRecipe } from "../../lib/recipe/recipe.ts";
import { call, command } from "../helpers/command.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";

const SCRIPT = "experiments/experiment.ts";
const experiment = (args: string[], env?: Record<string, string>) => call(SCRIPT, args, env);

/** `results.csv` without the columns that differ from one execution to the next. */
async function results(folder: string): Promise<string> {
  const text = await Deno.readTextFile(join(folder, "results.csv"));
  return text.split("\n").map((line) => line.split(",").slice(0, -MEASURED_COLUMNS.length).join())
    .join("\n");
}

/** How many runs each has with one seed (two for `starts`) and two iterations. */
const RUNS: Record<string, number> = {
  optimizers: 35,
  layers: 25,
  weights: 15,
  starts: 8,
  sizes: 12,
  steps: 10,
  precision: 6,
};

for (const [name, count] of Object.entries(RUNS)) {
  Deno.test(`experiment ${name} writes table, sheet, charts and answer`, () =>
    inFolder(async (output) => {
      const seeds = name === "starts" ? "2" : "1";
      const flags = ["--size", "48", "-n", "2", "--seeds", seeds, "--output", output];
      const { code, out, err } = await experiment([name, ...flags]);
      assertEquals(code, 0, err);
      const folder = join(output, name);
      const files = ["answer.md", "chart.png", "chart.svg", "contact_sheet.png", "results.csv"];
      for (const file of files) assert(namesIn(folder).includes(file), `${file} is missing`);
      const rows = (await results(folder)).trim().split("\n");
      assertEquals(rows.length, 1 + count);
      assertEquals(rows.slice(1).filter((row) => row.split(",")[1] !== "done"), []);
      assert((await readPicture(join(folder, "contact_sheet.png"))).width > 300);
      const answer = await Deno.readTextFile(join(folder, "answer.md"));
      assertStringIncludes(out, answer);
      assert(!/NaN|undefined|nothing|Infinity/.test(answer), answer);
      assertEquals(namesIn(join(folder, "runs")).length, 2 * count);
    }));
}

Deno.test("runs that fail are recorded, do not stop the others, and can be tried again", () =>
  inFolder(async (output) => {
    // An empty cache and no way to the web: Inception 5h has no weights.
    const env = { STYLEBOOK_CACHE: join(output, "cache"), HTTPS_PROXY: "http://127.0.0.1:9" };
    const flags = ["networks", "--size", "48", "-n", "1", "--seeds", "1", "--output", output];
    const first = await experiment(flags, env);
    assertEquals(first.code, 0, first.err);
    const folder = join(output, "networks");
    const statuses = async () =>
      (await results(folder)).trim().split("\n").slice(1).map((row) => row.split(",")[1]);
    const expected = [...Array(6).fill("done"), ...Array(3).fill("failed")];
    assertEquals(await statuses(), expected);
    const answer = await Deno.readTextFile(join(folder, "answer.md"));
    assertStringIncludes(answer, "No run of inception5h came to its end");
    assertStringIncludes(answer, "Cannot download");
    assertStringIncludes((await experiment(flags, env)).out, "9 of 9 runs are there already");
    assertStringIncludes((await experiment([...flags, "--retry"], env)).out, "6 of 9 runs are");
  }));

/** Waits until some runs have ended. */
async function waitForRuns(folder: string, count: number): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    const ended = await Deno.stat(folder).then(
      () => namesIn(folder).filter((name) => name.endsWith(".json")).length,
      () => 0,
    );
    if (ended >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no run has ended within a minute");
}

for (const jobs of ["1", "2"]) {
  Deno.test({
    name: `a sweep with --jobs ${jobs} that is killed goes on, to the same results`,
    ignore: Deno.build.os === "windows", // no such signal there
    fn: () =>
      inFolder(async (output) => {
        const flags = (
          folder: string,
        ) => ["weights", "--size", "48", "-n", "3", "--output", join(output, folder)];
        const folder = join(output, "killed", "weights");
        const child = command(SCRIPT, [...flags("killed"), "--jobs", jobs]).spawn();
        await waitForRuns(join(folder, "runs"), 4);
        child.kill("SIGKILL");
        await child.output();
        const there = namesIn(join(folder, "runs")).filter((name) => name.endsWith(".json"));
        assert(there.length < 15, "it was killed too late to show anything");
        // What a process left that died while it wrote, two hours ago.
        const left = ".stylebook-0123456789ab.tmp";
        await Deno.writeTextFile(join(folder, "runs", left), '{"sta');
        const then = new Date(Date.now() - 7.2e6);
        await Deno.utime(join(folder, "runs", left), then, then);
        // A cut file, and a picture that is gone: such runs are done again.
        await Deno.writeTextFile(join(folder, "runs", there[0]!), '{"sta');
        await Deno.remove(join(folder, "runs", there[1]!.replace(".json", ".png")));

        const again = await experiment([...flags("killed"), "--jobs", jobs]);
        assertEquals(again.code, 0, again.err);
        assert(/[0-9]+ of 15 runs are there already/.test(again.out), again.out);
        assert(!namesIn(join(folder, "runs")).includes(left));

        const whole = await experiment(flags("whole"));
        assertEquals(whole.code, 0, whole.err);
        const other = join(output, "whole", "weights");
        assertEquals(await results(folder), await results(other));
        for (const name of namesIn(join(other, "runs")).filter((name) => name.endsWith(".png"))) {
          const read = (folder: string) => Deno.readFile(join(folder, "runs", name));
          assertEquals(await read(folder), await read(other), name);
        }
      }),
  });
}

Deno.test("every picture of a sweep can be made again by stylize --from", () =>
  inFolder(async (output) => {
    const flags = ["--size", "48", "-n", "2", "--seeds", "1", "--output", output];
    const { code, err } = await experiment(["starts", ...flags]);
    assertEquals(code, 0, err);
    const folder = join(output, "starts", "runs");
    for (const name of namesIn(folder).filter((name) => name.endsWith(".png")).slice(0, 2)) {
      const path = join(folder, name);
      const { settings, engine, version } = await readRecipe(path);
      assertEquals([settings.size, settings.seed, settings.stepSize], [48, 1, 10]);
      assert(engine !== "" && version !== "");
      const again = join(folder, "again.png");
      const stylize = await call("lib/terminal/stylize.ts", ["--from", path, "--out", again]);
      assertEquals(stylize.code, 0, stylize.err);
      assertEquals(await Deno.readFile(again), await Deno.readFile(path), name);
    }
  }));

const WRONG: [string, string[], string][] = [
  ["an unknown experiment", ["colours"], "optimizers, layers"],
  ["two experiments", ["layers", "steps"], "more than one"],
  ["a size that is no number", ["layers", "--size", "big"], "--size"],
  ["an unknown flag", ["layers", "--colour"], "--colour"],
  ["an unknown engine", ["layers", "--backend", "tpu"], "native"],
  ["a run that is not planned", ["starts", "--only", "x.1"], "must be in the plan"],
  ["more seeds than memory", ["starts", "--seeds", "1000000000", "--plan"], "--seeds"],
];
Deno.test("experiment ends with 1 when every run has failed, and with 143 when it is killed", () =>
  inFolder(async (output) => {
    const page = join(output, "page.jpg");
    await Deno.writeTextFile(page, "<html>");
    const flags = ["starts", "--seeds", "1", "--size", "48", "--output", output];
    const { code, out } = await experiment([...flags, "-n", "1", "--content", page]);
    assertEquals(code, 1, out);
    assertStringIncludes(out, "--retry");
    if (Deno.build.os === "windows") return;
    const child = command(SCRIPT, [...flags, "-n", "500"]).spawn();
    await waitForRuns(join(output, "starts", "runs"), 4);
    child.kill("SIGTERM");
    assertEquals((await child.output()).code, 143);
  }));

for (const [what, args, message] of WRONG) {
  Deno.test(`experiment with ${what} exits with 2 and says why`, () =>
    inFolder(async (output) => {
      const { code, err } = await experiment([...args, "--output", output]);
      assertEquals(code, 2, err);
      assertStringIncludes(err, message);
    }));
}

Deno.test("experiment --report says what is missing", () =>
  inFolder(async (output) => {
    const flags = ["--size", "48", "-n", "2", "--output", output];
    const { code, err } = await experiment(["starts", "--report", ...flags]);
    assertEquals(code, 1);
    assertStringIncludes(err, "every run must have ended: missing is noise-iterations-1");
  }));
