/**
 * A thread that takes parts of tasks: started by `lanes.ts`.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { Barrier } from "./barrier.ts";
import { BufferPool } from "./buffers.ts";
import { gradientOfRows } from "./column_gradient.ts";
import { convolveRows } from "./columns.ts";
import { differenceOfPieces } from "./differences.ts";
import { unpackTask } from "./foreign.ts";
import { ANSWER, CALL, FAILED, type LaneData, Mailbox, READY, THREAD, THREADS } from "./lanes.ts";
import { Operations } from "./operations.ts";
import { loadRuntime } from "./ort.ts";
import { Parts } from "./parts.ts";
import { poolGradientRows, poolRows } from "./pooling.ts";
import { convolveBands } from "./winograd_bands.ts";
import { transformInputs } from "./winograd_filters.ts";
import { convolveTogether } from "./winograd_together.ts";

/** Does a part of a task. */
type Work = (operations: Operations, task: unknown, part: unknown) => void;

/** Waits for tasks, for ever. */
async function serve({ tiles, lane, ...data }: LaneData): Promise<void> {
  const [mailbox, barrier] = [new Mailbox(data.mailbox), new Barrier(data.barrier)];
  const taken = new Parts(data.parts);
  const runtime = await loadRuntime(1);
  const place = { barrier, tiles, lane };
  const operations = new Operations(runtime, new BufferPool(), undefined, undefined, place);
  const functions = {
    columns: convolveRows,
    columnsGradient: gradientOfRows,
    convolve: convolveBands,
    convolveTogether,
    difference: differenceOfPieces,
    pool: poolRows,
    poolGradient: poolGradientRows,
    transformFilter: transformInputs,
  } as Record<string, Work>;
  mailbox.tell(READY, 1);
  for (let call = 0;;) {
    call = mailbox.wait(CALL, call);
    try {
      const [name, task, parts] = unpackTask(mailbox.message) as [string, unknown, unknown[]];
      const work = functions[name]!;
      const share = { thread: mailbox.numbers[THREAD]!, threads: mailbox.numbers[THREADS]! };
      taken.take(barrier, parts, share, (part) => work(operations, task, part));
    } catch (error) {
      mailbox.message = String(error).slice(0, 1000);
      mailbox.numbers[FAILED] = 1;
      barrier.abandon();
    }
    operations.pool.clear();
    mailbox.tell(ANSWER, call);
  }
}

void serve(workerData as LaneData);
