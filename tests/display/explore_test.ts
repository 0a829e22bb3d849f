import { assertEquals, assertThrows } from "@std/assert";
import { explore } from "../../lib/display/explore.ts";

const grey = (level: number) => ({ width: 4, height: 4, data: new Float32Array(48).fill(level) });
const ROWS = [[grey(0), grey(50), grey(99)], [grey(100), grey(150)]];

/** Where the sliders stand: column, row. */
const valuesOf = (html: string) =>
  [...html.matchAll(/<input [^>]*value="(\d+)"/g)].map(([, value]) => value);

Deno.test("explore() begins in the corner, or where it is told to", () => {
  assertEquals(valuesOf(explore(ROWS).html), ["0", "0"]);
  assertEquals(valuesOf(explore(ROWS, { first: [1, 0] }).html), ["0", "1"]);
  assertEquals(valuesOf(explore(ROWS, { first: [0, 2] }).html), ["2", "0"]);
});

Deno.test("explore() begins at a picture", () => {
  for (const first of [[1, 2], [2, 0], [-1, 0], [0.5, 0]] as [number, number][]) {
    assertThrows(() => explore(ROWS, { first }), RangeError, "first must be the row and column");
  }
});
