/**
 * The line above a live picture: how far a run is. It is drawn again every second, which a picture cannot
 * be: some hundred bytes instead of some ten thousand.
 *
 * @module
 */
import { clock, duration, escapeXml, shortNumber } from "../base/words.ts";
import type { Bundle } from "./publish.ts";

/** How far a run is. */
export type Progress = {
  /** From 0, as frames count. */
  iteration: number;
  iterations: number;
  /** Since the run began. */
  seconds: number;
  /** Seconds per iteration, as far as is known. */
  pace: number;
  /** Whether the run ends here. */
  last: boolean;
  /** Whether it ends before its time. */
  stopped: boolean;
  /** Such as "size 181, 2 of 5". */
  remark?: string;
};

/** `step 34/60 · 0.9 s/step · 0:24 left`, and in the end `60 steps · 0.9 s/step · 54 s in all`. */
export function progressLine(progress: Progress): string {
  const { iteration, iterations, seconds, pace, last, stopped, remark } = progress;
  const done = iteration + 1;
  const step = stopped
    ? `stopped at step ${done}/${iterations}`
    : last
    ? `${done} steps`
    : `step ${done}/${iterations}`;
  const time = last ? `${duration(seconds)} in all` : `${clock(pace * (iterations - done))} left`;
  return [step, ...(remark && !last ? [remark] : []), `${shortNumber(pace, 2)} s/step`, time]
    .join(" · ");
}

/** The line with a bar: full when the run has come to its end, also where that came early. */
export function progressBundle(progress: Progress): Bundle {
  const { iteration, iterations, last, stopped } = progress;
  const part = last && !stopped ? 1 : (iteration + 1) / Math.max(1, iterations);
  const line = progressLine(progress);
  return {
    "text/html": `<div style="max-width: 640px; font-size: 13px">${drawBar(part, stopped)}` +
      `<span>${escapeXml(line)}</span></div>`,
    "text/plain": line,
  };
}

/** A bar of which a part is full; in another colour where it stopped there. */
export function drawBar(part: number, stopped = false): string {
  const width = Math.round(1000 * Math.min(1, part)) / 10;
  const style = "height: 6px; border-radius: 3px; background: ";
  return `<div style="${style}rgba(128, 128, 128, 0.3)">` +
    `<div style="width: ${width}%; ${style}${stopped ? "#e69f00" : "#0072b2"}"></div></div>`;
}
