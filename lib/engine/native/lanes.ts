/**
 * Threads beside this one that take parts of a task, such as some rows of a convolution, from the first
 * copy to the last: with one thread each, products of matrices wait for nobody. They sleep in between.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { Abandoned, Barrier, waitWhile } from "./barrier.ts";
import { canShareMemory, packTask } from "./foreign.ts";
import { Parts } from "./parts.ts";
import { newTileMemory } from "./vector_unit.ts";

/** More threads take more memory (some 40 MB each) than they save time. */
const MOST_LANES = 8;
/** Bytes before the message, and in all: room for some tens of tasks with many places each. */
const [HEAD, SIZE] = [64, 2 ** 20];

/** What the first numbers of the shared memory say. */
export const CALL = 0; // the number of the latest task
export const ANSWER = 1; // that of the latest task done
export const READY = 2; // 1 once the thread can take tasks, NEVER if it could not start
export const LENGTH = 3; // bytes of the message: a task, or what went wrong
export const FAILED = 4; // 1 if the latest task went wrong
export const THREAD = 5; // whose share of the latest task is this thread's, of so many:
export const THREADS = 6;

const NEVER = -1;
/** Milliseconds within which a thread starts; a program that ends before waits for so long at most. */
const START = 3000;

/** What both threads see. */
export class Mailbox {
  readonly numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(readonly memory: SharedArrayBuffer) {
    this.numbers = new Int32Array(memory, 0, HEAD / 4);
    this.#bytes = new Uint8Array(memory, HEAD);
  }

  get message(): string {
    return new TextDecoder().decode(this.#bytes.slice(0, this.numbers[LENGTH]));
  }

  set message(text: string) {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > this.#bytes.length) {
      throw new RangeError(`Cannot pass on a message as it must be shorter: ${bytes.length} bytes`);
    }
    this.#bytes.set(bytes);
    this.numbers[LENGTH] = bytes.length;
  }

  /** Sets a number and wakes the thread that waits for it. */
  tell(place: number, value: number): void {
    Atomics.store(this.numbers, place, value);
    Atomics.notify(this.numbers, place);
  }

  /** Waits while a number is what it was; returns the new one. */
  wait(place: number, old: number): number {
    waitWhile(this.numbers, place, old);
    return Atomics.load(this.numbers, place);
  }
}

/** The threads. */
export class Lanes {
  readonly #others: Mailbox[] = [];
  readonly #parts = new Parts();
  /** Where this thread meets those that do a task together, and sees their tiles. */
  readonly place = { barrier: new Barrier(), tiles: newTileMemory(), lane: 0 };

  /** Starts all but one of `count` threads: this one works, too. They get ready by themselves. */
  constructor(count: number) {
    if (!canShareMemory()) return;
    for (let i = 1; i < Math.min(count, MOST_LANES); i++) {
      const mailbox = new Mailbox(new SharedArrayBuffer(SIZE));
      const workerData: LaneData = {
        mailbox: mailbox.memory,
        parts: this.#parts.memory,
        ...this.place,
        barrier: this.place.barrier.memory,
        lane: i,
      };
      try {
        const lane = new Worker(new URL("./lane.ts", import.meta.url), { workerData });
        lane.on("error", () => mailbox.tell(READY, NEVER));
        lane.unref();
      } catch {
        return; // this file does not come from a disk
      }
      this.#others.push(mailbox);
    }
    // A program that ends while a thread is loading ONNX Runtime crashes at times: it must be done first.
    globalThis.addEventListener("unload", () => {
      const end = performance.now() + START;
      for (const { numbers } of this.#others) {
        Atomics.wait(numbers, READY, 0, Math.max(0, end - performance.now()));
      }
    });
  }

  /** How many threads there are, this one included. */
  get count(): number {
    return 1 + this.#others.length;
  }

  /** How many of them could work now. */
  get ready(): number {
    return 1 + this.#ready.length;
  }

  get #ready(): Mailbox[] {
    return this.#others.filter(({ numbers }) => Atomics.load(numbers, READY) === 1);
  }

  /**
   * Does the parts of a task in any order, several at a time: here by `own`, elsewhere by the function of
   * this name in `lane.ts`, which gets what the parts have in common as well. Buffers must not be written
   * twice, nor be read where they are written.
   */
  run<Task, Part>(
    name: string,
    own: (part: Part) => void,
    task: Task,
    parts: readonly Part[],
  ): void {
    const busy = this.#ready.slice(0, parts.length - 1);
    const message = packTask([name, task, parts]);
    this.#parts.reset();
    this.place.barrier.reset();
    const threads = busy.length + 1;
    for (const [i, mailbox] of busy.entries()) {
      mailbox.message = message;
      mailbox.numbers[THREAD] = i + 1;
      mailbox.numbers[THREADS] = threads;
      mailbox.numbers[FAILED] = 0;
      mailbox.tell(CALL, mailbox.numbers[CALL]! + 1);
    }
    let problem: unknown;
    try {
      this.#parts.take(this.place.barrier, parts, { thread: 0, threads }, own);
    } catch (error) {
      problem = error;
    }
    // Whatever happens here: they must be done before anybody touches the buffers.
    for (const mailbox of busy) mailbox.wait(ANSWER, mailbox.numbers[CALL]! - 1);
    const failed = busy.find(({ numbers }) => numbers[FAILED] === 1);
    if (problem && !(failed && problem instanceof Abandoned)) throw problem;
    if (failed) throw new Error(`Cannot compute on another thread: ${failed.message}`);
  }
}

/** What a thread is started with. */
export type LaneData = {
  readonly mailbox: SharedArrayBuffer;
  readonly parts: SharedArrayBuffer;
  readonly barrier: SharedArrayBuffer;
  readonly tiles: WebAssembly.Memory;
  readonly lane: number;
};
