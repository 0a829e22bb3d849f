/**
 * `--jobs N`: so many threads run the same command and share the tiles of every evaluation. Only the first
 * one shows, stops and writes; the others follow (`job.ts`), as all of them compute the same bytes.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { type Membership, membersOf } from "../base/team.ts";
import { cannot } from "../base/check.ts";
import type { Engine } from "../engine/engine.ts";
import { threadCount } from "../engine/threads.ts";
import type { Plan } from "../run/plan.ts";
import { UsageError } from "./command.ts";
import type { Request } from "./options.ts";

/** More copies of a run than this help nobody. */
const MOST_JOBS = 64;

/** What another thread is started with. */
export type JobData = {
  readonly args: readonly string[];
  readonly membership: Membership;
  /** That the first thread has chosen. */
  readonly tile: number;
  readonly engine: Engine["name"];
  /** How many threads its engine may use. */
  readonly threads: number;
};

/**
 * Places for all jobs, if there are several.
 *
 * @throws {UsageError} when there are too many
 */
export function membersFor({ jobs, estimate }: Request): Membership[] {
  if (jobs > MOST_JOBS) {
    throw new UsageError(cannot("run", `--jobs must be at most ${MOST_JOBS}`, `${jobs}`));
  }
  if (estimate && jobs > 1) {
    throw new UsageError("Cannot estimate a run in several jobs: leave --jobs out");
  }
  return jobs === 1 ? [] : membersOf(jobs);
}

/** Starts all jobs but the first, each with its share of the processor. */
export function startJobs(
  args: readonly string[],
  [, ...others]: readonly Membership[],
  { plan, engine }: { plan: Plan; engine: Engine },
): void {
  if (others.length === 0) return;
  const threads = Math.max(1, Math.floor(threadCount() / (others.length + 1)));
  for (const membership of others) {
    const workerData: JobData = {
      args,
      membership,
      tile: plan.tile!,
      engine: engine.name,
      threads,
    };
    const worker = new Worker(new URL("./job.ts", import.meta.url), { workerData });
    worker.unref();
  }
}

/** @throws {UsageError} when tiles cannot be shared on this engine */
export function checkJobs(jobs: number, engine: Engine): void {
  if (jobs === 1 || engine.name !== "webgpu") return;
  throw new UsageError(
    "Cannot run in several jobs on the engine webgpu as they would share one GPU: leave --jobs out, " +
      "or choose --engine native",
  );
}
