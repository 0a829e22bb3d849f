/**
 * How good is a preset, in which time, with how much memory? `deno task bench --quality` paints the castle
 * by each, every time in a process of its own, in turn, and prints medians of `--rounds`.
 *
 * @module
 */
import { alignColumns } from "../lib/base/words.ts";

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

async function paint(preset: string, size: string): Promise<Painted> {
  const script = new URL("bench_run.ts", import.meta.url).pathname;
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, "--preset", preset, "--size", size],
    cwd: new URL("../", import.meta.url),
  }).output();
  if (!success) throw new Error(`${preset} failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

const middle = (numbers: number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

/** Measures presets and prints a table of medians; all runs are returned. */
export async function benchQuality(
  presets: readonly string[],
  size: string,
  rounds: number,
): Promise<Record<string, Painted[]>> {
  const runs: Record<string, Painted[]> = Object.fromEntries(presets.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const preset of presets) runs[preset]!.push(await paint(preset, size));
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
