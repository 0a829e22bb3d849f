/**
 * Answers a question by a sweep: `deno task experiment NAME`. Results go into `output/NAME/`; a second
 * call does only what is missing.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cannot, checkOneOf, checkPositiveInteger, describe } from "../lib/base/check.ts";
import { type EngineName, ENGINES } from "../lib/engine/engine.ts";
import {
  EXIT_CODES,
  exitCodeOf,
  type Flag,
  flagHelp,
  parseCommand,
  placeOf,
  stopOnSignals,
  usage,
  UsageError,
} from "../lib/terminal/command.ts";
import { layers } from "./layers.ts";
import { networks } from "./networks.ts";
import { optimizers } from "./optimizers.ts";
import { originals } from "./originals.ts";
import { precision } from "./precision.ts";
import { quality } from "./quality.ts";
import { sizes } from "./sizes.ts";
import { starts } from "./starts.ts";
import { steps } from "./steps.ts";
import { StoppedError } from "./sweep/perform.ts";
import { folderOf, planRuns, runsFolder } from "./sweep/plan.ts";
import { report } from "./sweep/report.ts";
import { collect, sweep } from "./sweep/sweep.ts";
import type { Experiment, Options, Row } from "./sweep/types.ts";
import { weights } from "./weights.ts";

const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  optimizers,
  layers,
  weights,
  starts,
  sizes,
  steps,
  networks,
  precision,
  quality,
  originals,
};

const IMAGES = "notebooks/images";
const FLAGS = {
  size: { value: "N", help: "longer side of the pictures" },
  iterations: { short: "n", value: "N", help: "of a run" },
  seeds: { value: "N", help: "runs from different noise at every place of the grid" },
  content: { value: "FILE", help: `the content image (${IMAGES}/content/eilean-donan.jpg)` },
  style: { value: "FILE", help: `the style image (${IMAGES}/style/church-at-auvers.jpg)` },
  engine: { value: "NAME", help: ENGINES.join(", ") },
  jobs: { value: "N", help: "processes at the same time (1)" },
  output: { value: "FOLDER", help: "where NAME/ goes (output)" },
  retry: { help: "try again what has failed" },
} as const satisfies Record<string, Flag>;

const JOB_FLAGS = {
  plan: { help: "print the runs as JSON" },
  only: { value: "FILE", help: "do a single run of the plan" },
  report: { help: "write the report from the runs that are there" },
  help: { short: "h", help: "print this" },
} as const satisfies Record<string, Flag>;

const HELP = `Answers a question by many runs over a grid of settings.

Usage: deno task experiment NAME [options]

${Object.entries(EXPERIMENTS).map(([name, e]) => `  ${name.padEnd(12)} ${e.question}`).join("\n")}

Options (what is in brackets is meant unless given; --backend counts as --engine):
${flagHelp(FLAGS)}

For job engines such as Snakemake (experiments/Snakefile):
${flagHelp(JOB_FLAGS)}

--jobs starts further processes. A terminal asks whether it may; elsewhere use the task experiment:jobs.

Written to output/NAME/: results.csv, curves.csv, contact_sheet.png, chart.png, chart.svg, answer.md,
and runs/ with the pictures. Stop it at any time; the same command goes on.

${EXIT_CODES}.
`;

const BACKEND = { backend: { value: "NAME", help: "" } } as const;
type FlagName = keyof typeof FLAGS | keyof typeof JOB_FLAGS | "backend";

/** No more seeds than anybody needs: a plan is held in memory. */
const MOST_SEEDS = 1000;

function readCommand(args: string[]) {
  const { values, words } = parseCommand<FlagName>(args, { ...FLAGS, ...JOB_FLAGS, ...BACKEND });
  return usage(() => {
    const engine = values.engine ?? values.backend;
    if (engine !== undefined) checkOneOf("run", "--engine", engine, ENGINES as string[]);
    if (words.length > 1) {
      throw new UsageError(
        cannot("run", "only one experiment may be named, not more than one", describe(words)),
      );
    }
    const [name] = words;
    if (name !== undefined) checkOneOf("run", "the experiment", name, Object.keys(EXPERIMENTS));
    const count = (flag: "size" | "iterations" | "seeds" | "jobs", fallback: number) => {
      const value = values[flag] === undefined ? fallback : Number(values[flag]);
      checkPositiveInteger("run", `--${flag}`, value);
      return value;
    };
    const defaults = EXPERIMENTS[name ?? "steps"]!.defaults;
    const place = (text: string | undefined, fallback: string) =>
      text === undefined
        ? fileURLToPath(new URL(`../${fallback}`, import.meta.url))
        : placeOf(text);
    const options: Options = {
      content: place(values.content, `${IMAGES}/content/eilean-donan.jpg`),
      style: place(values.style, `${IMAGES}/style/church-at-auvers.jpg`),
      size: count("size", defaults.size),
      iterations: count("iterations", defaults.iterations),
      seeds: count("seeds", defaults.seeds),
      engine: engine as EngineName | undefined,
      output: place(values.output, "output"),
    };
    if (options.seeds > MOST_SEEDS) {
      const rule = `--seeds must be at most ${MOST_SEEDS}`;
      throw new UsageError(cannot("run", rule, `${options.seeds}`));
    }
    return { values, name, options, jobs: count("jobs", 1) };
  });
}

async function main(args: string[]): Promise<number> {
  const { values, name, options, jobs } = readCommand(args);
  if (values.help || name === undefined) return console.log(HELP), values.help ? 0 : 2;
  const experiment = EXPERIMENTS[name]!;
  const folder = folderOf(name, options);
  await Deno.mkdir(runsFolder(name, options), { recursive: true });
  await experiment.prepare?.(folder);
  const runs = await planRuns(experiment, options);
  const chosen = values.only === undefined ? runs : runs.filter(({ file }) => file === values.only);
  if (chosen.length === 0) {
    throw new UsageError(cannot("run", "--only must be in the plan", describe(values.only)));
  }
  if (values.plan) return console.log(JSON.stringify({ folder, runs }, null, 1)), 0;

  const stop = stopOnSignals();
  let rows: Row[];
  try {
    rows = values.report
      ? await collect(join(folder, "runs"), runs)
      : await sweep(join(folder, "runs"), chosen, {
        jobs,
        retry: values.retry !== undefined,
        signal: stop.signal,
      });
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    console.error("Stopped; the same command goes on from here");
    return stop.code() ?? 1;
  }
  if (values.only !== undefined) return 0;
  console.log(await report(folder, experiment, rows, options));
  console.log(`Written to ${folder}`);
  const failed = rows.filter(({ status }) => status === "failed").length;
  if (failed > 0) console.log("--retry tries again what has failed");
  return failed === rows.length ? 1 : 0;
}

if (import.meta.main) Deno.exit(await exitCodeOf("experiment", () => main(Deno.args)));
