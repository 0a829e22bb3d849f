import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadVgg16 } from "../../lib/network/vgg.ts";
import { adam } from "../../lib/optimizers/mod.ts";
import {
  gatys,
  nnst,
  type Overrides,
  type PresetName,
  presetOf,
  PRESETS,
  strotss,
} from "../../lib/run/presets.ts";
import { checkSettings } from "../../lib/run/settings.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, tensorsLeft } from "../helpers/stub.ts";

const content = noisePicture(64, 48, 1);
const style = noisePicture(60, 60, 2);

Deno.test("presets are plain data: settings that survive JSON", () => {
  for (const preset of Object.values(PRESETS)) {
    checkSettings(JSON.parse(JSON.stringify(preset)));
  }
});

Deno.test("what is given goes before a preset's own, by the names of the settings", () => {
  const options = gatys(content, style, { styleWeight: 10, iterations: 60 });
  assertEquals([options.style.weight, options.iterations], [10, 60]);
  assertEquals([options.content.weight, options.style.picture], [1, style]);
  const optimizer = adam({ stepSize: 1 });
  assertEquals(gatys(content, style, { optimizer }).optimizer, optimizer);
  assertThrows(
    () => gatys(content, style, { iteration: 5 } as never),
    TypeError,
    "did you mean iterations?",
  );
  assertThrows(() => gatys(content, style, { stepSize: -1 }), RangeError, "stepSize");
  assertThrows(() => presetOf("gaty" as PresetName), RangeError, "tutorial, tutorialFixed, gatys");
});

Deno.test("a preset's smallest size is meant for its own sizes", () => {
  const quick = presetOf("quick");
  assertEquals(quick(content, style).smallest, 128);
  assertEquals(quick(content, style, { sizes: [0.1, 1], iterations: 2 }).smallest, undefined);
  assertEquals(
    quick(content, style, { sizes: [0.1, 1], iterations: 2, smallest: 9 }).smallest,
    9,
  );
});

Deno.test("several styles and regions go into the style, and not into a complete method", () => {
  const other = noisePicture(50, 50, 3);
  const flat = { width: 1, height: 1, data: new Float32Array(3) };
  const regions = { content: flat, styles: [flat, flat] };
  const several = { others: [other], styleWeights: [2, 1], styleBlend: "terms" as const, regions };
  const { style: found } = gatys(content, style, several);
  assertEquals([found.others, found.shares, found.blend], [[other], [2, 1], "terms"]);
  assertEquals(found.regions, regions);
  const refuses = (overrides: Overrides, message: string) =>
    assertThrows(() => gatys(content, style, overrides), RangeError, message);
  refuses({ styleWeights: [1, 1] }, "a number for each of the 1 styles");
  refuses({ others: [other], styleWeights: [0, 0] }, "one of styleWeights must be above 0");
  refuses({ method: "nnst", others: [other] }, "knows neither further styles");
  refuses({ method: "strotss", seamless: true }, "knows neither further styles");
});

Deno.test("layer weights are one for each style layer", () => {
  const styleLayers = ["relu1_1", "relu2_1"];
  const { style: found } = gatys(content, style, { styleLayers, layerWeights: [2, 1] });
  assertEquals(found.layerWeights, { relu1_1: 2, relu2_1: 1 });
  assertThrows(() => gatys(content, style, { layerWeights: [1] }), RangeError, "each of the 5");
});

useEachEngine("complete methods run from coarse to fine, and leave no tensor", async () => {
  const network = await loadVgg16();
  for (const preset of [nnst, strotss]) {
    const run = () =>
      stylize(network, preset(content, style, { sizes: [0.5, 1], iterations: [2, 1] }));
    const { picture, losses, iterations } = await run();
    assertEquals([picture.width, picture.height, iterations], [64, 48, 3]);
    assertEquals(Object.keys(losses).length, 1);
    assert(Object.values(losses).every(({ loss }) => Number.isFinite(loss)));
    assertEquals(await tensorsLeft(run), 0);
  }
  network.dispose();
}, ["native"]);
