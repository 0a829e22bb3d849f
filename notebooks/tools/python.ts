/**
 * Makes a Python environment: with uv where it is installed, else with `python3 -m venv` and pip.
 *
 * @module
 */

/** The set-up failed; the message is meant for the reader and holds the remedy. */
export class SetUpError extends Error {
  override name = "SetUpError";
}

/** What {@linkcode makePython} needs: full paths. */
export type PythonOptions = {
  /** The folder of the environment; may exist. */
  venv: string;
  /** Where its interpreter will be. */
  python: string;
  /** Requirements files that name every package with its hashes. */
  requirements: string[];
  log: (line: string) => void;
  signal?: AbortSignal;
};

/** JupyterLab 4.6 asks for it. */
const OLDEST_PYTHON = [3, 10] as const;

const PYTHON_NAMES = Deno.build.os === "windows" ? ["py", "python"] : ["python3", "python"];

const NO_NETWORK =
  /name resolution|failed to lookup|dns error|network is unreachable|connection refused|failed to establish|could not connect|error sending request|no matching distribution|timed out/i;

/**
 * Makes the environment and installs the requirements.
 *
 * @throws {SetUpError} when neither way works
 */
export async function makePython(options: PythonOptions): Promise<void> {
  const failures: string[] = [];
  for (const way of [withUv, withVenv]) {
    const failure = await way(options);
    if (failure === undefined) return;
    if (options.signal?.aborted) throw new SetUpError("The set-up was stopped; it starts again");
    failures.push(failure);
  }
  throw new SetUpError(explain(failures.join("\n")));
}

/** Each way returns nothing when it worked, else what went wrong. */
async function withUv(
  { venv, python, requirements, log, signal }: PythonOptions,
): Promise<string | undefined> {
  const oldest = OLDEST_PYTHON.join(".");
  const made = await run(
    "uv",
    ["venv", "--allow-existing", "--python", `>=${oldest}`, venv],
    signal,
  );
  if (made.missing) return "uv: not found";
  if (!made.success) return `uv venv: ${made.output}`;
  log("  installing with uv");
  const installed = await run(
    "uv",
    ["pip", "install", "--python", python, ...locked(requirements)],
    signal,
  );
  return installed.success ? undefined : `uv pip install: ${installed.output}`;
}

async function withVenv(
  { venv, python, requirements, log, signal }: PythonOptions,
): Promise<string | undefined> {
  const system = await findPython();
  if (!system.command) return system.failure;
  log(`  making an environment with ${system.command} (uv would be faster)`);
  const made = await run(system.command, ["-m", "venv", venv], signal);
  if (!made.success) return `${system.command} -m venv: ${made.output}`;
  log("  installing with pip");
  const installed = await run(
    python,
    ["-m", "pip", "install", "--disable-pip-version-check", ...locked(requirements)],
    signal,
  );
  return installed.success ? undefined : `pip install: ${installed.output}`;
}

/** Whatever was altered on its way, or is not named in the files, is not installed. */
function locked(requirements: string[]): string[] {
  return ["--require-hashes", ...requirements.flatMap((file) => ["-r", file])];
}

async function findPython(): Promise<{ command?: string; failure?: string }> {
  const code = "import sys; print('%d.%d' % sys.version_info[:2])";
  const failures: string[] = [];
  for (const command of PYTHON_NAMES) {
    const { success, missing, output } = await run(command, ["-c", code]);
    if (missing) continue;
    const [major = NaN, minor = NaN] = output.split(".").map(Number);
    const [oldMajor, oldMinor] = OLDEST_PYTHON;
    if (success && (major > oldMajor || (major === oldMajor && minor >= oldMinor))) {
      return { command };
    }
    failures.push(success ? `${command}: version ${output}, too old` : `${command}: ${output}`);
  }
  return { failure: failures.join("\n") || `${PYTHON_NAMES.join(", ")}: not found` };
}

/** Puts the remedy behind what the programs said. */
function explain(failures: string): string {
  const lines = failures.split("\n");
  const said = (lines.length > 12 ? ["…", ...lines.slice(-12)] : lines).map((l) => `  ${l}`);
  return ["Cannot set up JupyterLab in .venv:", ...said, "", remedy(failures)].join("\n");
}

function remedy(failures: string): string {
  if (/ensurepip|no module named '?(venv|pip)/i.test(failures)) {
    return "Python is there, but without its venv module. On Debian and Ubuntu:\n" +
      "  sudo apt install python3-venv\nthen start again.";
  }
  if (/do not match the hashes|hash mismatch/i.test(failures)) {
    return "A package is not the one that notebooks/tools/requirements.txt names: it was damaged on its\n" +
      "way, or an index of your own (PIP_INDEX_URL, UV_INDEX_URL) has another. Start again, or without\n" +
      "that index.";
  }
  if (/no space left/i.test(failures)) return "The disk is full: about 300 MB are needed.";
  if (NO_NETWORK.test(failures)) {
    return "The Python package index cannot be reached. Connect to the network (behind a proxy, set " +
      "HTTPS_PROXY;\nwith a mirror, set PIP_INDEX_URL or UV_INDEX_URL) and start again.";
  }
  if (/not found$|too old/m.test(failures)) {
    return `JupyterLab needs Python ${OLDEST_PYTHON.join(".")} or newer, or uv, on the PATH:\n` +
      "  Debian, Ubuntu  sudo apt install python3 python3-venv\n" +
      "  macOS           brew install python\n" +
      "  Windows         winget install Python.Python.3.13\n" +
      "  uv              https://docs.astral.sh/uv/getting-started/installation/\n" +
      "Or open the notebooks in VS Code, which needs no Python: see README.md.";
  }
  return "Once that is mended, start again: a half-made .venv is made anew.";
}

/** Runs a program to its end; `output` is what it printed on both streams. */
async function run(
  command: string,
  args: string[],
  signal?: AbortSignal,
): Promise<{ success: boolean; missing: boolean; output: string }> {
  try {
    const child = new Deno.Command(command, { args, stdin: "null", signal });
    const { success, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    const output = (decoder.decode(stdout) + decoder.decode(stderr)).trim();
    return { success, missing: false, output };
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    return { success: false, missing, output: String(error) };
  }
}
