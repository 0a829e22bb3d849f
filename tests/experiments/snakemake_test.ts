/**
 * Sweeps through Snakemake give what `deno task experiment` gives. Where Snakemake is not at hand the
 * tests are left out, and a line says so; `STYLEBOOK_SNAKEMAKE` names it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MEASURED_COLUMNS } from "../../experiments/sweep/report.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const required = Deno.env.get("STYLEBOOK_SNAKEMAKE");
const snakemake = required ?? "snakemake";

async function run(command: string, args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: root }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `${command} ${args.join(" ")}: ${text(stdout)} ${text(stderr)}`);
}

async function isThere(): Promise<boolean> {
  try {
    await run(snakemake, ["--version"]);
    return true;
  } catch (error) {
    if (required) throw error;
    console.log("skipped: sweeps through Snakemake (it is not installed)");
    return false;
  }
}
const ignore = !(await isThere());

const FLAGS: Record<string, string> = { size: "48", iterations: "2", seeds: "1" };

async function results(folder: string): Promise<string> {
  const text = await Deno.readTextFile(join(folder, "starts", "results.csv"));
  return text.split("\n").map((line) => line.split(",").slice(0, -MEASURED_COLUMNS.length).join())
    .join("\n");
}

/** Both ways into two folders. */
async function compare(args: (folder: string) => Promise<string[]>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const [own, other] = [join(folder, "own"), join(folder, "other")];
    const flags = Object.entries(FLAGS).flatMap(([name, value]) => [`--${name}`, value]);
    const script = ["run", "-A", "experiments/experiment.ts", "starts", ...flags];
    await run(Deno.execPath(), [...script, "--output", own]);
    const config = Object.entries(FLAGS).map(([name, value]) => `${name}=${value}`);
    await run(snakemake, [
      ...["-s", "experiments/Snakefile", ...await args(folder), "--nolock", "--config"],
      ...["experiment=starts", ...config, `output=${other}`, `deno=${Deno.execPath()}`],
    ]);
    assertEquals(await results(other), await results(own));
    for (const file of ["contact_sheet.png", "answer.md"]) {
      const read = (folder: string) => Deno.readFile(join(folder, "starts", file));
      assertEquals(await read(other), await read(own), file);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "Snakemake on this machine gives the results of the sweep in one process",
  ignore,
  fn: () => compare(() => Promise.resolve(["--cores", "2"])),
});

Deno.test({
  name: "Snakemake with a submit command gives them as well",
  ignore: ignore || Deno.build.os === "windows",
  fn: () =>
    compare(async (folder) => {
      const submit = join(folder, "submit.sh");
      await Deno.writeTextFile(submit, '#!/bin/sh\nsh "$1" >"$1.log" 2>&1 &\necho $!\n');
      await Deno.chmod(submit, 0o755);
      const executor = ["--executor", "cluster-generic", "--jobs", "2"];
      return [...executor, "--cluster-generic-submit-cmd", submit, "--latency-wait", "20"];
    }),
});
