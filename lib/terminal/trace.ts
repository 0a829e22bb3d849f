/**
 * The log of a run as a CSV file, a row per iteration.
 *
 * @module
 */
import type { LossValues } from "../run/frame.ts";

const LOSSES = ["content", "style", "denoise"];

/** The header: a column per loss and adjustment, empty where a run lacks that loss. */
export const TRACE_COLUMNS: readonly string[] = [
  "iteration",
  ...LOSSES.map((name) => `${name}_loss`),
  ...LOSSES.map((name) => `${name}_adjustment`),
  "seconds",
];

/** A log that is being written. */
export type Trace = {
  /** @param seconds since the start of the run */
  add(iteration: number, seconds: number, losses: LossValues): void;
  /** Puts the file in its place. */
  close(): void;
};

/**
 * Starts a log: rows go into `FILE.partial`, which becomes `FILE` when the log is closed.
 *
 * @throws {Error} when the file cannot be written.
 */
export function openTrace(path: string): Trace {
  const partial = `${path}.partial`;
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(partial, { write: true, create: true, truncate: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot write the trace ${path}: ${reason}`, { cause: error });
  }
  const writeRow = (cells: readonly (string | number)[]) =>
    file.writeSync(new TextEncoder().encode(cells.join(",") + "\n"));
  writeRow(TRACE_COLUMNS);
  return {
    add(iteration, seconds, losses) {
      writeRow([
        iteration,
        ...LOSSES.map((name) => losses[name]?.loss ?? ""),
        ...LOSSES.map((name) => losses[name]?.adjustment ?? ""),
        seconds.toFixed(3),
      ]);
    },
    close() {
      file.close();
      Deno.renameSync(partial, path);
    },
  };
}
