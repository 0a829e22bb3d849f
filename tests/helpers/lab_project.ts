/**
 * A project of its own for the tests of `deno task lab`, with stand-ins for uv, Python and JupyterLab:
 * shell scripts that note what they were asked for.
 *
 * @module
 */
import { join } from "node:path";
import { ROOT } from "./command.ts";
import { inFolder } from "./folder.ts";
import { notebook } from "./notebook_helper.ts";

/** A Python that works as far as the set-up and the start of JupyterLab need it. */
export const PYTHON = `case "$*" in
  -c*version_info*) echo 3.11;;
  -c*find_spec*) exit 0;;
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";;
  *"pip install"*) echo "pip $*" >> "$LOG";;
  *jupyterlab*) for word in "$@"; do echo "$word" >> "$LOG"; done; echo up; eval "$SERVER";;
esac`;

/** A uv that makes the same environment. */
export const UV = `case "$*" in
  venv*) for folder in "$@"; do :; done; mkdir -p "$folder/bin"; cp "$STUBS/python3" "$folder/bin/python";;
  "pip install"*) echo "uv $*" >> "$LOG";;
esac`;

/** A project of its own, with programs of its own. */
export type Project = {
  root: string;
  stamp: string;
  lab(args: string[], env?: Record<string, string>): Deno.ChildProcess;
  /** Runs to the end; the exit code and what was printed as errors. */
  labOutput(args: string[]): Promise<{ code: number; said: string }>;
  /** What the stand-ins were asked for. */
  asked(): string[];
};

/** Calls `body` with a project in which only `programs` (scripts by name) are on the PATH. */
export async function withProject(
  programs: Record<string, string>,
  body: (project: Project) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const root = join(folder, "project");
    const stubs = join(folder, "bin");
    const log = join(folder, "log");
    const tools = join(root, "notebooks", "tools");
    Deno.mkdirSync(stubs);
    Deno.writeTextFileSync(log, "");
    for (const from of [join("notebooks", "tools"), join("lib", "base")]) {
      Deno.mkdirSync(join(root, from), { recursive: true });
      for (const { name } of Deno.readDirSync(join(ROOT, from))) {
        if (name.includes(".")) Deno.copyFileSync(join(ROOT, from, name), join(root, from, name));
      }
    }
    for (const name of ["00_style_transfer", "04_start", "05_size"]) {
      Deno.writeTextFileSync(join(root, "notebooks", `${name}.ipynb`), notebook(["1"]));
    }
    const write = (path: string, script: string) => {
      Deno.writeTextFileSync(path, `#!/bin/sh\n${script}\n`);
      Deno.chmodSync(path, 0o755);
    };
    for (const [name, script] of Object.entries(programs)) write(join(stubs, name), script);
    for (const name of ["mkdir", "cp", "sleep", "sh"]) {
      write(join(stubs, name), `exec /bin/${name} "$@"`);
    }
    const lab = (args: string[], env: Record<string, string> = {}) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-config", "--quiet", join(tools, "lab.ts"), ...args],
        cwd: folder,
        clearEnv: true,
        env: { PATH: stubs, HOME: folder, LOG: log, STUBS: stubs, SERVER: "exit 0", ...env },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    await body({
      root,
      stamp: join(root, ".venv", "stylebook.json"),
      lab,
      async labOutput(args) {
        const { code, stdout, stderr } = await lab(args).output();
        const decoder = new TextDecoder();
        return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
      },
      asked: () => Deno.readTextFileSync(log).split("\n").filter((line) => line !== ""),
    });
  });
}
