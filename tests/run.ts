/**
 * Runs the tests: `deno task test [FILES or deno test's flags]`. Where JSR does not answer,
 * `@std/assert` is replaced by the stand-in in `tests/offline/`, and the first line says so.
 *
 * @module
 */
const root = new URL("../", import.meta.url);

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
function* testFiles(folder: URL): Generator<string> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(new URL(`${name}/`, folder));
    else if (name.endsWith("_test.ts")) yield new URL(name, folder).href;
  }
}

/** One call of `deno test`: its output is passed on, and its last line read. */
async function runTests(args: string[]): Promise<{ passed: number; failed: number; ok: boolean }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...args],
    cwd: root,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    text = (text + decoder.decode(chunk, { stream: true })).slice(-4000);
  }
  const { success } = await child.status;
  const counts = text.match(/(\d+) passed[^|]*\| (\d+) failed/);
  return { passed: Number(counts?.[1] ?? 0), failed: Number(counts?.[2] ?? 0), ok: success };
}

async function main(args: string[]): Promise<number> {
  const flags = args.filter((arg) => arg.startsWith("-"));
  const named = args.filter((arg) => !arg.startsWith("-"));
  let map: string | undefined;
  if (!(await reachesJsr())) {
    console.log("JSR does not answer: @std/assert is replaced by tests/offline/std_assert.ts");
    map = await Deno.makeTempFile({ suffix: ".json" });
    await writeOfflineMap(map);
    flags.push(`--import-map=${map}`);
  }
  // A process a file: Deno 2.8 crashes when several test files of one process use WebGPU.
  const calls = named.length > 0
    ? named.map((target) => [target])
    : [["--doc", "lib/"], ...[...testFiles(new URL("tests/", root))].map((file) => [file])];
  const total = { passed: 0, failed: 0 };
  const broken: string[] = [];
  try {
    for (const call of calls) {
      const { passed, failed, ok } = await runTests([...flags, ...call]);
      total.passed += passed;
      total.failed += failed;
      if (!ok) broken.push(call.at(-1)!.replace(root.href, ""));
    }
  } finally {
    if (map) await Deno.remove(map);
  }
  for (const file of broken) console.log(`not ok: ${file}`);
  console.log(`${total.passed} passed, ${Math.max(total.failed, broken.length)} failed`);
  return broken.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
