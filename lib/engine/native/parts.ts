/**
 * How a task is cut into parts, such as some rows of a convolution, and which thread takes which. Each begins
 * with its own share, which is the same in every task: so it finds in its cache what it has written in the
 * task before. Who is done takes from the end of the shares of others: a thread that a neighbour holds up
 * leaves some of them.
 *
 * @module
 */
import type { Barrier } from "./barrier.ts";

/** Each thread gets so many parts of a task on average. */
const PARTS_A_THREAD = 4;
/** More parts than any task has. */
const MOST_PARTS = 256;

/** Into how many parts a task is best cut for so many threads. */
export function partsFor(threads: number): number {
  return threads > 1 ? threads * PARTS_A_THREAD : 1;
}

/** Cuts rows into at most so many parts. */
export function partsOf(rows: number, count: number): [first: number, end: number][] {
  const parts = Math.min(rows, count);
  return Array.from({ length: parts }, (_, i) => partOf(rows, parts, i));
}

/** Part `i` of rows that are cut into so many. */
export function partOf(rows: number, count: number, i: number): [first: number, end: number] {
  return [Math.round(i * rows / count), Math.round((i + 1) * rows / count)];
}

/** A thread among those that do a task. */
export type Share = { readonly thread: number; readonly threads: number };

/** Which parts of a task have been taken; seen by all threads that get the same memory. */
export class Parts {
  readonly #taken: Int32Array;

  constructor(readonly memory = new SharedArrayBuffer(4 * MOST_PARTS)) {
    this.#taken = new Int32Array(memory);
  }

  /** Starts anew, while nobody takes any. */
  reset(): void {
    this.#taken.fill(0);
  }

  /** Takes one part after the other until none is left; none is left for others if one fails. */
  take<Part>(
    barrier: Barrier,
    parts: readonly Part[],
    share: Share,
    run: (part: Part) => void,
  ): void {
    try {
      for (const i of orderOf(parts.length, share)) {
        if (Atomics.exchange(this.#taken, i, 1) === 0) run(parts[i]!);
      }
    } catch (error) {
      for (let i = 0; i < parts.length; i++) Atomics.store(this.#taken, i, 1);
      barrier.abandon();
      throw error;
    }
  }
}

/** The parts of a thread's own share, and then those of the others from their ends. */
export function orderOf(count: number, { thread, threads }: Share): number[] {
  if (count > MOST_PARTS) throw new RangeError(`Cannot share a task of ${count} parts`);
  const shares = partsOf(count, threads).map(([first, end]) =>
    Array.from({ length: end - first }, (_, i) => first + i)
  );
  const others = [...shares.slice(thread + 1), ...shares.slice(0, thread)];
  return [...shares[thread] ?? [], ...others.flatMap((share) => share.reverse())];
}
