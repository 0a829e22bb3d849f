import { assertEquals, assertThrows } from "@std/assert";
import { matchMoments, noiseLike } from "../../lib/picture/moments.ts";
import { startPicture } from "../../lib/run/start.ts";
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

Deno.test("startPicture() says which picture is missing", () => {
  const without = (start: "recolored" | "style-noise" | "content") => () =>
    startPicture({ start, ...(start === "content" ? { style } : { content }) });
  assertThrows(without("recolored"), RangeError, "the style picture as none was given");
  assertThrows(without("style-noise"), RangeError, "the style picture as none was given");
  assertThrows(without("content"), RangeError, "the content picture as none was given");
});
