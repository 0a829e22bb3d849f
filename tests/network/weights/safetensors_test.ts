import { assertEquals, assertThrows } from "@std/assert";
import { parseSafetensors, writeSafetensors } from "../../../lib/network/weights/safetensors.ts";
import { narrowToHalf, widenHalf } from "../../../lib/network/weights/tensors.ts";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { SMALL } from "../../helpers/seeded_networks.ts";

Deno.test("narrowToHalf() undoes widenHalf() for every half", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const isNaN = (half: number) => (half & 0x7fff) > 0x7c00;
  const back = narrowToHalf(widenHalf(bits));
  assertEquals(back.filter((half, i) => half !== i && !isNaN(i)).length, 0);
  assertEquals(back.filter((half, i) => isNaN(i) && !isNaN(half)).length, 0);
});

Deno.test("narrowToHalf() rounds to the nearest, ties to even", () => {
  const cases: [number, number][] = [
    [1 + 2 ** -11, 0x3c00], // half way between 1 and 1 + 2^-10: the even one
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [2 ** -25, 0], // half of the smallest number
    [3 * 2 ** -25, 2],
    [2 ** -14 - 2 ** -26, 0x0400], // from below into the normal numbers
    [-65504, 0xfbff],
    [65519, 0x7bff],
    [65520, 0x7c00], // rounds to 65536, which is infinite
    [1e30, 0x7c00],
    [-Infinity, 0xfc00],
    [-0, 0x8000],
  ];
  const found = narrowToHalf(Float32Array.from(cases, ([value]) => value));
  assertEquals(Array.from(found), cases.map(([, half]) => half));
});

Deno.test("narrowToHalf() agrees with the platform's own half precision", () => {
  const Float16 =
    (globalThis as unknown as { Float16Array?: Float32ArrayConstructor }).Float16Array;
  if (!Float16) return;
  const random = seededRandom(4);
  const values = uniformNoise(200_000, -1, 1, random).map((v) => v * 2 ** (36 * random() - 28));
  assertEquals(narrowToHalf(values), new Uint16Array(new Float16(values).buffer as ArrayBuffer));
});

Deno.test("writeSafetensors() writes what parseSafetensors() reads, to half precision", () => {
  const weights = SMALL.inception5h();
  const file = writeSafetensors(weights, { network: "Inception 5h" });
  const found = parseSafetensors(file);
  assertEquals(Object.keys(found), Object.keys(weights).sort());
  for (const [name, { shape, data }] of Object.entries(weights)) {
    assertEquals(found[name], { shape, data: widenHalf(narrowToHalf(data)) });
  }
  // The numbers start at a multiple of eight bytes, as the format asks.
  assertEquals(new DataView(file.buffer).getBigUint64(0, true) % 8n, 0n);
  assertEquals(writeSafetensors(found, { network: "Inception 5h" }), file);
});

Deno.test("writeSafetensors() refuses what half precision cannot hold", () => {
  for (const value of [70000, NaN, -Infinity]) {
    const weights = { a: { shape: [2], data: new Float32Array([1, value]) } };
    const message = `Cannot write a as half precision holds finite numbers up to 65504: current ` +
      `value at position 1 is ${value}`;
    assertThrows(() => writeSafetensors(weights), Error, message);
  }
});
