/**
 * A thread that is one of a team: hands out numbers some times and says what it got, or leaves.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { joinTeam, type Membership } from "../../lib/base/team.ts";

/** What it is to do. */
export type MemberTask = {
  membership: Membership;
  /** How many numbers it hands out, each time. */
  counts: number[];
  /** Then it leaves, for this reason. */
  leaves?: string;
};

/** What it hands out: all its numbers are different, and differ from those of others. */
export const numbersFrom = (rank: number, count: number, time: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 1000 * rank + 100 * time + i);

if (parentPort) {
  const { membership, counts, leaves } = workerData as MemberTask;
  const team = joinTeam(membership);
  try {
    const got = counts.map((count, time) => team.gather(numbersFrom(team.rank, count, time)));
    if (leaves !== undefined) team.leave(leaves);
    parentPort.postMessage(got);
  } catch (error) {
    parentPort.postMessage(String(error));
  }
}
