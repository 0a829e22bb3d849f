// Not quick: it starts threads.
import { assertEquals, assertThrows } from "@std/assert";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { joinTeam, membersOf, TeamError } from "../../lib/base/team.ts";
import { type MemberTask, numbersFrom } from "../helpers/team_member.ts";

/** Starts a member in a thread of its own; what it got comes as a message. */
function start(task: MemberTask) {
  const url = new URL("../helpers/team_member.ts", import.meta.url);
  const worker = new Worker(url, { workerData: task });
  const message = once(worker, "message").then(([got]) => got);
  return { message, end: () => worker.terminate() };
}

Deno.test("all members get the numbers of all, by rank, also in several rounds", async () => {
  const [own, ...others] = membersOf(3, 4);
  // More than fit at a time, fewer, none at all; each member has another number of them.
  const counts = [[9, 1, 0, 4], [3, 1, 0, 5], [0, 2, 0, 8]];
  const started = others.map((membership, i) => start({ membership, counts: counts[i + 1]! }));
  const team = joinTeam(own!);
  await team.complete();
  assertEquals([team.rank, team.size], [0, 3]);
  const got = counts[0]!.map((count, time) => team.gather(numbersFrom(0, count, time)));
  const expected = [0, 1, 2, 3].map((time) =>
    counts.map((count, rank) => numbersFrom(rank, count[time]!, time))
  );
  assertEquals(got, expected);
  for (const { message, end } of started) {
    assertEquals(await message, expected);
    await end();
  }
});

Deno.test("who leaves goes on alone, and the others are told why", async () => {
  const [own, other] = membersOf(2);
  const { message, end } = start({ membership: other!, counts: [1, 1] });
  const team = joinTeam(own!);
  await team.complete();
  team.gather(Float32Array.of(1));
  team.leave("time is over");
  assertEquals([team.size, team.gather(Float32Array.of(2))], [1, [Float32Array.of(2)]]);
  assertEquals(await message, "TeamError: Cannot go on as another thread has ended: time is over");
  await end();
});

Deno.test("a member that fails is not waited for", async () => {
  const [own, other] = membersOf(2);
  const { message, end } = start({ membership: other!, counts: [1], leaves: "no memory is left" });
  const team = joinTeam(own!);
  await team.complete();
  team.gather(Float32Array.of(1));
  await message;
  assertThrows(() => team.gather(Float32Array.of(1)), TeamError, "no memory is left");
  assertThrows(() => team.gather(Float32Array.of(1)), TeamError, "no memory is left");
  team.leave();
  await end();
});
