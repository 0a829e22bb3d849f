import { assertEquals, assertThrows } from "@std/assert";
import { matchMoments, noiseLike } from "../../lib/picture/moments.ts";
import { startPicture } from "../../lib/run/start.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { noisePicture } from "../helpers/stub.ts";

const content = { picture: noisePicture(9, 6, 1) };
const style = { picture: noisePicture(5, 7, 2) };

Deno.test("startPicture() named recolored is the content with the style's colours", () => {
  const made = startPicture({ start: "recolored", content, style });
  assertEquals(made, matchMoments(content.picture, style.picture));
});

Deno.test("startPicture() named style-noise has the content's size and the seed's noise", () => {
  const made = startPicture({ start: "style-noise", content, style, seed: 4 });
  assertEquals(made, noiseLike(style.picture, { width: 9, height: 6, seed: 4 }));
});

const other = { picture: noisePicture(6, 6, 3) };

Deno.test("startPicture() named recolored has the colours of all styles, in their shares", () => {
  const made = (shares: number[]) =>
    startPicture({
      start: "recolored",
      content,
      style: { ...style, others: [other.picture], shares },
    });
  assertEquals(made([1, 0]), matchMoments(content.picture, style.picture));
  assertEquals(made([0, 2]), matchMoments(content.picture, other.picture));
});

Deno.test("startPicture() named recolored has in each region that region's colours", () => {
  const flat = (rgb: number[]) => ({ width: 1, height: 1, data: Float32Array.from(rgb) });
  const [grey, green] = [90, 160].map((level, i) => ({
    ...style.picture,
    data: style.picture.data.map((_, at) => i === 1 && at % 3 !== 1 ? 0 : level),
  }));
  const halves = { ...content.picture, data: new Float32Array(9 * 6 * 3) };
  halves.data.fill(255, 0, 9 * 3 * 3); // white above, black below
  const regions = { content: halves, styles: [flat([255, 255, 255]), flat([0, 0, 0])] };
  const { data } = startPicture({
    start: "recolored",
    content,
    style: { picture: grey!, others: [green!], regions },
  });
  assertAllClose(data.slice(0, 3), [90, 90, 90], { rtol: 1e-4 });
  assertAllClose(data.slice(-3), [0, 160, 0], { rtol: 1e-4, atol: 1e-3 });
});

Deno.test("startPicture() says which picture is missing", () => {
  const without = (start: "recolored" | "style-noise" | "content") => () =>
    startPicture({ start, ...(start === "content" ? { style } : { content }) });
  assertThrows(without("recolored"), RangeError, "the style picture as none was given");
  assertThrows(without("style-noise"), RangeError, "the style picture as none was given");
  assertThrows(without("content"), RangeError, "the content picture as none was given");
});
