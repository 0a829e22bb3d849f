/**
 * The judge against `tests/reference/make_judge_golden.py`, and what must hold of it on any network.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { createNetwork } from "../../../lib/network/network.ts";
import { loadVgg16, VGG16 } from "../../../lib/network/vgg.ts";
import type { Picture } from "../../../lib/picture/picture.ts";
import { readPicture } from "../../../lib/picture/read.ts";
import { createJudge, judge, JUDGE_LAYERS, type Judgment } from "../../../lib/run/judge/judge.ts";
import { PRESETS } from "../../../lib/run/presets.ts";
import type { Settings } from "../../../lib/run/settings.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { ENGINES, useEachEngine } from "../../helpers/engines.ts";
import { SMALL } from "../../helpers/seeded_networks.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../../helpers/stub.ts";

type GoldenCase = {
  content: string;
  style: string;
  mixed: { picture: string; noise: number; seed: number };
  judgment: Judgment;
};

const folder = new URL("../../golden/", import.meta.url);
const { cases }: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("judge.json", folder)),
);
const read = (name: string) => readPicture(new URL(name, folder));

/** The picture with noise in it, as the script makes it. */
async function noisy({ picture, noise, seed }: GoldenCase["mixed"]): Promise<Picture> {
  const { width, height, data } = await read(picture);
  const values = uniformNoise(data.length, 0, 255, seededRandom(seed));
  return { width, height, data: data.map((v, i) => (1 - noise) * v + noise * values[i]!) };
}

/** VGG-16 with a few channels and random weights: to judge with, but not to believe. */
const small = () => createNetwork(VGG16, SMALL.vgg16!());

for (const [i, golden] of cases.entries()) {
  const { content, style, mixed, judgment } = golden;
  // Plain JavaScript and a GPU played by the processor take minutes for the greater ones.
  const engines = ENGINES.filter((engine) => engine === "native" || i === 0);
  useEachEngine(`judge() finds what PyTorch finds of ${content} and ${style}, ${i}`, async () => {
    const network = await loadVgg16();
    const found = await judge(network, await read(content), await read(style), await noisy(mixed));
    network.dispose();
    const { layers, ...numbers } = found;
    const { layers: expectedLayers, ...expected } = judgment;
    // Where pictures are resized, Pillow's rounding differs a little.
    const rtol = content === mixed.picture ? 1e-4 : 2e-3;
    assertEquals(Object.keys(numbers), Object.keys(expected));
    assertAllClose(Object.values(numbers), Object.values(expected), { rtol, atol: 1e-5 });
    assertAllClose(Object.values(layers), Object.values(expectedLayers), { rtol });
  }, engines);
}

useEachEngine("the content image has style and patch 1, content and edges 0", async () => {
  const [content, style] = [noisePicture(40, 30, 1), noisePicture(32, 40, 2)];
  const found = await judge(small(), content, style, content);
  assertAlmostEquals(found.style, 1, 1e-6);
  assertAlmostEquals(found.patch, 1, 1e-6);
  assertAlmostEquals(found.content, 0, 1e-9);
  assertAlmostEquals(found.edges, 0, 1e-9);
});

useEachEngine("the style image has style, patch and grain 0, content and edges 1", async () => {
  const [content, style] = [noisePicture(40, 30, 1), noisePicture(40, 30, 2)];
  const found = await judge(small(), content, style, style);
  assertAlmostEquals(found.style, 0, 1e-4);
  assertAlmostEquals(found.patch, 0, 1e-6);
  assertAlmostEquals(found.grain, 0, 1e-6);
  assertAlmostEquals(found.content, 1, 1e-6);
  assertAlmostEquals(found.edges, 1, 1e-6);
});

useEachEngine("a style image with its quarters exchanged is still in its own style", async () => {
  const [content, style] = [noisePicture(64, 64, 1), await read("church-at-auvers-96.png")];
  const part = (shift: number) => ({
    width: 64,
    height: 64,
    data: Float32Array.from({ length: 64 * 64 * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 64, Math.floor(i / 192)];
      return style.data[((y + shift) % 64 * style.width + (x + shift) % 64) * 3 + i % 3]!;
    }),
  });
  const found = await judge(small(), content, part(0), part(32));
  // Patches across the seams, 28 pixels wide at a quarter of the size, are new.
  assert(found.patch < 0.5, `patch ${found.patch}`);
  assert(found.style < 0.5, `style ${found.style}`);
  assert(found.content > 0.7, `content ${found.content}`);
  assert(found.edges > 0.7, `edges ${found.edges}`);
}, ENGINES.filter((engine) => engine !== "cpu"));

useEachEngine(
  "noise makes a picture grainier, and a judge takes pictures of other sizes",
  async () => {
    const [content, style] = [await read("coffee-45x61.png"), await read("cafe-terrace-52x38.png")];
    const look = await createJudge(small(), content, style, { width: 45, height: 61 });
    const mixed = { picture: "coffee-45x61.png", seed: 4 };
    const [calm, loud] = [
      await look(await noisy({ ...mixed, noise: 0.1 })),
      await look(await noisy({ ...mixed, noise: 0.4 })),
    ];
    assert(loud.grain > calm.grain + 0.3, `${loud.grain} after ${calm.grain}`);
    assert(loud.edges > calm.edges && loud.content > calm.content);
    const other = await look(noisePicture(80, 30));
    assert(Object.values(other).flatMap((v) => typeof v === "number" ? [v] : []).every(isFinite));
  },
);

useEachEngine("judge() leaves no tensor behind, where it throws, too", async () => {
  const [network, content, style] = [small(), noisePicture(40, 30, 1), noisePicture(32, 40, 2)];
  await judge(network, content, style, content);
  assertEquals(await tensorsLeft(() => judge(network, content, style, content)), 0);
  const stub = stubNetwork();
  const fail = () => assertRejects(() => judge(stub, content, style, content), RangeError);
  await fail();
  assertEquals(await tensorsLeft(fail), 0);
  network.dispose();
});

Deno.test("the judge looks at no layer at which Gram matrices or Wasserstein distances are met", () => {
  // The tutorial's own presets name no layers: they use all there are.
  const presets = Object.entries<Settings>(PRESETS).filter(([, { measure, styleLayers }]) =>
    styleLayers && /^(gram|wasserstein)/.test(measure ?? "")
  );
  const shared = presets.map(([name, { styleLayers }]) =>
    [name, styleLayers!.filter((layer) => JUDGE_LAYERS.includes(layer))] as const
  );
  assert(shared.some(([name]) => name === "gatys") && shared.length > 1, `${shared}`);
  assertEquals(shared.filter(([, layers]) => layers.length > 0), []);
});

Deno.test("judge() refuses what it cannot judge", async () => {
  const [content, style] = [noisePicture(40, 30, 1), noisePicture(32, 40, 2)];
  const tiny = noisePicture(40, 27);
  const refuse = (rule: string, work: () => Promise<unknown>) =>
    assertRejects(work, RangeError, `Cannot judge a picture as ${rule}`);
  const sides = "image must have at least 28 pixels: current value is 40x27";
  await refuse(`each side of the mixed ${sides}`, () => judge(small(), content, style, tiny));
  await refuse(`each side of the style ${sides}`, () => judge(small(), content, tiny, content));
  await refuse(
    "content and style must be different pictures",
    () => judge(small(), content, content, content),
  );
  const nothing = { width: 0, height: 30 };
  await refuse("width must be a positive", () => createJudge(small(), content, style, nothing));
});
