/**
 * The errors of a run that could not go on. Each carries the last good picture.
 *
 * @module
 */
import type { Picture } from "../picture/picture.ts";

/** A run that could not go on; it carries the last good picture. */
export class RunError extends Error {
  override name = "RunError";
  constructor(
    message: string,
    /** Where it was noticed. */
    readonly iteration: number,
    /** After a failed engine: the last picture that had been read from it. */
    readonly picture: Picture,
  ) {
    super(message);
  }
}

/** Thrown when a loss or the picture is no longer finite; its picture had finite losses. */
export class DivergedError extends RunError {
  override name = "DivergedError";
  constructor(what: string, value: number, iteration: number, picture: Picture) {
    super(
      `Cannot go on as ${what} must be finite: current value is ${value} at iteration ` +
        `${iteration}; try a smaller step or weight (the error's picture is the last good one)`,
      iteration,
      picture,
    );
  }
}
