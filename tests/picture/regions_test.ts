import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Picture } from "../../lib/picture/picture.ts";
import { checkMask, regionsOf, resizeRegion } from "../../lib/picture/regions.ts";
import { noisePicture } from "../helpers/stub.ts";

/** A mask from letters: R red, G green, K black, and r halfway between red and black. */
function mask(...rows: string[]): Picture {
  const colors: Record<string, number[]> = {
    R: [255, 0, 0],
    G: [0, 255, 0],
    K: [0, 0, 0],
    r: [127.5, 0, 0],
  };
  const data = rows.flatMap((row) => [...row].flatMap((letter) => colors[letter]!));
  return { width: rows[0]!.length, height: rows.length, data: Float32Array.from(data) };
}

Deno.test("regionsOf() finds the flat colours, and shares soft edges between two", () => {
  const regions = regionsOf(mask("RRrKK", "GGGGG"));
  assertEquals(regions.map(({ color }) => color), ["#000000", "#00ff00", "#ff0000"]);
  assertEquals([...regions[0]!.shares.slice(0, 5)], [0, 0, 0.5, 1, 1]);
  assertEquals([...regions[2]!.shares.slice(0, 5)], [1, 1, 0.5, 0, 0]);
  for (let i = 0; i < 10; i++) {
    const sum = regions.reduce((sum, { shares }) => sum + shares[i]!, 0);
    assert(Math.abs(sum - 1) < 1e-6);
  }
});

Deno.test("resizeRegion() averages, so that the shares still add up to 1", () => {
  const regions = regionsOf(mask("RRRKKKK", "RRKKKKK", "GGGGGGG")).map((r) =>
    resizeRegion(r, 3, 2)
  );
  for (let i = 0; i < 6; i++) {
    const sum = regions.reduce((sum, { shares }) => sum + shares[i]!, 0);
    assert(Math.abs(sum - 1) < 1e-6, `${sum}`);
  }
  // Red has 5 of 21 pixels, before and after.
  const red = regions.find(({ color }) => color === "#ff0000")!;
  const mean = red.shares.reduce((a, b) => a + b) / 6;
  assert(Math.abs(mean - 5 / 21) < 1e-6, `${mean}`);
});

Deno.test("a photograph is no mask, and a mask has its picture's proportions", () => {
  assertThrows(() => regionsOf(noisePicture(64, 64)), RangeError, "flat colours");
  const picture = noisePicture(10, 4);
  checkMask("paint", mask("RRRKK", "RRKKK"), picture);
  assertThrows(() => checkMask("paint", mask("RK", "RK", "RK", "RK"), picture), RangeError, "10x4");
});
