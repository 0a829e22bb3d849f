import { assertEquals, assertThrows } from "@std/assert";
import {
  checkPictureSettings,
  DEFAULTS,
  filledIn,
  paintOptions,
  PICTURE_SETTINGS,
  type PictureSettings,
  settingsAfter,
  styleSizeOf,
} from "../../lib/recipe/settings.ts";
import { PRESETS } from "../../lib/run/presets.ts";
import { SETTINGS } from "../../lib/run/settings.ts";
import { noisePicture } from "../helpers/stub.ts";

Deno.test("the settings of a picture are those of a run and four more", () => {
  const further = Object.keys(PICTURE_SETTINGS).filter((name) => !(name in SETTINGS));
  assertEquals(further, ["preset", "network", "size", "styleSize"]);
});

Deno.test("filledIn() keeps what is given and takes undefined for left out", () => {
  const given: PictureSettings = { size: 64, network: undefined, styleWeight: 0 };
  assertEquals(filledIn(given), { ...DEFAULTS, size: 64, styleWeight: 0 });
});

const WRONG: [string, unknown, string][] = [
  ["no object", "abc", "the settings must be an object"],
  ["a list", [], "the settings must be an object"],
  ["nothing", null, "the settings must be an object"],
  ["a setting that is none", { styleweight: 1 }, "did you mean styleWeight?"],
  ["what only a command has", { out: "x.png" }, '"out"'],
  ["text for a number", { size: "64" }, "size must be a whole number"],
  ["a number that is not whole", { seed: 1.5 }, "seed must be a whole number"],
  ["a seed that is another's", { seed: 2 ** 32 }, "seed must be a whole number"],
  ["a seed without digits enough", { seed: 1e99 }, "seed must be a whole number"],
  ["no list of layers", { styleLayers: "relu1_1" }, "styleLayers must be a list of layers"],
  ["an unknown layer", { styleLayers: ["relu9_9"] }, "styleLayers must be one of relu1_1"],
  ["a number where a list must be", { sizes: 0.5 }, "sizes must be a list of numbers"],
  ["a network that is none", { network: "__proto__" }, "network must be one of vgg16"],
  ["an inherited name", { preset: "constructor" }, "preset must be one of tutorial"],
];
for (const [what, settings, message] of WRONG) {
  Deno.test(`checkPictureSettings() refuses ${what}`, () => {
    assertThrows(() => checkPictureSettings(settings), Error, message);
  });
}

Deno.test("layers may be VGG's wherever the network has counterparts", () => {
  checkPictureSettings({ network: "inception5h", styleLayers: ["relu4_2", "mixed3b"] });
});

Deno.test("settingsAfter() says the iterations that were done, in place of limits", () => {
  const preset = "gatys";
  const limits = { iterations: 500, seconds: 3, evaluations: 90 };
  const settings: PictureSettings = { preset, ...limits, seed: 4 };
  assertEquals(settingsAfter(settings, 17), { ...DEFAULTS, preset, seed: 4, iterations: 17 });
});

Deno.test("settingsAfter() says the smallest size with the sizes that it holds", () => {
  const after = settingsAfter({ preset: "quick", size: 48 }, 3);
  assertEquals(after.smallest, PRESETS.quick.smallest);
  assertEquals(settingsAfter(after, 3), after);
  assertEquals(settingsAfter({ preset: "quick", sizes: [0.5, 1] }, 3).smallest, undefined);
});

Deno.test("settingsAfter() of a run from coarse to fine ends with the size that it had reached", () => {
  const settings: PictureSettings = { sizes: [0.25, 0.5, 1], iterations: [10, 8, 6] };
  const after = (done: number) => {
    const { sizes, iterations } = settingsAfter(settings, done);
    return [sizes, iterations];
  };
  assertEquals(after(24), [[0.25, 0.5, 1], [10, 8, 6]]);
  assertEquals(after(13), [[0.25, 0.5], [10, 3]]);
  assertEquals(after(10), [[0.25], [10]]);
  const same = settingsAfter({ sizes: [0.5, 1], iterations: 5 }, 7);
  assertEquals([same.sizes, same.iterations], [[0.5, 1], [5, 2]]);
});

Deno.test("the style is as large as the content unless said otherwise", () => {
  assertEquals(styleSizeOf({}), 512);
  assertEquals(styleSizeOf({ size: 64 }), 64);
  assertEquals(styleSizeOf({ size: 64, styleSize: 32 }), 32);
  assertEquals(styleSizeOf({ size: 64, styleScale: 1.5 }), 96);
});

Deno.test("paintOptions() are the preset's, with what the settings change", () => {
  const [content, style] = [noisePicture(8, 8), noisePicture(8, 8, 2)];
  const settings: PictureSettings = { preset: "tutorial", styleWeight: 3, start: "style", size: 8 };
  const options = paintOptions(settings, { content, style });
  assertEquals([options.style.weight, options.content.weight], [3, 1.5]);
  assertEquals([options.start, options.inputScale, options.seed], ["style", 255, 1]);
  assertEquals(paintOptions(settings, { content, style, start: content }).start, content);
});

Deno.test("paintOptions() without a content are those of a texture, in its own size", () => {
  const style = noisePicture(8, 8, 2);
  const options = paintOptions({ size: 64, seamless: true }, { style });
  assertEquals([options.content, options.size, options.start], [undefined, 64, "style-noise"]);
  assertEquals([options.style.picture, options.seamless], [style, true]);
  assertEquals(paintOptions({ preset: "tutorial" }, { style }).start, "noise");
  const content = () => paintOptions({ start: "content" }, { style });
  assertThrows(content, RangeError, "start must not need a content");
});
