/**
 * Runs the tests: `deno task test [--quick | --fuzz] [--jobs=N] [FILES or deno test's flags]`. Types are
 * checked first, of all files at once; then each file has a process of its own, as Deno 2.8 crashes when
 * several use WebGPU, and two run at the same time (`tests/schedule.ts`). Where JSR does not answer,
 * `@std/assert` is replaced by the stand-in in `tests/offline/`, and the first line says so; the last
 * lines say what was skipped and what failed.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Outcome, runTests } from "./call.ts";
import { inGroups, isQuick } from "./quick.ts";
import { inTurn, runsAlone } from "./schedule.ts";

const root = new URL("../", import.meta.url);
const tests = new URL("tests/", root);

/** Whether JSR answers, by its page on `@std/assert`. */
async function reachesJsr(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(3000);
    const response = await fetch("https://jsr.io/@std/assert/meta.json", { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Writes the project's import map with the stand-in in place of `@std/assert`. */
async function writeOfflineMap(path: string): Promise<void> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const offline: Record<string, string> = {};
  for (const [name, target] of Object.entries<string>(imports)) {
    offline[name] = target.startsWith("./") ? new URL(target, root).href : target;
    // `deno.json` maps paths below a package by itself, a plain import map must be told.
    if (target.startsWith("npm:")) offline[`${name}/`] = `${target.replace("npm:", "npm:/")}/`;
  }
  offline["@std/assert"] = new URL("./offline/std_assert.ts", import.meta.url).href;
  await Deno.writeTextFile(path, JSON.stringify({ imports: offline }));
}

/** The test files below a folder, in order. */
function* testFiles(folder: URL): Generator<URL> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(new URL(`${name}/`, folder));
    else if (name.endsWith("_test.ts")) yield new URL(name, folder);
  }
}

/** The test files that are named, those in a folder that is named, or all of them. */
function filesOf(named: readonly string[]): URL[] {
  if (named.length === 0) return [...testFiles(tests)];
  return named.flatMap((name) => {
    const path = resolve(fileURLToPath(root), name);
    if (!Deno.statSync(path).isDirectory) return [pathToFileURL(path)];
    return [...testFiles(pathToFileURL(`${path}/`))];
  });
}

/** The types of all files at once: a check for each takes longer than most tests. */
async function checkTypes(flags: readonly string[], files: readonly string[]): Promise<Outcome> {
  const began = performance.now();
  const importMap = flags.filter((flag) => flag.startsWith("--import-map="));
  const args = ["check", "--quiet", ...importMap, ...files];
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).spawn().status;
  const seconds = (performance.now() - began) / 1000;
  return { passed: 0, failed: success ? 0 : 1, ignored: 0, ok: success, skipped: [], seconds };
}

/** Test files, each in a process of its own; of all of them the examples in `lib/` too. */
async function runFiles(
  named: readonly string[],
  flags: readonly string[],
  jobs: number,
): Promise<[string, Outcome][]> {
  const files = filesOf(named);
  const outcomes: [string, Outcome][] = [];
  if (!flags.includes("--no-check")) {
    const paths = named.length === 0 ? ["tests/"] : files.map(({ href }) => href);
    outcomes.push(["types", await checkTypes(flags, paths)]);
    if (!outcomes[0]![1].ok) return outcomes;
  }
  if (named.length === 0) {
    outcomes.push(["documentation", await runTests([...flags, "--doc", "lib/"])]);
  }
  const options = {
    jobs: files.length > 1 ? jobs : 1,
    alone: (file: URL) => runsAlone(Deno.readTextFileSync(file)),
  };
  // Threads of one process would only wait for those of the other.
  const threads = Math.max(1, Math.floor(navigator.hardwareConcurrency / jobs));
  const outcomesOfFiles = await inTurn(files, options, async ({ href }, together) => {
    const env = { STYLEBOOK_THREADS: Deno.env.get("STYLEBOOK_THREADS") ?? `${threads}` };
    const shared = together ? { env, held: true } : {};
    const call = [...new Set([...flags, "--no-check"]), href];
    return [href.replace(root.href, ""), await runTests(call, shared)] as [string, Outcome];
  });
  return [...outcomes, ...outcomesOfFiles];
}

