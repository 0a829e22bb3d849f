/** What a notebook shows when a picture, a result or a network is the last line of a cell. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import "../../lib/display/mod.ts";
import { type Bundle, DISPLAY } from "../../lib/display/publish.ts";
import { createNetwork } from "../../lib/network/network.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { resizePicture } from "../../lib/picture/resize.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { stubNetwork } from "../helpers/stub.ts";

const grey = (side: number): Picture => ({
  width: side,
  height: side,
  data: new Float32Array(side * side * 3).fill(128),
});

function displayOf(value: object): Bundle {
  assert(DISPLAY in value, "it must have the kernel's symbol");
  return (value as { [DISPLAY](): Bundle })[DISPLAY]();
}

Deno.test("a picture is shown as a picture", async () => {
  const bundle = displayOf(resizePicture(grey(300), { maxSize: 280 }));
  assertEquals(bundle["text/plain"], "a picture, 280×280");
  const shown = await readPicture(Uint8Array.fromBase64(bundle["image/png"]!));
  assertEquals(shown.width, 280);
});

Deno.test("a result is shown with its losses, and a network as a table of its layers", async () => {
  const network = stubNetwork();
  const layer = network.layers[0]!;
  const result = await stylize(network, {
    content: { picture: grey(16), layers: [layer] },
    denoise: { weight: 1 },
    iterations: 2,
    seed: 3,
  });
  const bundle = displayOf(result);
  const text = bundle["text/plain"];
  assert("image/png" in bundle || "image/jpeg" in bundle);
  assert(/^After 2 iterations, [\d.]+ s · \w+ · 16×16: total /.test(text!), text);
  assert(/^loss +value +weight +share\ncontent .*\ndenoise .* %/m.test(text!), text);
  assertEquals(DISPLAY in result.picture, true);
  assertEquals(JSON.parse(JSON.stringify(result)).iterations, 2);

  const table = displayOf(createNetwork(network, network.weights));
  assertStringIncludes(table["text/plain"]!, layer);
  assertStringIncludes(table["text/html"]!, "pixels a side");
});
