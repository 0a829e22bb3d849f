/**
 * A worker process of a sweep: reads runs from its input, a line of JSON each, does them, and says how
 * far it is. Its input stays open while it works; when it does not, the process that gave the work has
 * died, and the worker ends as well.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Performer } from "./perform.ts";
import { costOf } from "./progress.ts";
import type { Run } from "./types.ts";

const encoder = new TextEncoder();
const say = (message: unknown) =>
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(message) + "\n"));

const performer = new Performer(Deno.args[0]!, (run) => say({ cost: costOf(run) }));
let isWorking = false;

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const run: Run = JSON.parse(line);
    isWorking = true;
    await performer.perform(run);
    isWorking = false;
    say({ ended: run.file });
  })
  .on("close", () => Deno.exit(isWorking ? 1 : 0));
