import { assert, assertEquals } from "@std/assert";
import { inTurn, runsAlone } from "./schedule.ts";

Deno.test("a comment says that a file runs alone, and why", () => {
  assert(runsAlone("/**\n * Tests.\n *\n * Runs alone: it measures seconds.\n */"));
  assert(runsAlone('import "x";\n// Runs alone: there is one browser.'));
  assert(!runsAlone("const text = 'Runs alone: no comment';"));
});

Deno.test("inTurn() runs two at a time, then one by one what must be alone", async () => {
  let running = 0;
  const seen: [number, number][] = [];
  const options = { jobs: 2, alone: (item: number) => item % 3 === 0 };
  const results = await inTurn([0, 1, 2, 3, 4, 5], options, async (item) => {
    running++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.push([item, running]);
    running--;
    return item * 10;
  });
  assertEquals(results, [0, 10, 20, 30, 40, 50]);
  assertEquals(seen.map(([item]) => item), [1, 2, 4, 5, 0, 3]);
  assertEquals(Math.max(...seen.map(([, count]) => count)), 2);
  assertEquals(seen.slice(4), [[0, 1], [3, 1]]);
});

Deno.test("inTurn() with one job keeps the order, also of what must be alone", async () => {
  const seen: number[] = [];
  const options = { jobs: 1, alone: (item: number) => item === 1 };
  await inTurn([1, 2, 3], options, (item, together) => {
    assert(!together);
    return Promise.resolve(seen.push(item));
  });
  assertEquals(seen, [1, 2, 3]);
});
