/**
 * A thread that takes parts of tasks: started by `lanes.ts`.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { BufferPool } from "./buffers.ts";
import { unpackTask } from "./foreign.ts";
import { ANSWER, CALL, FAILED, type LaneData, Mailbox, READY, takeTasks } from "./lanes.ts";
import { Operations } from "./operations.ts";
import { loadRuntime } from "./ort.ts";
import { poolGradientRows, type PoolGradientTask, poolRows, type PoolTask } from "./pooling.ts";
import { convolveBands, type WinogradTask } from "./winograd.ts";
import { type FilterTask, transformChannels } from "./winograd_matrices.ts";

/** Waits for tasks, for ever. */
async function serve({ mailbox: memory, next }: LaneData): Promise<void> {
  const mailbox = new Mailbox(memory);
  const operations = new Operations(await loadRuntime(1), new BufferPool(), 1);
  const functions: Record<string, (task: unknown) => void> = {
    convolve: (task) => convolveBands(operations, task as WinogradTask),
    pool: (task) => poolRows(operations, task as PoolTask),
    poolGradient: (task) => poolGradientRows(operations, task as PoolGradientTask),
    transformFilter: (task) => transformChannels(operations, task as FilterTask),
  };
  mailbox.tell(READY, 1);
  for (let call = 0;;) {
    call = mailbox.wait(CALL, call);
    try {
      const [name, tasks] = unpackTask(mailbox.message) as [string, unknown[]];
      takeTasks(next, tasks, functions[name]!);
    } catch (error) {
      mailbox.message = String(error).slice(0, 1000);
      mailbox.numbers[FAILED] = 1;
    }
    operations.pool.clear();
    mailbox.tell(ANSWER, call);
  }
}

void serve(workerData as LaneData);
