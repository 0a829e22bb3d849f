/**
 * The log of a run as a CSV file, a row per iteration.
 *
 * @module
 */
import { describe } from "../base/check.ts";
import { openWhole, type WholeFile } from "../base/files.ts";
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
  /** Puts the file in its place; does nothing when called again. */
  close(): void;
};

/**
 * Starts a log, which appears as a whole when it is closed; a pipe or device gets every row at once. A run
 * does not end because its log cannot be written: that is said once.
 *
 * @throws {Error} when the file cannot be opened.
 */
export async function openTrace(path: string, warn: (line: string) => void): Promise<Trace> {
  let file: WholeFile | undefined = await openWhole(path, `write the trace ${describe(path)}`);
  const attempt = (act: (file: WholeFile) => void) => {
    if (!file) return;
    try {
      act(file);
    } catch (error) {
      warn(`${(error as Error).message}; the run goes on without it`);
      file.abandon();
      file = undefined;
    }
  };
  const writeRow = (cells: readonly (string | number)[]) =>
    attempt((file) => file.write(cells.join(",") + "\n"));
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
      attempt((file) => file.close());
      file = undefined;
    },
  };
}
