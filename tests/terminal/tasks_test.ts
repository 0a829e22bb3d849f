/**
 * The tasks of `deno.json` have the permissions that they need, and no others.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { ROOT } from "../helpers/command.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";

const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
const commandOf = (task: string): string[] => tasks[task].command.split(" ");

/** Which tasks may start processes, or reach any server: those that are named for it. */
const MAY_RUN = ["experiment:jobs"];
const MAY_REACH_ALL = ["stylize:web"];

const NAMED = ["stylize", "stylize:web", "convert", "judge", "experiment", "experiment:jobs"];
for (const task of NAMED) {
  Deno.test(`deno task ${task} has named permissions`, () => {
    const flags = commandOf(task);
    for (const all of ["-A", "--allow-all"]) assert(!flags.includes(all), all);
    const [mayRun, mayReachAll] = [MAY_RUN.includes(task), MAY_REACH_ALL.includes(task)];
    assertEquals(flags.some((flag) => flag.startsWith("--allow-run")), mayRun);
    assertEquals(flags.includes("--allow-net"), mayReachAll);
  });
}

/** Calls a task's command where nobody can be asked for a permission. */
async function callTask(task: string, args: string[]) {
  const [, run, ...rest] = commandOf(task);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [run!, "--no-prompt", ...rest, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", INIT_CWD: ROOT },
    stdin: "null",
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

const content = "notebooks/images/content/eilean-donan.jpg";
const style = "notebooks/images/style/church-at-auvers.jpg";

Deno.test("deno task stylize paints with these permissions, and says which one is missing", () =>
  inFolder(async (folder) => {
    const flags = ["--out", join(folder, "a.png"), "--size", "32", "-n", "1"];
    const painted = await callTask("stylize", [content, style, ...flags]);
    assertEquals([painted.code, namesIn(folder)], [0, ["a.png"]], painted.err);
    const web = await callTask("stylize", ["http://127.0.0.1:9/a.png", style, ...flags]);
    assertEquals(web.code, 1);
    assertStringIncludes(web.err, "Cannot run as a permission is missing");
    assertStringIncludes(web.err, "stylize:web");
  }));

Deno.test("deno task experiment sweeps with these permissions, and processes need another task", () =>
  inFolder(async (output) => {
    const flags = ["starts", "--seeds", "1", "--size", "32", "-n", "1", "--output", output];
    const swept = await callTask("experiment", flags);
    assertEquals(swept.code, 0, swept.err);
    const others = ["--seeds", "2", "--jobs", "2"];
    const jobs = await callTask("experiment", [...flags.slice(0, 1), ...others, ...flags.slice(3)]);
    assertEquals(jobs.code, 1);
    assertStringIncludes(jobs.err, "experiment:jobs");
    const allowed = await callTask("experiment:jobs", [
      ...flags.slice(0, 1),
      ...others,
      ...flags.slice(3),
    ]);
    assertEquals(allowed.code, 0, allowed.err);
  }));
