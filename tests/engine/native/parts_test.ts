import { assert, assertEquals, assertThrows } from "@std/assert";
import { Abandoned, Barrier } from "../../../lib/engine/native/barrier.ts";
import { orderOf, Parts, partsOf } from "../../../lib/engine/native/parts.ts";

Deno.test("each thread begins with its own parts and goes on with the last ones of the others", () => {
  assertEquals(orderOf(8, { thread: 0, threads: 2 }), [0, 1, 2, 3, 7, 6, 5, 4]);
  assertEquals(orderOf(8, { thread: 1, threads: 2 }), [4, 5, 6, 7, 3, 2, 1, 0]);
  assertEquals(orderOf(7, { thread: 1, threads: 3 }), [2, 3, 4, 6, 5, 1, 0]);
  for (const [count, threads] of [[1, 4], [3, 2], [5, 8], [32, 8]] as const) {
    for (let thread = 0; thread < threads; thread++) {
      const sorted = orderOf(count, { thread, threads }).sort((a, b) => a - b);
      assertEquals(sorted, Array.from({ length: count }, (_, i) => i));
    }
  }
  assertThrows(() => orderOf(1000, { thread: 0, threads: 1 }), RangeError);
});

Deno.test("a part is taken once, and none after one has failed", () => {
  const [parts, barrier] = [new Parts(), new Barrier()];
  const other = new Parts(parts.memory);
  const done: string[] = [];
  const names = ["a", "b", "c", "d"];
  parts.take(barrier, names, { thread: 0, threads: 2 }, (name) => {
    done.push(name);
    if (name === "a") other.take(barrier, names, { thread: 1, threads: 2 }, (n) => done.push(n));
  });
  assertEquals(done, ["a", "c", "d", "b"]);

  parts.reset();
  const fail = () => {
    throw new Error("Cannot go on");
  };
  assertThrows(() => parts.take(barrier, names, { thread: 0, threads: 1 }, fail), Error, "Cannot");
  other.take(barrier, names, { thread: 1, threads: 2 }, () => assert(false));
  assertThrows(() => barrier.meet(2), Abandoned);
});

Deno.test("rows are cut into parts of nearly the same length", () => {
  assertEquals(partsOf(10, 4), [[0, 3], [3, 5], [5, 8], [8, 10]]);
  assertEquals(partsOf(2, 4), [[0, 1], [1, 2]]);
});
