/**
 * A thread that takes parts of tasks: started by `lanes.ts`.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { BufferPool } from "./buffers.ts";
import { unpackTask } from "./foreign.ts";
import { ANSWER, CALL, FAILED, type LaneData, Mailbox, READY, takeParts } from "./lanes.ts";
import { Operations } from "./operations.ts";
import { loadRuntime } from "./ort.ts";
import { poolGradientRows, poolRows } from "./pooling.ts";
import { convolveBands } from "./winograd.ts";
import { transformPieces } from "./winograd_filters.ts";

/** Does a part of a task. */
type Work = (operations: Operations, task: unknown, part: unknown) => void;

/** Waits for tasks, for ever. */
async function serve({ mailbox: memory, next }: LaneData): Promise<void> {
  const mailbox = new Mailbox(memory);
  const operations = new Operations(await loadRuntime(1), new BufferPool());
  const functions = {
    convolve: convolveBands,
    pool: poolRows,
    poolGradient: poolGradientRows,
    transformFilter: transformPieces,
  } as Record<string, Work>;
  mailbox.tell(READY, 1);
  for (let call = 0;;) {
    call = mailbox.wait(CALL, call);
    try {
      const [name, task, parts] = unpackTask(mailbox.message) as [string, unknown, unknown[]];
      const work = functions[name]!;
      takeParts(next, parts, (part) => work(operations, task, part));
    } catch (error) {
      mailbox.message = String(error).slice(0, 1000);
      mailbox.numbers[FAILED] = 1;
    }
    operations.pool.clear();
    mailbox.tell(ANSWER, call);
  }
}

void serve(workerData as LaneData);
