/**
 * The Python side of the notebooks: JupyterLab and the Deno kernel in `.venv`, inside the project.
 *
 * `setUp()` makes the environment once, with uv where it is installed and with `python3 -m venv` and
 * pip elsewhere. A stamp, written last, says that it is whole; without it the next start makes it
 * again. Nothing outside the project is written: the kernel is described by our own `kernel.json`,
 * not by `deno jupyter --install`, which writes to the home folder.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../../lib/base/files.ts";
import { duration } from "../../lib/base/words.ts";
import { KERNEL_DENO, kernelSpec } from "./kernel.ts";
import { makePython, SetUpError } from "./python.ts";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");

/** A finished environment: full paths. */
export type Environment = {
  /** The project's folder. */
  root: string;
  /** The interpreter in `.venv`. */
  python: string;
  /** The Deno that the kernel runs. */
  deno: string;
  /** Whether this call had to set something up. */
  fresh: boolean;
};

/** Options of {@linkcode setUp}. */
export type SetUpOptions = {
  /** Takes the lines of progress; nothing is said when nothing is done. */
  log?: (line: string) => void;
  /** Ends the set-up and the programs that it started. */
  signal?: AbortSignal;
};

/**
 * Makes `.venv` unless it is there, whole and current, and describes the kernel in it.
 *
 * @throws {SetUpError} when there is no usable Python, no network, or a `.venv` that is not ours; the
 * message holds the remedy
 */
export async function setUp({ log = () => {}, signal }: SetUpOptions = {}): Promise<Environment> {
  const here = join(ROOT, "notebooks", "tools");
  const venv = join(ROOT, ".venv");
  const scripts = Deno.build.os === "windows" ? "Scripts" : "bin";
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const python = join(venv, scripts, `python${suffix}`);
  const pinned = Deno.version.deno === KERNEL_DENO;
  const deno = pinned ? Deno.execPath() : join(venv, scripts, `deno${suffix}`);

  // PyPI's `deno` is the same binary: with it the kernel is the pinned one, whoever started us.
  const files = ["requirements.txt", ...(pinned ? [] : ["deno.txt"])];
  const requirements = files.map((file) => join(here, file));
  const wanted: Stamp = Object.fromEntries(
    files.map((file, i) => [file, hashOf(Deno.readTextFileSync(requirements[i]!))]),
  );

  using _lock = lock(requirements[0]!);
  const fresh = !await isWhole(venv, python, wanted);
  if (fresh) {
    log(`Setting up JupyterLab in ${venv} (once; about 300 MB)`);
    const start = performance.now();
    prepareFolder(venv);
    await makePython({ venv, python, requirements, log, signal });
    await writeKernel(venv, deno);
    await cacheLibrary(deno, log, signal);
    await writeWhole(join(venv, STAMP), JSON.stringify(wanted) + "\n", "write the stamp");
    log(`Ready after ${duration((performance.now() - start) / 1000)}`);
  } else {
    await writeKernel(venv, deno); // another Deno may have started us than last time
  }
  return { root: ROOT, python, deno, fresh };
}

/** Variables for every Python program of ours: `.venv` goes before what the user's home holds. */
export const JUPYTER_ENV: Record<string, string> = {
  JUPYTER_PREFER_ENV_PATH: "1",
  PYTHONUTF8: "1",
};

/** In `.venv`: there from the first moment (empty), filled when the environment is whole. */
const STAMP = "stylebook.json";

/** What is installed: the hash of each requirements file, by name. */
type Stamp = Record<string, string>;

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

async function isWhole(venv: string, python: string, wanted: Stamp): Promise<boolean> {
  try {
    const stamp: Stamp = JSON.parse(Deno.readTextFileSync(join(venv, STAMP)));
    if (!Object.entries(wanted).every(([file, hash]) => stamp[file] === hash)) return false;
    // Python may have been updated or removed, which leaves the links in `.venv` without their aim.
    const code = "import importlib.util as u, sys; sys.exit(u.find_spec('jupyterlab') is None)";
    const { success } = await new Deno.Command(python, { args: ["-c", code], stderr: "null" })
      .output();
    return success;
  } catch {
    return false;
  }
}

/** Clears a half-made or outdated `.venv` of ours and leaves alone one that somebody else made. */
function prepareFolder(venv: string): void {
  if (exists(venv)) {
    const ours = exists(join(venv, STAMP)) || [...Deno.readDirSync(venv)].length === 0;
    if (!ours) {
      throw new SetUpError(
        `Cannot set up JupyterLab in ${venv} as something else made that folder.\n` +
          "Rename or delete it, then start again.",
      );
    }
    Deno.removeSync(venv, { recursive: true });
  }
  Deno.mkdirSync(venv, { recursive: true });
  Deno.writeTextFileSync(join(venv, STAMP), "{}\n");
}

async function writeKernel(venv: string, deno: string): Promise<void> {
  const settings = {
    "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
    // Weights and tensors of a kernel take some hundred megabytes: closing its notebook ends it.
    "@jupyterlab/notebook-extension:tracker": { kernelShutdown: true },
  };
  const share = join(venv, "share", "jupyter");
  await writeIfChanged(join(share, "kernels", "deno", "kernel.json"), kernelSpec(deno, "Deno"));
  await writeIfChanged(join(share, "lab", "settings", "overrides.json"), settings);
  await writeIfChanged(join(venv, "etc", "jupyter", "jupyter_server_config.json"), SERVER);
}

/** How JupyterLab runs, unless its flags say otherwise (given twice, a flag would be refused). */
const SERVER = {
  Application: { log_level: "WARN" }, // what is left is the address
  MappingKernelManager: {
    // Kernels that did nothing for an hour end, though a page may still show them; those at work do not.
    cull_idle_timeout: 3600,
    cull_interval: 300,
    cull_connected: true,
    cull_busy: false,
  },
};

/** Fetches what the library imports, so that the first cell does not wait for the network. */
async function cacheLibrary(
  deno: string,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const module = join(ROOT, "lib", "mod.ts");
  if (!exists(module)) return;
  log("  fetching the library's packages");
  const { success } = await new Deno.Command(deno, {
    args: ["cache", module],
    cwd: ROOT,
    stdout: "null",
    stderr: "null",
    signal,
  }).output();
  if (!success) log("  could not fetch them all now: the first cell will try again");
}

/** Two starts at once must not make the same folder; a lock ends with its process. */
function lock(path: string): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]() {} }; // would keep pip from reading
  const file = Deno.openSync(path);
  file.lockSync(true);
  return file;
}

async function writeIfChanged(path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value, null, 2) + "\n";
  if (exists(path) && Deno.readTextFileSync(path) === text) return;
  Deno.mkdirSync(dirname(path), { recursive: true });
  await writeWhole(path, text, `write ${path}`);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
