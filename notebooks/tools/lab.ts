/**
 * `deno task lab`: JupyterLab with the Deno kernel, from a fresh clone, in one command.
 *
 * @module
 */
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type Environment, JUPYTER_ENV, ROOT, setUp } from "./environment.ts";
import { execute } from "./execute.ts";
import { findNotebook, shown } from "./notebook_files.ts";

const FIRST_NOTEBOOK = join(ROOT, "notebooks", "00_style_transfer.ipynb");

const HELP = `Opens the notebooks in JupyterLab; sets it up in .venv first where needed.

  deno task lab                        open notebooks/00_style_transfer.ipynb
  deno task lab 04                     open another notebook, by number, name or path
  deno task lab --run [NOTEBOOK]       run a notebook here, without JupyterLab, into output/
  deno task lab --set-up               only set up
  deno task lab --no-browser --port 8899
                                       further flags go to JupyterLab as they are

A kernel ends when its notebook is closed, and after an hour in which it did nothing, with all that its
cells had made; one that computes goes on. Longer: --MappingKernelManager.cull_idle_timeout=86400
(seconds; 0 for ever). What JupyterLab does, line by line: --debug

JupyterLab listens on this machine alone, for whoever reaches it can run any program as you. From another
machine, use \`ssh -L 8888:localhost:8888 HOST\` and open the address that is printed. --ip 0.0.0.0 opens
it to the whole network, where its token is all that guards it.

Ctrl-C ends JupyterLab and its kernels. Exit codes: 0 done, 1 a cell failed, 2 wrong usage or no set-up.`;

/** What the command line asks for. */
type Request = { mode: "help" | "run" | "set-up" | "open"; notebook: string; flags: string[] };

/** Reads the command line: our own flags and at most one notebook, the rest is JupyterLab's. */
function readArguments(args: string[]): Request {
  // Not strict: `--port 8899` is unknown here, and its value must not pass for a notebook.
  const { tokens } = parseArgs({ args, strict: false, tokens: true, allowPositionals: true });
  const request: Request = { mode: "open", notebook: FIRST_NOTEBOOK, flags: [] };
  let ours = true; // whether a bare word here would be ours rather than a flag's value
  let named = false;
  let last = -1;
  for (const token of tokens) {
    if (token.kind === "option" && ["help", "h", "run", "set-up"].includes(token.name)) {
      request.mode = token.name === "h" ? "help" : token.name as Request["mode"];
      if (token.value !== undefined) request.notebook = findNotebook(token.value);
      ours = true;
    } else if (token.kind === "positional" && (ours || token.value.endsWith(".ipynb")) && !named) {
      request.notebook = findNotebook(token.value);
      named = true;
    } else {
      if (token.index !== last) request.flags.push(args[token.index]!); // -ab is two tokens
      last = token.index;
      ours = token.kind === "option" && args[token.index]!.includes("=");
    }
  }
  if (request.mode !== "open" && request.mode !== "help" && request.flags.length > 0) {
    throw new Error(
      `Cannot use flags of JupyterLab with --${request.mode} as it starts no JupyterLab: ` +
        `current value is "${request.flags.join(" ")}"`,
    );
  }
  return request;
}

/** What to say before JupyterLab listens to more than this machine; nothing where it does not. */
function warnOfAddress(flags: string[]): string | undefined {
  const at = flags.findIndex((flag) => /^--(ServerApp\.)?ip(=|$)/.test(flag));
  if (at < 0) return;
  const address = flags[at]!.includes("=") ? flags[at]!.split("=")[1] : flags[at + 1];
  if (!address || /^(localhost|127\..*|::1)$/.test(address)) return;
  return `Warning: with --ip ${address} other machines reach JupyterLab, in which one can run any ` +
    "program as you;\nits token is all that guards it. Safer: ssh -L 8888:localhost:8888 HOST";
}

/** Serves the notebooks until JupyterLab ends; its exit code. */
async function open(
  environment: Environment,
  { notebook, flags }: Request,
  signal: AbortSignal,
): Promise<number> {
  const inside = shown(notebook);
  const warning = warnOfAddress(flags);
  if (warning) console.error(warning);
  const server = new Deno.Command(environment.python, {
    args: [
      "-m",
      "jupyterlab",
      `--ServerApp.root_dir=${ROOT}`,
      `--LabApp.default_url=/lab/tree/${inside.split(/[\\/]/).map(encodeURIComponent).join("/")}`,
      "--MultiKernelManager.default_kernel_name=deno",
      "--ServerApp.answer_yes=True", // one Ctrl-C is enough
      "--LanguageServerManager.autodetect=False", // else it lists twenty programs that are not there
      ...(Deno.build.os !== "windows" && Deno.uid() === 0 ? ["--allow-root"] : []),
      ...flags,
    ],
    cwd: ROOT,
    env: JUPYTER_ENV,
    signal,
  }).spawn();
  const { code } = await server.status;
  return signal.aborted ? 0 : code;
}

/** Runs a notebook into `output/`; an exit code. */
async function run(environment: Environment, notebook: string, signal: AbortSignal) {
  const name = basename(notebook, ".ipynb");
  const target = join(ROOT, "output", `${name}.ipynb`);
  const html = join(ROOT, "output", `${name}.html`);
  const code = await execute(environment, notebook, target, { html, keepFailed: true, signal });
  if (code <= 1) console.log(`${shown(target)}\n${shown(html)}`);
  return code;
}

async function main(): Promise<number> {
  const request = readArguments(Deno.args);
  if (request.mode === "help") {
    console.log(HELP);
    return 0;
  }
  const stop = stopSignal();
  const environment = await setUp({ log: console.error, signal: stop });
  if (request.mode === "set-up") return 0;
  if (request.mode === "run") return await run(environment, request.notebook, stop);
  return await open(environment, request, stop);
}

/** Aborted by Ctrl-C, `kill` or the closed terminal, so that the programs we started end too. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) Deno.addSignalListener(name, () => controller.abort());
  return controller.signal;
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(2);
}
