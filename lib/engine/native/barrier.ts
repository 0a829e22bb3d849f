/**
 * A place where threads that do a task together wait for each other.
 *
 * @module
 */

const [ARRIVED, ROUND, BROKEN] = [0, 1, 2];
/** About 0.1 ms: to fall asleep and to be woken takes as long. */
const TURNS = 4000;

/** Not in all versions of TypeScript's library: tells the processor that this thread is waiting. */
const { pause = () => {} } = Atomics as { pause?: () => void };

/** Another thread cannot go on: it says why. */
export class Abandoned extends Error {
  override name = "Abandoned";

  constructor() {
    super("another thread cannot go on");
  }
}

/** Waits while a number is what it was: awake at first, then asleep. */
export function waitWhile(numbers: Int32Array, place: number, value: number): void {
  for (let i = 0; i < TURNS; i++) {
    if (Atomics.load(numbers, place) !== value) return;
    pause();
  }
  while (Atomics.load(numbers, place) === value) Atomics.wait(numbers, place, value);
}

/** Seen by all threads that get the same memory. */
export class Barrier {
  readonly #numbers: Int32Array;

  constructor(readonly memory = new SharedArrayBuffer(12)) {
    this.#numbers = new Int32Array(memory);
  }

  /**
   * Waits until so many threads are here.
   *
   * @throws Abandoned if one of them will not come
   */
  meet(count: number): void {
    const round = Atomics.load(this.#numbers, ROUND);
    if (count > 1 && Atomics.load(this.#numbers, BROKEN) === 0) this.#meet(count, round);
    if (Atomics.load(this.#numbers, BROKEN) !== 0) throw new Abandoned();
  }

  #meet(count: number, round: number): void {
    if (Atomics.add(this.#numbers, ARRIVED, 1) === count - 1) {
      Atomics.store(this.#numbers, ARRIVED, 0);
      return this.#next();
    }
    waitWhile(this.#numbers, ROUND, round);
  }

  #next(): void {
    Atomics.add(this.#numbers, ROUND, 1);
    Atomics.notify(this.#numbers, ROUND);
  }

  /** Says that this thread will not come; nobody waits for it. */
  abandon(): void {
    Atomics.store(this.#numbers, BROKEN, 1);
    this.#next();
  }

  /** Starts anew, while nobody waits. */
  reset(): void {
    Atomics.store(this.#numbers, ARRIVED, 0);
    Atomics.store(this.#numbers, BROKEN, 0);
  }
}
