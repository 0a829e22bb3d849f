/**
 * How long does a step take, and how much memory, on each engine at hand and at each size?
 *
 * `deno task bench` prints a table and writes `output/bench/results.json`; `--pytorch` measures the
 * same step in PyTorch in turn with the native engine and prints the ratios. Every measurement is a
 * process of its own; of `--rounds` of them the median is taken.
 *
 * @module
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { cannot, checkOneOf, checkPositiveInteger } from "../lib/base/check.ts";
import {
  exitCodeOf,
  type Flag,
  flagHelp,
  parseCommand,
  usage,
  UsageError,
} from "../lib/terminal/command.ts";
import { benchQuality } from "./bench_quality.ts";
import { benchTiles } from "./bench_tiles.ts";
import { endTogether, measured, middle, outputOf } from "./measured.ts";

const root = new URL("../", import.meta.url);
const HELP = `Measures a step: VGG-16, content, style and denoise loss, gradient, Adam.

  deno task bench                          the engine that a run would get, 128 to 512 px
  deno task bench --pytorch                native, and the same in PyTorch, in turn, with ratios
  deno task bench --pytorch --backend webgpu --device cuda    both on the same NVIDIA card
  deno task bench --sizes 256,1024 --rounds 3 --steps 5 --backend native --preset tutorial

  deno task bench --backend webgpu --read-every 10    losses are read as seldom as in a run on a GPU

  deno task bench --quality                whole pictures at 512 px, judged; --presets quick,painting

  deno task bench --tiles none,512,256 --sizes 1024,2048    a step as a whole and in tiles

  deno task bench --estimate               what a run is said to take beside what it takes

PyTorch runs in .venv-pytorch, made at the first call (--python FILE takes another interpreter).`;

const FLAGS = {
  sizes: { value: "LIST", help: "sides of the pictures in pixels" },
  steps: { value: "N", help: "steps of which the median is taken" },
  rounds: { value: "N", help: "processes of which the median is taken" },
  backend: { value: "NAME", help: "native, webgpu or cpu" },
  preset: { value: "NAME", help: "gatys or tutorial; with --estimate quick or painting, too" },
  "read-every": { value: "N", help: "steps between two looks at the losses" },
  quality: { help: "whole pictures, judged" },
  presets: { value: "LIST", help: "presets for --quality" },
  pytorch: { help: "PyTorch in turn" },
  estimate: { help: "estimates beside runs" },
  tiles: { value: "LIST", help: "sides of tiles, or none" },
  python: { value: "FILE", help: "an interpreter that has PyTorch" },
  device: { value: "NAME", help: "PyTorch's: cpu or cuda" },
  help: { short: "h", help: "this text" },
} satisfies Record<string, Flag>;

const DEFAULTS = {
  sizes: "128,256,512",
  steps: "7",
  rounds: "3",
  preset: "gatys",
  "read-every": "1",
  presets: "quick,painting,nnst,strotss",
  device: "cpu",
};

/** The presets of which a step is measured, and those of which a run is estimated. */
const STEPPED = ["gatys", "tutorial"];
const ESTIMATED = [...STEPPED, "quick", "painting"];

type Options = typeof DEFAULTS & Partial<Record<keyof typeof FLAGS, string>>;

/** What was typed, or the defaults. @throws {UsageError} */
function optionsOf(args: readonly string[]): Options {
  const { values, words } = parseCommand<keyof typeof FLAGS>(args, FLAGS);
  if (words[0] !== undefined) {
    throw new UsageError(cannot("run", "flags alone are known", words[0]));
  }
  const options = { ...DEFAULTS, ...values };
  const checkCount = (name: "sizes" | "steps" | "rounds" | "read-every", text: string) =>
    usage(() => checkPositiveInteger("run", `--${name}`, Number(text)));
  for (const size of options.sizes.split(",")) checkCount("sizes", size);
  for (const name of ["steps", "rounds", "read-every"] as const) checkCount(name, options[name]);
  const presets = options.estimate ? ESTIMATED : STEPPED;
  usage(() => checkOneOf("run", "--preset", options.preset, presets));
  return options;
}

type Measured = {
  engine?: string;
  median: number;
  q1: number;
  q3: number;
  first: number;
  peak_bytes: number;
};
type Row = { who: string; size: number; runs: Measured[] };

