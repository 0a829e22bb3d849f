/**
 * Small notebooks, and runs of the notebook tools, for the tests.
 *
 * @module
 */
import { join } from "node:path";
import { call } from "./command.ts";

/** The text of a notebook with these code cells. */
export function notebook(sources: string[]): string {
  const cells = sources.map((source, i) => ({
    cell_type: "code",
    execution_count: null,
    id: `cell-${i + 1}`,
    metadata: {},
    outputs: [],
    source: source.split(/(?<=\n)/),
  }));
  const kernelspec = { display_name: "Deno", language: "typescript", name: "deno" };
  return JSON.stringify(
    { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 },
    null,
    1,
  );
}

/** Runs a script of `notebooks/tools` to its end; its exit code, and what it printed. */
export const run = (script: string, args: string[], env: Record<string, string> = {}) =>
  call(join("notebooks", "tools", script), args, { INIT_CWD: "", ...env });
