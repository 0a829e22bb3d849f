/**
 * Does the runs of a grid that are missing, in this process or in several. A sweep can be killed at
 * any moment and called again: what has ended stays, what had begun is done afresh.
 *
 * @module
 */
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { duration } from "../../lib/base/words.ts";
import { Performer, StoppedError } from "./perform.ts";
import { costOf, showProgress } from "./progress.ts";
import { find, forget, sweepUp } from "./store.ts";
import type { Row, Run } from "./types.ts";

/** How a sweep is done. */
export type SweepOptions = {
  /** Processes at work at the same time. */
  jobs: number;
  /** Whether runs that have failed are tried again. */
  retry: boolean;
  signal?: AbortSignal;
};

/**
 * Does the missing runs and returns the rows of all.
 *
 * @throws {StoppedError} when the signal stopped it.
 */
export async function sweep(folder: string, runs: Run[], options: SweepOptions): Promise<Row[]> {
  await Deno.mkdir(folder, { recursive: true });
  await sweepUp(folder);
  const missing: Run[] = [];
  for (const run of runs) {
    const row = await find(folder, run);
    if (row?.status === "failed" && options.retry) await forget(folder, run);
    if (!row || (row.status === "failed" && options.retry)) missing.push(run);
  }
  if (missing.length < runs.length) {
    console.log(`${runs.length - missing.length} of ${runs.length} runs are there already`);
  }
  if (missing.length > 0) {
    const jobs = Math.min(options.jobs, missing.length);
    await (jobs > 1 ? inProcesses : inThisProcess)(folder, missing, { ...options, jobs });
  }
  return await collect(folder, runs);
}

/** The rows of all runs. @throws {Error} when some are missing. */
export async function collect(folder: string, runs: Run[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const run of runs) {
    const row = await find(folder, run);
    if (!row) throw new Error(`Cannot report as every run must have ended: missing is ${run.name}`);
    rows.push(row);
  }
  return rows;
}

function remarkOn(row: Row | undefined): string {
  if (row?.status === "failed") return `failed: ${row.error}`;
  return row ? duration(row.seconds) : "is missing";
}

async function inThisProcess(folder: string, runs: Run[], { signal }: SweepOptions): Promise<void> {
  const progress = showProgress(runs);
  const performer = new Performer(folder, (run) => progress.iteration(costOf(run)), signal);
  try {
    for (const run of runs) {
      if (signal?.aborted) throw new StoppedError();
      await performer.perform(run);
      progress.run(run.name, remarkOn(await find(folder, run)));
    }
  } finally {
    progress.stop();
    performer.dispose();
  }
}

/** What a worker needs; it starts no further processes. */
const PERMISSIONS = [
  ...["read", "write", "env", "ffi", "sys"].map((name) => `--allow-${name}`),
  "--allow-net=storage.googleapis.com",
];

/** What a worker process says, a line of JSON each. */
type Message = { cost: number } | { ended: string };

/** The runs are dealt out in turn; each process keeps the targets that its own runs share. */
async function inProcesses(folder: string, runs: Run[], options: SweepOptions): Promise<void> {
  const progress = showProgress(runs);
  const threads = Math.max(1, Math.floor(cpus().length / options.jobs));
  const workers = Array.from({ length: options.jobs }, () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", ...PERMISSIONS, new URL("./worker.ts", import.meta.url).href, folder],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      env: { STYLEBOOK_THREADS: Deno.env.get("STYLEBOOK_THREADS") ?? `${threads}` },
    }).spawn());
  // Ends the workers when this process is asked to stop; when it dies, their input does.
  const kill = () => workers.forEach((worker) => tryKill(worker));
  options.signal?.addEventListener("abort", kill);
  const queue = [...runs];
  const byFile = new Map(runs.map((run) => [run.file, run]));
  try {
    await Promise.all(workers.map(async (worker) => {
      const input = worker.stdin.getWriter();
      const give = async () => {
        const run = queue.shift();
        if (run) await input.write(new TextEncoder().encode(JSON.stringify(run) + "\n"));
        else await input.close();
      };
      await give();
      const output = worker.stdout as unknown as Parameters<typeof Readable.fromWeb>[0];
      for await (const line of createInterface({ input: Readable.fromWeb(output) })) {
        const message: Message = JSON.parse(line);
        if ("cost" in message) progress.iteration(message.cost);
        else {
          const run = byFile.get(message.ended)!;
          progress.run(run.name, remarkOn(await find(folder, run)));
          await give();
        }
      }
      const { success } = await worker.status;
      if (options.signal?.aborted) throw new StoppedError();
      if (!success) throw new Error("Cannot go on as a worker process has died; call it again");
    }));
  } finally {
    kill();
    options.signal?.removeEventListener("abort", kill);
    progress.stop();
  }
}

function tryKill(worker: Deno.ChildProcess): void {
  try {
    worker.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}
