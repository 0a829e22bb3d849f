/**
 * What do tiles cost? `deno task bench --tiles none,512,256 --sizes 1024,2048` measures a step of each, in a
 * process of its own, and prints it beside that of the first: seconds, per pixel, memory.
 *
 * @module
 */
import { alignColumns } from "../lib/base/words.ts";
import { measured } from "./measured.ts";

type Step = { size: number; tile: string; median: number; peak_bytes: number };

/**
 * Measures a step at every size in every kind of tiles, and prints a table; all are returned.
 *
 * @param settings further arguments of `bench_step.ts`
 */
export async function benchTiles(
  sizes: readonly string[],
  tiles: readonly string[],
  settings: readonly string[],
): Promise<Step[]> {
  const script = ["run", "-A", "experiments/bench_step.ts", "--warm-up", "1", ...settings];
  const done: Step[] = [];
  for (const size of sizes) {
    for (const tile of tiles) {
      const args = [...script, "--size", size, "--tile", tile];
      const step = await measured<Omit<Step, "tile">>(Deno.execPath(), args);
      done.push({ ...step, tile });
      console.log(`${size} px, tiles ${tile}: ${step.median.toFixed(2)} s`);
    }
  }
  const perPixel = ({ median, size }: Step) => 1e6 * median / size ** 2;
  console.log(alignColumns([
    ["px", "tiles", "s a step", "µs a pixel", `over ${done[0]!.size} px, ${done[0]!.tile}`, "MB"],
    ...done.map((step) => [
      `${step.size}`,
      step.tile,
      step.median.toFixed(2),
      perPixel(step).toFixed(2),
      (perPixel(step) / perPixel(done[0]!)).toFixed(2),
      (step.peak_bytes / 1e6).toFixed(0),
    ]),
  ]));
  return done;
}
