/**
 * Executes notebooks through `run_notebook.py`, without JupyterLab.
 *
 * @module
 */
import { join } from "node:path";
import { type Environment, JUPYTER_ENV } from "./environment.ts";

/** Options of {@linkcode execute}. */
export type ExecuteOptions = {
  /** Where to write the result as a page. */
  html?: string;
  /** The most bytes that the result may have. */
  limit?: number;
  /** The most seconds that a cell may take. */
  timeout?: number;
  /** Whether to write the result when a cell threw, too. */
  keepFailed?: boolean;
  /** Whether to run all cells a second time, as a reader does; the first outputs are kept. */
  again?: boolean;
  /** Ends the run and its kernel. */
  signal?: AbortSignal;
};

/**
 * Runs `notebook` in a fresh kernel and writes it with its outputs to `target`, which may be the same
 * file. What happened is printed.
 *
 * @returns the exit code: 0 done, 1 a cell threw, 2 unreadable, 3 over the limit, 130 stopped
 */
export async function execute(
  { root, python }: Environment,
  notebook: string,
  target: string,
  { html, limit, timeout, keepFailed = false, again = false, signal }: ExecuteOptions = {},
): Promise<number> {
  const args = [join(root, "notebooks", "tools", "run_notebook.py"), notebook, target];
  if (html !== undefined) args.push("--html", html);
  if (limit !== undefined) args.push("--limit", `${limit}`);
  if (timeout !== undefined) args.push("--timeout", `${timeout}`);
  if (keepFailed) args.push("--keep-failed");
  if (again) args.push("--again");
  const child = new Deno.Command(python, { args, cwd: root, env: JUPYTER_ENV, signal }).spawn();
  return (await child.status).code;
}
