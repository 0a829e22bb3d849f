/**
 * How many threads may compute on the processor.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import process from "node:process";

/** Threads to compute with: `STYLEBOOK_THREADS`, else one for each processor core. */
export function threadCount(): number {
  const wanted = Number(process.env.STYLEBOOK_THREADS);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : availableParallelism();
}
