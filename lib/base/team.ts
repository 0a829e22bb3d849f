/**
 * Several threads that run the same program on the same data and share the work of some steps: each
 * computes a part, and all get all parts, in the same order, so that whatever follows has the same bytes
 * everywhere. Elsewhere it is called "single program, multiple data", and the exchange "allgather" (MPI).
 *
 * @module
 */

/** A thread's place among others. */
export type Team = {
  /** Which of them this is, from 0. */
  readonly rank: number;
  /** How many there are; 1 after {@linkcode Team.leave}. */
  readonly size: number;
  /**
   * Waits until all have joined: to be awaited before the first {@linkcode Team.gather}, since threads start
   * only while the one that started them is idle.
   *
   * @throws {TeamError} when some have not within a minute
   */
  complete(): Promise<void>;
  /**
   * Hands out numbers, and waits for those of all others, asleep.
   *
   * @returns those of each, by rank; its own alone after {@linkcode Team.leave}
   * @throws {TeamError} when another one has left
   */
  gather(own: Float32Array): Float32Array[];
  /** Goes on alone; whoever waits for this thread, or will, gets an error with the reason. */
  leave(reason?: string): void;
};

/** Another thread has ended, for the reason that the message says. */
export class TeamError extends Error {
  override name = "TeamError";
}

/** What a thread needs to be one of a team: to be sent to it. */
export type Membership = {
  readonly memory: SharedArrayBuffer;
  readonly rank: number;
  readonly size: number;
};

/** Places of the first numbers of the shared memory. */
const [ARRIVED, ROUND, LEFT, REASON, JOINED] = [0, 1, 2, 3, 4];
const HEAD = 5;
/** Seconds in which all must have joined. */
const PATIENCE = 60;
/** Bytes for the reason why one left. */
const REASON_BYTES = 1024;
/** Milliseconds after which one that waits looks whether others are still there. */
const NAP = 100;
/** Numbers that one hands out at a time: 4 MB. */
const SLOT = 2 ** 20;

/**
 * Memory for a team: send each of its threads one of these, for {@linkcode joinTeam}. All of them then call
 * `stylize()` with the same options, and with `team`; each returns the same picture.
 *
 * @param size how many threads
 * @param slot how many numbers each hands out at a time; more of them go in several rounds
 *
 * @example
 * ```ts
 * import { joinTeam, membersOf } from "stylebook";
 *
 * const [alone] = membersOf(1);
 * const team = joinTeam(alone!);
 * console.log(team.gather(Float32Array.of(1, 2))); // [[1, 2]]
 * ```
 */
export function membersOf(size: number, slot: number = SLOT): Membership[] {
  const numbers = HEAD + size;
  const memory = new SharedArrayBuffer(4 * numbers + REASON_BYTES + 4 * slot * size);
  return Array.from({ length: size }, (_, rank) => ({ memory, rank, size }));
}

/** Becomes one of a team: each of its threads does so once. */
export function joinTeam({ memory, rank, size }: Membership): Team {
  const numbers = new Int32Array(memory, 0, HEAD + size);
  const lengths = numbers.subarray(HEAD);
  const reason = new Uint8Array(memory, numbers.byteLength, REASON_BYTES);
  const all = new Float32Array(memory, numbers.byteLength + REASON_BYTES);
  const slot = all.length / size;
  let together = true;

  /** Waits until all have come here. */
  function meet(): void {
    const round = Atomics.load(numbers, ROUND);
    if (Atomics.add(numbers, ARRIVED, 1) === size - 1) {
      Atomics.store(numbers, ARRIVED, 0);
      Atomics.add(numbers, ROUND, 1);
      Atomics.notify(numbers, ROUND);
    }
    while (Atomics.load(numbers, ROUND) === round) {
      if (Atomics.load(numbers, LEFT) === 1) {
        const text = new TextDecoder().decode(reason.slice(0, numbers[REASON]));
        throw new TeamError(`Cannot go on as another thread has ended${text && `: ${text}`}`);
      }
      Atomics.wait(numbers, ROUND, round, NAP);
    }
  }

  Atomics.add(numbers, JOINED, 1);
  return {
    rank,
    async complete() {
      const until = performance.now() + 1000 * PATIENCE;
      while (Atomics.load(numbers, JOINED) < size) {
        if (performance.now() > until) {
          const there = `${Atomics.load(numbers, JOINED)} of ${size}`;
          throw new TeamError(`Cannot begin as not all threads have started: ${there}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    get size() {
      return together ? size : 1;
    },
    gather(own) {
      if (!together) return [own];
      lengths[rank] = own.length;
      meet();
      const gathered = Array.from(lengths, (length) => new Float32Array(length));
      const longest = Math.max(...lengths);
      for (let first = 0; first === 0 || first < longest; first += slot) {
        all.set(own.subarray(first, first + slot), rank * slot);
        meet();
        gathered.forEach((numbers, i) => {
          const count = Math.min(slot, numbers.length - first);
          if (count > 0) numbers.set(all.subarray(i * slot, i * slot + count), first);
        });
        meet();
      }
      return gathered;
    },
    leave(why = "") {
      if (!together) return;
      together = false;
      // The first reason counts: others leave because of it.
      if (Atomics.load(numbers, LEFT) === 0) {
        const bytes = new TextEncoder().encode(why).subarray(0, REASON_BYTES);
        reason.set(bytes);
        numbers[REASON] = bytes.length;
        Atomics.store(numbers, LEFT, 1);
      }
      Atomics.notify(numbers, ROUND);
    },
  };
}
