/**
 * Tries broken pictures, weights, recipes and command lines: `deno task test --fuzz [CASES] [SEED]`. The
 * cases run in other processes, which are watched: one that hangs or dies is counted and goes on after
 * the case that did it. The same seed gives the same cases.
 *
 * @module
 */
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Outcome } from "./cases.ts";

const CASES = 2000;
const PROCESSES = 2;
/** What no case may take: seconds of the processor, and bytes. */
const SECONDS = 5;
const BYTES = 1e9;
/** A case that says nothing for so many seconds hangs, however busy the machine is. */
const HANGS_AFTER = 30;

/** What was counted, and an example of each fault. */
type Counts = {
  cases: number;
  read: number;
  refused: number;
  faults: Map<string, { count: number; examples: string[] }>;
};

function blame(counts: Counts, fault: string, example: string): void {
  const found = counts.faults.get(fault) ?? { count: 0, examples: [] };
  found.count++;
  if (found.examples.length < 5) found.examples.push(example);
  counts.faults.set(fault, found);
}

function count(counts: Counts, outcome: Outcome): void {
  const { index, kind, from, say, isOurs, hasStack, bytes, seconds } = outcome;
  counts.cases++;
  if (say === undefined) counts.read++;
  else counts.refused++;
  const example = `case ${index}, ${kind} ${JSON.stringify(from)}: ${JSON.stringify(say)}`;
  if (!isOurs) blame(counts, "a message without our sentence before it", example);
  if (hasStack) blame(counts, "a stack trace", example);
  if (bytes > BYTES) blame(counts, `more than 1 GB (${(bytes / 1e9).toFixed(1)})`, example);
  if (seconds > SECONDS) blame(counts, `longer than ${SECONDS} s`, example);
}

/** Runs the cases from `from` to `to - 1`, in as many processes as it takes. */
async function runRange(counts: Counts, seed: number, from: number, to: number): Promise<void> {
  let next = from;
  while (next < to) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--quiet", CASES_SCRIPT, `${seed}`, `${next}`, `${to}`],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let [begun, ended, kind] = [next, next, ""];
    let [isHanging, isThere] = [false, false];
    let timer: ReturnType<typeof setTimeout> | undefined;
    // The first case waits for the modules.
    const watch = (seconds: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        isHanging = true;
        child.kill("SIGKILL");
      }, seconds * 1000);
    };
    watch(4 * HANGS_AFTER);
    const output = child.stdout as unknown as Parameters<typeof Readable.fromWeb>[0];
    for await (const line of createInterface({ input: Readable.fromWeb(output) })) {
      isThere = true;
      const message: Outcome | { begun: number; kind: string } = JSON.parse(line);
      if ("begun" in message) [begun, kind] = [message.begun, message.kind];
      else {
        count(counts, message);
        ended = message.index + 1;
      }
      watch(HANGS_AFTER);
    }
    clearTimeout(timer);
    const { success } = await child.status;
    if (success) return;
    if (!isThere) throw new Error(`Cannot fuzz as ${CASES_SCRIPT} does not run`);
    counts.cases++;
    blame(counts, isHanging ? "a hang" : "a process that died", `case ${begun}, ${kind}`);
    next = Math.max(begun, ended) + 1;
  }
}

const CASES_SCRIPT = new URL("./cases.ts", import.meta.url).href;

/** Runs the fuzz test; the exit code. */
export async function fuzz(args: readonly string[]): Promise<number> {
  const [cases = CASES, seed = 1] = args.map(Number);
  const counts: Counts = { cases: 0, read: 0, refused: 0, faults: new Map() };
  const began = performance.now();
  const bounds = Array.from({ length: PROCESSES + 1 }, (_, i) => Math.floor(i * cases / PROCESSES));
  await Promise.all(
    bounds.slice(1).map((end, i) => runRange(counts, seed, bounds[i]!, end)),
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${counts.cases} cases with seed ${seed} in ${seconds} s: ${counts.read} read, ` +
      `${counts.refused} refused with a sentence or without`,
  );
  for (const [fault, { count, examples }] of counts.faults) {
    console.log(`${count} times ${fault}`);
    for (const example of examples) console.log(`  ${example.slice(0, 400)}`);
  }
  if (counts.faults.size === 0) {
    console.log(
      `no hang, nothing over ${SECONDS} s or 1 GB, no stack trace, no message of a library alone`,
    );
  }
  return counts.faults.size === 0 && counts.cases === cases ? 0 : 1;
}
