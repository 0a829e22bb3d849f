/**
 * A bar that follows a run on a terminal.
 *
 * @module
 */
import { SingleBar } from "cli-progress";
import { clock, shortNumber } from "../base/words.ts";
import type { Frame } from "../run/frame.ts";

/** Follows a run. */
export type RunProgress = { show(frame: Frame): void; stop(): void };

/** A bar with the losses, the pace and the time left; elsewhere than on a terminal nothing is printed. */
export function showRun(): RunProgress {
  const bar = new SingleBar({
    format: "{bar} step {value}/{total} · {losses} · {step} s/step · {left} left",
    barsize: 20,
    hideCursor: true,
  });
  let first: Frame | undefined;
  let losses = "";
  return {
    show(frame) {
      const { iteration, iterations, seconds } = frame;
      if (!first) bar.start(iterations, 0, { losses, step: "…", left: "…" });
      first ??= frame;
      if (frame.losses) {
        losses = Object.entries(frame.losses)
          .map(([name, { loss }]) => `${name} ${shortNumber(loss)}`).join(" · ");
      }
      // The first iteration holds the preparations, so it counts only while there is no other.
      const steps = iteration - first.iteration;
      const pace = steps > 0 ? (seconds - first.seconds) / steps : seconds;
      const left = clock(pace * (iterations - iteration - 1));
      bar.update(iteration + 1, { losses, step: shortNumber(pace, 2), left });
    },
    stop: () => bar.stop(),
  };
}
