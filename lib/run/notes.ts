/**
 * What should be said of a run that ended: it may have done nothing, or harm.
 *
 * @module
 */
import type { Weighting } from "../loss/objective.ts";
import type { OptimizerRun } from "../optimizers/optimizer.ts";
import type { Picture } from "../picture/picture.ts";
import type { Result } from "./frame.ts";

/** Below this change, in levels of 255 (root mean square), a picture counts as not moved. */
const UNMOVED = 0.01;

/**
 * Sentences about a result: that the picture did not move, that the sum of the losses has risen, that
 * the optimizer came to rest. Empty when there is nothing to say.
 */
export function notesOn(
  result: Omit<Result, "notes">,
  start: Picture,
  weighting: Weighting,
  run: OptimizerRun,
  from = 0,
): string[] {
  const notes: string[] = [];
  const rest = run.stalled?.();
  if (rest) notes.push(`The optimizer came to rest: ${rest}.`);
  const { picture, history, total } = result;
  const first = history[0];
  const begin = first && first.iteration === from ? first.total : undefined;
  const moved = Math.sqrt(
    picture.data.reduce((sum, value, i) => sum + (value - start.data[i]!) ** 2, 0) /
      picture.data.length,
  );
  if (result.iterations > 0 && moved < UNMOVED && !rest) {
    notes.push(
      `The picture did not move (${moved.toExponential(1)} levels): try larger steps or weights.`,
    );
  }
  // Adaptive weights keep the sum the same, so only constant ones can tell.
  if (weighting === "constant" && begin !== undefined && total > begin) {
    notes.push(
      `The sum of the losses has risen from ${begin.toExponential(2)} to ` +
        `${total.toExponential(2)}: try smaller steps.`,
    );
  }
  return notes;
}
