/**
 * How far a sweep is: a bar with the time left on a terminal, a line per run elsewhere.
 *
 * @module
 */
import { SingleBar } from "cli-progress";
import { clock } from "../../lib/base/words.ts";
import { DEFAULTS } from "../../lib/recipe/settings.ts";
import { withPreset } from "../../lib/run/presets.ts";
import type { Run } from "./types.ts";

/** What a whole run costs, roughly: time grows with the pixels. */
function wholeCost({ settings }: Run): { cost: number; iterations: number } {
  const { size, preset = DEFAULTS.preset } = settings;
  const { sizes = [1], iterations = 120 } = withPreset(preset, settings);
  let [cost, sum] = [0, 0];
  for (const [i, each] of sizes.entries()) {
    const count = typeof iterations === "number" ? iterations : iterations[i] ?? 0;
    cost += count * (each <= 1 ? each * size : each) ** 2;
    sum += count;
  }
  return { cost, iterations: sum };
}

/** What an iteration costs, on the average of its run. */
export function costOf(run: Run): number {
  const { cost, iterations } = wholeCost(run);
  return cost / iterations;
}

/** Follows a sweep. */
export type Progress = {
  /** An iteration of a run is done. */
  iteration(cost: number): void;
  /** A run is done, or has failed. */
  run(name: string, remark: string): void;
  stop(): void;
};

/** Progress over the runs that are still to be done. */
export function showProgress(
  missing: readonly Run[],
  say: (line: string) => void = console.log,
): Progress {
  const total = missing.reduce((sum, run) => sum + wholeCost(run).cost, 0);
  const began = performance.now();
  let [spent, done] = [0, 0];
  const left = () => {
    const seconds = (performance.now() - began) / 1000;
    return spent > 0 ? clock(Math.max(0, seconds * (total - spent) / spent)) : "…";
  };
  const bar = Deno.stdout.isTerminal()
    ? new SingleBar({
      format: "{bar} {percentage} % · run {done} of {runs} · {name} · {left} left",
      barsize: 20,
      hideCursor: true,
    })
    : undefined;
  const payload = () => ({ done, runs: missing.length, left: left() });
  bar?.start(Math.max(1, total), 0, { ...payload(), name: "" });
  return {
    iteration(cost) {
      spent += cost;
      bar?.update(Math.min(spent, total), payload());
    },
    run(name, remark) {
      done++;
      if (bar) bar.update(Math.min(spent, total), { ...payload(), name });
      else say(`${done} of ${missing.length}: ${name} ${remark} · ${left()} left`);
    },
    stop: () => bar?.stop(),
  };
}
