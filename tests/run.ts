/**
 * Runs the tests: `deno task test [FILES or deno test's flags]`. Where JSR does not answer,
 * `@std/assert` is replaced by the stand-in in `tests/offline/`, and the first line says so.
 *
 * @module
 */
const root = new URL("../", import.meta.url);
const DEFAULT_TARGETS = ["--doc", "lib/", "tests/"];

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

async function main(args: string[]): Promise<number> {
  const flags: string[] = [];
  let map: string | undefined;
  if (!(await reachesJsr())) {
    console.log("JSR does not answer: @std/assert is replaced by tests/offline/std_assert.ts");
    map = await Deno.makeTempFile({ suffix: ".json" });
    await writeOfflineMap(map);
    flags.push(`--import-map=${map}`);
  }
  const named = args.some((arg) => !arg.startsWith("-"));
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", ...flags, ...args, ...(named ? [] : DEFAULT_TARGETS)],
      cwd: root,
    }).spawn().status;
    return code;
  } finally {
    if (map) await Deno.remove(map);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
