/**
 * Answers a question by a sweep: `deno task experiment NAME`. Results go into `output/NAME/`; a second
 * call does only what is missing.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type EngineName, ENGINES } from "../lib/engine/engine.ts";
import { checkOneOf, checkPositiveInteger } from "../lib/base/check.ts";
import { layers } from "./layers.ts";
import { networks } from "./networks.ts";
import { optimizers } from "./optimizers.ts";
import { precision } from "./precision.ts";
import { sizes } from "./sizes.ts";
import { starts } from "./starts.ts";
import { steps } from "./steps.ts";
import { StoppedError } from "./sweep/perform.ts";
import { folderOf, planRuns, runsFolder } from "./sweep/plan.ts";
import { report } from "./sweep/report.ts";
import { collect, sweep } from "./sweep/sweep.ts";
import type { Experiment, Options } from "./sweep/types.ts";
import { weights } from "./weights.ts";

const EXPERIMENTS: Record<string, Experiment> = {
  optimizers,
  layers,
  weights,
  starts,
  sizes,
  steps,
  networks,
  precision,
};

const FLAGS = {
  size: { type: "string" },
  iterations: { type: "string", short: "n" },
  seeds: { type: "string" },
  content: { type: "string", default: "notebooks/images/content/eilean-donan.jpg" },
  style: { type: "string", default: "notebooks/images/style/church-at-auvers.jpg" },
  backend: { type: "string" },
  jobs: { type: "string", default: "1" },
  output: { type: "string", default: "output" },
  retry: { type: "boolean", default: false },
  plan: { type: "boolean", default: false },
  only: { type: "string" },
  report: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const HELP = `Answers a question by many runs over a grid of settings.

Usage: deno task experiment NAME [options]

${Object.entries(EXPERIMENTS).map(([name, e]) => `  ${name.padEnd(12)} ${e.question}`).join("\n")}

Options:
  --size N          longer side of the pictures
  --iterations N    of a run
  --seeds N         runs from different noise at every place of the grid
  --content FILE    --style FILE
  --backend NAME    ${ENGINES.join(", ")}
  --jobs N          processes at the same time (default 1)
  --output FOLDER   default output
  --retry           try again what has failed

For job engines such as Snakemake (experiments/Snakefile):
  --plan            print the runs as JSON
  --only FILE       do a single run of the plan
  --report          write the report from the runs that are there

Written to output/NAME/: results.csv, curves.csv, contact_sheet.png, chart.png, chart.svg, answer.md,
and runs/ with the pictures. Stop it at any time; the same command goes on.`;

/** The command was typed wrongly. */
class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { values, name } = parse(args);
  if (values.help || name === undefined) return console.log(HELP), values.help ? 0 : 2;
  const experiment = EXPERIMENTS[name];
  const count = (flag: "size" | "iterations" | "seeds" | "jobs", fallback: number) => {
    const value = values[flag] === undefined ? fallback : Number(values[flag]);
    return usage(() => (checkPositiveInteger(`run ${name}`, `--${flag}`, value), value));
  };
  const { defaults } = experiment;
  const options: Options = {
    content: values.content,
    style: values.style,
    size: count("size", defaults.size),
    iterations: count("iterations", defaults.iterations),
    seeds: count("seeds", defaults.seeds),
    backend: values.backend,
    output: values.output,
  };
  const folder = folderOf(name, options);
  await Deno.mkdir(runsFolder(name, options), { recursive: true });
  await experiment.prepare?.(folder);
  const runs = await planRuns(experiment, options);
  const chosen = values.only === undefined ? runs : runs.filter(({ file }) => file === values.only);
  if (chosen.length === 0) throw new UsageError(`Cannot run ${values.only}: it is not in the plan`);
  if (values.plan) return console.log(JSON.stringify({ folder, runs }, null, 1)), 0;

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os === "windows" && signal === "SIGTERM") continue;
    Deno.addSignalListener(signal, () => stop.abort());
  }
  const sweepOptions = { jobs: count("jobs", 1), retry: values.retry, signal: stop.signal };
  const place = join(folder, "runs");
  const rows = values.report
    ? await collect(place, runs)
    : await sweep(place, chosen, sweepOptions);
  if (values.only !== undefined) return 0;
  console.log(await report(folder, experiment, rows, options));
  console.log(`Written to ${folder}`);
  if (rows.some(({ status }) => status === "failed")) {
    console.log("--retry tries again what has failed");
  }
  return 0;
}

function parse(args: string[]) {
  const { values, positionals } = usage(() =>
    parseArgs({ args, options: FLAGS, allowPositionals: true })
  );
  usage(() => {
    if (positionals.length > 1) throw new Error("Cannot run more than one experiment at a time");
    if (positionals[0] !== undefined) {
      checkOneOf("run", "the experiment", positionals[0], Object.keys(EXPERIMENTS));
    }
    if (values.backend) checkOneOf("run", "--backend", values.backend as EngineName, ENGINES);
  });
  return { values, name: positionals[0] as string | undefined };
}

function usage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

async function run(args: string[]): Promise<number> {
  try {
    return await main(args);
  } catch (error) {
    if (error instanceof StoppedError) {
      console.error("Stopped; the same command goes on from here");
      return 130;
    }
    console.error((error as Error).message);
    if (!(error instanceof UsageError)) return 1;
    console.error("Try: deno task experiment --help");
    return 2;
  }
}

if (import.meta.main) Deno.exit(await run(Deno.args));
