import { assertEquals, assertThrows } from "@std/assert";
import { animation } from "../../lib/display/mod.ts";
import { DISPLAY } from "../../lib/display/publish.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { noisePicture } from "../helpers/stub.ts";

/** Milliseconds that each frame stays, from the frame control chunks of an animated PNG. */
function delaysOf(png: Uint8Array): number[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const delays: number[] = [];
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    if (String.fromCharCode(...png.subarray(at + 4, at + 8)) !== "fcTL") continue;
    delays.push(1000 * view.getUint16(at + 28) / view.getUint16(at + 30));
  }
  return delays;
}

const flat = (grey: number) => ({ width: 4, height: 3, data: new Float32Array(36).fill(grey) });

Deno.test("animation() holds every picture, for the time asked", async () => {
  const film = animation([flat(0), flat(100), flat(255)], { delay: 250 });
  assertEquals(delaysOf(film.png), [250, 250, 1000]);
  // A viewer that does not play it shows the first picture.
  assertEquals((await readPicture(film.png)).data, flat(0).data);
  assertEquals(Object.keys(film[DISPLAY]()), ["image/png", "text/plain"]);
});

Deno.test("animation() wants pictures of one size", () => {
  assertThrows(() => animation([]), RangeError, "there must be a picture");
  assertThrows(() => animation([flat(0), noisePicture(5, 3)]), RangeError, "4x3");
  assertThrows(() => animation([flat(0)], { delay: 0 }), RangeError, "delay");
});