/** The interpreter that has PyTorch, in an environment made on demand. */
async function findPython(values: Options): Promise<string> {
  if (values.python) return values.python;
  const venv = new URL(".venv-pytorch/", root);
  const windows = Deno.build.os === "windows";
  const python = fileURLToPath(new URL(windows ? "Scripts/python.exe" : "bin/python", venv));
  const call = async (command: string, args: string[]) => {
    const { success } = await new Deno.Command(command, { args, cwd: root }).spawn().status;
    if (!success) throw new Error(`Cannot set up PyTorch as ${command} ${args.join(" ")} failed`);
  };
  try {
    await Deno.stat(python);
  } catch {
    console.log("Setting up PyTorch in .venv-pytorch (once)");
    await call(windows ? "python" : "python3", ["-m", "venv", fileURLToPath(venv)]);
  }
  await call(python, ["-m", "pip", "install", "-q", "-r", "tests/reference/requirements.txt"]);
  return python;
}

const of = (row: Row, key: "median" | "q1" | "q3" | "first" | "peak_bytes") =>
  middle(row.runs.map((run) => run[key]));

async function measure(values: Options): Promise<void> {
  const python = values.pytorch ? await findPython(values) : undefined;
  const threads = cpus().length;
  console.log(
    `${cpus()[0]!.model}, ${threads} threads, Deno ${Deno.version.deno}, preset ${values.preset}`,
  );
  if (values.quality) {
    const presets = values.presets.split(",");
    return await keep({ quality: await benchQuality(presets, "512", Number(values.rounds)) });
  }
  const sizes = values.sizes.split(",");
  const common = ["--steps", values.steps, "--preset", values.preset];
  // Beside PyTorch on the processor: to look for a GPU takes memory, too.
  const usual = python && values.device === "cpu" ? "native" : "auto";
  const backend = ["--backend", values.backend ?? usual];
  if (values.tiles) {
    const tiles = values.tiles.split(",");
    return await keep({ tiles: await benchTiles(sizes, tiles, [...backend, ...common]) });
  }
  const rows: Row[] = [];
  for (const size of sizes.map(Number)) {
    const own: Row = { who: "stylebook", size, runs: [] };
    const other: Row = { who: "pytorch", size, runs: [] };
    const settings = ["--size", `${size}`, ...common];
    for (let round = 0; round < Number(values.rounds); round++) {
      const script = ["run", "-A", "experiments/bench_step.ts", ...backend];
      script.push("--read-every", values["read-every"]);
      own.runs.push(await measured<Measured>(Deno.execPath(), [...script, ...settings]));
      if (!python) continue;
      const reference = ["tests/reference/pytorch_step.py", "--threads", `${threads}`];
      reference.push("--device", values.device);
      other.runs.push(await measured<Measured>(python, [...reference, ...settings]));
    }
    own.who = own.runs[0]!.engine ?? own.who;
    rows.push(own, ...(python ? [other] : []));
    print(own, python ? other : undefined);
  }
  await keep({ rows });
}

async function keep(results: object): Promise<void> {
  await Deno.mkdir(new URL("output/bench/", root), { recursive: true });
  const file = new URL("output/bench/results.json", root);
  const date = new Date().toISOString();
  await Deno.writeTextFile(file, JSON.stringify({ date, ...results }, null, 1));
  console.log(`Written to ${fileURLToPath(file)}`);
}

function print(own: Row, other?: Row): void {
  for (const row of other ? [own, other] : [own]) {
    const [median, q1, q3, first] = (["median", "q1", "q3", "first"] as const)
      .map((key) => of(row, key).toFixed(3));
    const peak = (of(row, "peak_bytes") / 1e6).toFixed(0);
    console.log(
      `${String(row.size).padStart(5)} px  ${row.who.padEnd(10)} ${median} s a step ` +
        `(quartiles ${q1}–${q3}), first ${first} s, peak ${peak} MB`,
    );
  }
  if (!other) return;
  const ratio = (key: "median" | "peak_bytes") =>
    middle(own.runs.map((run, i) => run[key] / other.runs[i]![key])).toFixed(2);
  console.log(`          ratio to PyTorch: time ${ratio("median")}, memory ${ratio("peak_bytes")}`);
}

/** Estimates beside runs, each in a process of its own; on a quiet machine they agree within 25 %. */
async function compareEstimates(values: Options): Promise<void> {
  for (const size of values.sizes.split(",")) {
    const script = ["run", "-A", "experiments/bench_estimate.ts", "--size", size];
    const settings = ["--backend", values.backend ?? "auto", "--preset", values.preset];
    console.log(await outputOf(Deno.execPath(), [...script, ...settings]));
  }
}

async function main(): Promise<number> {
  const values = optionsOf(Deno.args);
  endTogether();
  if (values.help) console.log(`${HELP}\n\n${flagHelp(FLAGS)}`);
  else if (values.estimate) await compareEstimates(values);
  else await measure(values);
  return 0;
}

Deno.exit(await exitCodeOf("bench", main));