/**
 * Quick tests on one engine and without type checks, in two processes at the same time. Each is a module
 * that imports its tests, so that TensorFlow.js is evaluated once and not for every file.
 */
async function runQuick(flags: string[]): Promise<[string, Outcome][]> {
  const files = [...testFiles(tests)];
  const quick = files.filter((file) => isQuick(file, tests));
  console.log(`skipped: ${files.length - quick.length} of ${files.length} test files, which start`);
  console.log("  processes, load networks or take their time; types; documentation; engines but");
  console.log("  native (all: deno task test)");
  // A thread each, as there are two processes.
  const env = { STYLEBOOK_TEST_ENGINES: "native", STYLEBOOK_QUICK: "1", STYLEBOOK_THREADS: "1" };
  const folder = await Deno.makeTempDir();
  const runGroup = async (group: URL[], i: number): Promise<[string, Outcome]> => {
    const all = `${folder}/quick_${i + 1}_test.ts`;
    await Deno.writeTextFile(all, group.map(({ href }) => `import "${href}";\n`).join(""));
    const args = ["--no-check", "--quiet", "--config=deno.json", ...flags, all];
    return [`quick tests, part ${i + 1}`, await runTests(args, { env, held: true })];
  };
  try {
    return await Promise.all(inGroups(quick, 2).map(runGroup));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(args: string[]): Promise<number> {
  const began = performance.now();
  if (args.includes("--fuzz")) {
    const { fuzz } = await import("./fuzz/fuzz.ts");
    return await fuzz(args.filter((arg) => arg !== "--fuzz"));
  }
  const isQuickRun = args.includes("--quick");
  const jobs = Number(args.find((arg) => arg.startsWith("--jobs="))?.slice("--jobs=".length) ?? 2);
  if (!Number.isInteger(jobs) || jobs < 1) {
    console.error("Cannot run the tests as --jobs must be a positive integer");
    return 2;
  }
  const flags = args.filter((arg) => arg.startsWith("-") && !/^--(quick$|jobs=)/.test(arg));
  const named = args.filter((arg) => !arg.startsWith("-"));
  let map: string | undefined;
  if (!(await reachesJsr())) {
    console.log("JSR does not answer: @std/assert is replaced by tests/offline/std_assert.ts");
    map = await Deno.makeTempFile({ suffix: ".json" });
    await writeOfflineMap(map);
    flags.push(`--import-map=${map}`);
  }
  let outcomes: [string, Outcome][] = [];
  try {
    outcomes = isQuickRun ? await runQuick(flags) : await runFiles(named, flags, jobs);
  } finally {
    if (map) await Deno.remove(map);
  }
  return summarize(outcomes, (performance.now() - began) / 1000);
}

/** How many files are named for the time that they took. */
const SLOWEST = 10;

/** Says what was skipped, what failed and how many passed; the exit code. */
function summarize(outcomes: [string, Outcome][], seconds: number): number {
  const sum = (key: "passed" | "failed" | "ignored") =>
    outcomes.reduce((total, [, outcome]) => total + outcome[key], 0);
  const broken = outcomes.filter(([, { ok }]) => !ok);
  for (const line of new Set(outcomes.flatMap(([, { skipped }]) => skipped))) console.log(line);
  if (sum("ignored") > 0) console.log(`skipped: ${sum("ignored")} tests that are marked so`);
  if (outcomes.length > SLOWEST) {
    const slowest = outcomes.toSorted(([, a], [, b]) => b.seconds - a.seconds).slice(0, SLOWEST);
    const shown = slowest.map(([name, { seconds }]) => `${name} ${seconds.toFixed(0)} s`);
    console.log(`slowest: ${shown.join(", ")}`);
  }
  for (const [name, { trouble }] of broken) {
    console.log(`not ok: ${name}${trouble ? `, ${trouble}` : ""}`);
  }
  const failed = Math.max(sum("failed"), broken.length);
  console.log(`${sum("passed")} passed, ${failed} failed, ${seconds.toFixed(0)} s`);
  return broken.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
