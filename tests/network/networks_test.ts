/**
 * VGG-19 and Inception 5h at their true widths against PyTorch, with seeded random weights: values of
 * `tests/reference/make_network_golden.py`. Losses, optimizers and the loop on a small Inception.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { layersLike, layerStride } from "../../lib/network/architecture.ts";
import { INCEPTION5H, loadInception5h } from "../../lib/network/inception.ts";
import { featuresOf } from "../../lib/network/features.ts";
import { createNetwork } from "../../lib/network/network.ts";
import { NETWORKS } from "../../lib/network/networks.ts";
import { adam } from "../../lib/optimizers/mod.ts";
import { gatys, PRESETS, tutorial } from "../../lib/run/presets.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { LAYERS, loadVgg16, loadVgg19, VGG16, VGG19 } from "../../lib/network/vgg.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import type { GoldenArray } from "../helpers/golden.ts";
import { FULL, goldenFile, SMALL } from "../helpers/seeded_networks.ts";
import { noisePicture, tensorsLeft } from "../helpers/stub.ts";

const VALUES = 1e-4;
const GRADIENTS = 1e-3;

type Case = {
  height: number;
  width: number;
  seed: number;
  activations: Record<string, GoldenArray>;
  gradient: GoldenArray;
};
type Golden = { weights_seed: number; cases: Record<string, Case[]> };

const golden: Golden = JSON.parse(
  await Deno.readTextFile(new URL("../golden/networks.json", import.meta.url)),
);

function close(actual: ArrayLike<number>, { rms, stride, values }: GoldenArray, rtol: number) {
  const samples = values.map((_, i) => actual[i * stride]!);
  assertAllClose(samples, values, { rtol, atol: rtol * rms });
}

for (const [name, cases] of Object.entries(golden.cases)) {
  useEachEngine(`${name} equals PyTorch: activations and gradients`, async (engine) => {
    const network = createNetwork(...FULL[name]!(golden.weights_seed));
    // The plain engine is only a fallback and takes seconds a picture: one is enough.
    for (const { height, width, seed, ...wanted } of engine === "cpu" ? cases.slice(0, 1) : cases) {
      const noise = uniformNoise(height * width * 3, 0, 255, seededRandom(seed));
      const x = tf.tensor4d(noise, [1, height, width, 3]);
      const found = featuresOf(network, x, network.layers);
      for (const layer of network.layers) {
        assertEquals(found[layer]!.shape, [1, ...wanted.activations[layer]!.shape]);
        close(await found[layer]!.data(), wanted.activations[layer]!, VALUES);
      }
      const gradient = tf.grad((x: tf.Tensor) => {
        const features = featuresOf(network, x as tf.Tensor4D, network.layers);
        const squares = Object.values(features).map((f) => tf.mean<tf.Scalar>(tf.square(f)));
        return squares.reduce((sum, square) => tf.add(sum, square)); // addN binds too many buffers
      })(x);
      close(await gradient.data(), wanted.gradient, GRADIENTS);
      tf.dispose([x, found, gradient]);
    }
    network.dispose();
  });
}

useEachEngine("stylize() does not know which network it serves", async () => {
  const network = createNetwork(INCEPTION5H, SMALL.inception5h!());
  const [content, style] = [noisePicture(40, 37, 1), noisePicture(35, 48, 2)];
  for (const preset of [gatys, tutorial]) {
    for (const optimizer of [undefined, adam({ stepSize: 5 })]) {
      const left = await tensorsLeft(async () => {
        const settings = preset(content, style);
        const { losses, picture } = await stylize(network, {
          ...settings,
          optimizer: optimizer ?? settings.optimizer,
          iterations: 2,
        });
        assertEquals([picture.width, picture.height], [40, 37]);
        assertEquals(Object.keys(losses), ["content", "style", "denoise"]);
        network.dispose();
      });
      assertEquals(left, 0);
    }
  }
});

Deno.test("VGG-19 has VGG-16's layers and three more", () => {
  assertEquals(VGG19.layers.length, 16);
  const further = VGG19.layers.filter((layer) => !VGG16.layers.includes(layer));
  assertEquals(further, ["relu3_4", "relu4_4", "relu5_4"]);
  assertEquals(LAYERS.filter((layer) => !VGG19.layers.includes(layer)), []);
});

Deno.test("Inception 5h has the layers of tutorial 14, each pooled as often as the paper says", () => {
  const strides = INCEPTION5H.layers.map((layer) => [layer, layerStride(INCEPTION5H, layer)]);
  assertEquals(strides, [
    ["conv2d0", 2],
    ...["conv2d1", "conv2d2"].map((layer) => [layer, 4]),
    ...["mixed3a", "mixed3b"].map((layer) => [layer, 8]),
    ...["mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e"].map((layer) => [layer, 16]),
    ...["mixed5a", "mixed5b"].map((layer) => [layer, 32]),
  ]);
  const names = new Set(INCEPTION5H.graph.map(({ name }) => name));
  assertEquals(names.size, INCEPTION5H.graph.length);
  assertEquals(INCEPTION5H.layers.filter((layer) => !names.has(layer)), []);
});

Deno.test("presets that name VGG's layers work on every network", () => {
  const picture = noisePicture(8, 8);
  for (const { architecture } of Object.values(NETWORKS)) {
    for (const { contentLayers, styleLayers } of Object.values<Settings>(PRESETS)) {
      const layers = layersLike(architecture, [...contentLayers ?? [], ...styleLayers ?? []]);
      const there = [...architecture.layers, ...architecture.hidden ?? []];
      assertEquals(layers.filter((layer) => !there.includes(layer)), []);
    }
  }
  const { content, style } = gatys(picture, picture);
  assertEquals(content.layers, ["relu4_2"]);
  assertEquals(layersLike(INCEPTION5H, content.layers!), ["mixed3b"]);
  assertEquals(layersLike(INCEPTION5H, style.layers!), [
    ...["conv2d0", "conv2d1", "conv2d2", "mixed3a", "mixed4a"],
  ]);
});

Deno.test("every layer of VGG has a counterpart in Inception, deeper ones not shallower", () => {
  const found = VGG19.layers.map((layer) => layersLike(INCEPTION5H, [layer])[0]!);
  const places = found.map((layer) => INCEPTION5H.layers.indexOf(layer));
  assertEquals(places, [...places].sort((a, b) => a - b));
  assert(places[0] === 0, "relu1_1 must be conv2d0");
  assertEquals(layersLike(INCEPTION5H, ["relu1_1", "relu1_2", "mixed5b"]), ["conv2d0", "mixed5b"]);
});

Deno.test("a wrong layer name is answered with the network's own", async () => {
  const network = await loadInception5h({ weights: goldenFile("inception5h.zip") });
  const picture = noisePicture(40, 40);
  await assertRejects(
    () => stylize(network, { content: { picture, layers: ["relu9_9"] } }),
    RangeError,
    "Cannot use a layer of Inception 5h as layer must be one of conv2d0, conv2d1",
  );
  network.dispose();
});

Deno.test("each loader refuses the files of the other networks and says which file", async () => {
  const [vgg16, vgg19, inception] = ["vgg16_new.h5", "vgg19_old.h5", "inception5h.zip"]
    .map(goldenFile);
  const refusals: [() => Promise<unknown>, string][] = [
    [() => loadVgg16({ weights: vgg19 }), "Cannot build VGG-16 as it has no block3_conv4.kernel"],
    [
      () => loadVgg19({ weights: vgg16 }),
      "Cannot build VGG-19 as the weights have no block3_conv4",
    ],
    [() => loadVgg19({ weights: inception }), "have no block1_conv1.kernel"],
    [
      () => loadInception5h({ weights: vgg19 }),
      "Cannot build Inception 5h as it has no block1_conv1.kernel",
    ],
  ];
  for (const [load, message] of refusals) {
    const error = await assertRejects(load, Error, message);
    assertStringIncludes(error.message, "tests/golden/weights/");
  }
});
