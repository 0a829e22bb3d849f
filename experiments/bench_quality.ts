/**
 * How good is a preset, in which time, with how much memory? `deno task bench --quality` paints the castle
 * by each, every time in a process of its own, in turn, and prints medians of `--rounds`.
 *
 * @module
 */
import { alignColumns } from "../lib/base/words.ts";
import { measured, middle } from "./measured.ts";

/** What a run has cost and what the judge says of it. */
type Painted = {
  engine: string;
  seconds: number;
  peak_bytes: number;
  style: number;
  patch: number;
  content: number;
  edges: number;
  grain: number;
};

const COLUMNS = ["seconds", "peak_bytes", "style", "patch", "content", "edges", "grain"] as const;

/** Measures presets and prints a table of medians; all runs are returned. */
export async function benchQuality(
  presets: readonly string[],
  size: string,
  rounds: number,
): Promise<Record<string, Painted[]>> {
  const runs: Record<string, Painted[]> = Object.fromEntries(presets.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const preset of presets) {
      const args = ["run", "-A", "experiments/bench_run.ts", "--preset", preset, "--size", size];
      runs[preset]!.push(await measured(Deno.execPath(), args));
    }
  }
  const rows = Object.entries(runs).map(([preset, painted]) => [
    preset,
    ...COLUMNS.map((column) => {
      const value = middle(painted.map((one) => one[column]));
      if (column === "peak_bytes") return (value / 1e6).toFixed(0);
      return value.toFixed(column === "seconds" ? 1 : 3);
    }),
  ]);
  console.log(alignColumns([["preset", "s", "MB", ...COLUMNS.slice(2)], ...rows]));
  return runs;
}
