/**
 * `deno task notebooks`: executes the notebooks afresh and keeps their outputs.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { setUp } from "./environment.ts";
import { execute } from "./execute.ts";
import { findNotebook, listNotebooks, shown } from "./notebook_files.ts";

const HELP = `Executes the notebooks, each in a fresh kernel, and keeps their outputs.

  deno task notebooks                  all of them, in place
  deno task notebooks 00 04            some, by number, name or path
  deno task notebooks --output DIR     write to another folder instead
  deno task notebooks --again          run each cell twice, as a reader does
  deno task notebooks --restore 00     bring back the committed state, cells and outputs

A notebook that fails, or grows over 1.5 MB, keeps its old file. For a quick look, sizes and
iterations are taken from the variables STYLEBOOK_SIZE and STYLEBOOK_ITERATIONS.`;

/** GitHub shows larger notebooks badly, and every clone carries them. */
const LIMIT = 1_500_000;

/** No cell of ours needs longer; one that does hangs. */
const CELL_SECONDS = 1200;

/** Brings notebooks back as they are committed; those that are as they were are not named. */
async function restore(paths: string[]): Promise<number> {
  let code = 0;
  for (const path of paths) {
    const cwd = dirname(path);
    const git = async (...args: string[]) => {
      const { success, stdout, stderr } = await new Deno.Command("git", {
        args: [...args, "--", basename(path)],
        cwd,
      }).output();
      return { success, said: new TextDecoder().decode(success ? stdout : stderr).trim() };
    };
    const { said: changed } = await git("diff", "--name-only", "HEAD");
    const { success, said } = await git("restore", "--source=HEAD", "--staged", "--worktree");
    if (!success) {
      console.error(`Cannot restore ${shown(path)} as git says: ${said}`);
      code = 1;
    } else if (changed !== "") console.log(`Restored ${shown(path)}`);
  }
  return code;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      output: { type: "string", short: "o" },
      again: { type: "boolean" },
      restore: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const chosen = positionals.length > 0 ? positionals.map(findNotebook) : listNotebooks();
  if (values.restore) return await restore(chosen);
  const folder = values.output && resolve(Deno.env.get("INIT_CWD") ?? ".", values.output);

  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os === "windows" && name === "SIGTERM") continue;
    Deno.addSignalListener(name, () => stop.abort());
  }
  const { signal } = stop;
  const environment = await setUp({ log: console.error, signal });
  const failed: string[] = [];
  for (const path of chosen) {
    const target = folder ? join(folder, basename(path)) : path;
    const keepFailed = folder !== undefined;
    const options = {
      limit: LIMIT,
      timeout: CELL_SECONDS,
      keepFailed,
      again: values.again,
      signal,
    };
    const code = await execute(environment, path, target, options);
    if (code !== 0) failed.push(basename(path));
    if (signal.aborted) return 130;
  }
  if (failed.length > 0) console.error(`Failed: ${failed.join(", ")}`);
  return failed.length > 0 ? 1 : 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(2);
}
