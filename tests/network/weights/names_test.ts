/**
 * Files of other programs become networks that see what those programs see: values of
 * `tests/reference/make_weights_golden.py`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { featuresOf } from "../../../lib/network/features.ts";
import { fitWeights } from "../../../lib/network/load.ts";
import { loadVgg16, loadVgg19, VGG16, vggArchitecture } from "../../../lib/network/vgg.ts";
import { fitNames, withMean } from "../../../lib/network/weights/names.ts";
import { readWeights, type Weights } from "../../../lib/network/weights/read.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { useEachEngine } from "../../helpers/engines.ts";
import type { GoldenArray } from "../../helpers/golden.ts";
import { goldenFile, SMALL } from "../../helpers/seeded_networks.ts";

type Golden = {
  height: number;
  width: number;
  seed: number;
  layers: Record<string, GoldenArray & { shape: number[] }>;
};
const golden: Golden = JSON.parse(
  await Deno.readTextFile(new URL("../../golden/weights.json", import.meta.url)),
);

const TORCH = ["vgg16.pth", "vgg16_old.pth", "vgg16_torch.safetensors"];
for (const file of TORCH) {
  useEachEngine(`${file} sees what PyTorch sees after torchvision's preprocessing`, async () => {
    const network = await loadVgg16({ weights: goldenFile(file) });
    const { height, width, seed } = golden;
    const noise = uniformNoise(height * width * 3, 0, 255, seededRandom(seed));
    const x = tf.tensor4d(noise, [1, height, width, 3]);
    const found = featuresOf(network, x, Object.keys(golden.layers));
    for (const [layer, { shape, stride, values }] of Object.entries(golden.layers)) {
      assertEquals(found[layer]!.shape, [1, ...shape]);
      const data = await found[layer]!.data();
      const samples = values.map((_, i) => data[i * stride]!);
      assertAllClose(samples, values, { rtol: 1e-4, scale: "rms" });
    }
    network.dispose();
  });
}

const CAFFE = ["vgg16.caffemodel", "vgg16_new.caffemodel", "vgg16.weights.h5", "vgg16.keras"];
for (const file of CAFFE) {
  Deno.test(`${file} becomes Keras' VGG-16, to the last digit`, async () => {
    const { weights, preprocessing } = fitNames(VGG16, await readWeights(goldenFile(file)), file);
    assertEquals(weights, SMALL.vgg16!());
    assertEquals(preprocessing, VGG16.preprocessing);
  });
}

Deno.test("vgg16.npz with Frossard's names is for RGB, and becomes the same", async () => {
  const { weights } = fitNames(VGG16, await readWeights(goldenFile("vgg16.npz")), "vgg16.npz");
  assertEquals(weights, SMALL.vgg16!());
});

Deno.test("files of neural-style-pt have PyTorch's names and Caffe's pictures", async () => {
  const found = await readWeights(goldenFile("vgg16_old.pth"));
  for (
    const [file, pictures] of [["/a/vgg16-00b39a1b.pth", undefined], ["x.pth", "caffe"]] as const
  ) {
    const { weights, preprocessing } = fitNames(VGG16, found, file, pictures);
    assertEquals([weights, preprocessing], [SMALL.vgg16!(), VGG16.preprocessing]);
  }
});

Deno.test("torchvision's preprocessing is folded into the first kernel; the mean stays", () => {
  // One 1x1 filter that takes 1, 2 and 4 of red, green and blue.
  const stub = vggArchitecture("stub", [1]);
  const weights: Weights = {
    "features.0.weight": { shape: [1, 3, 1, 1], data: new Float32Array([1, 2, 4]) },
    "features.0.bias": { shape: [1], data: new Float32Array([0]) },
  };
  const fitted = fitNames(stub, weights, "x");
  const kernel = fitted.weights["block1_conv1.kernel"]!;
  assertEquals(kernel.shape, [1, 1, 3, 1]);
  // Blue first: 4 / (255 * 0.225), 2 / (255 * 0.224), 1 / (255 * 0.229)
  assertAllClose(kernel.data, [0.0697168, 0.0350140, 0.0171248], { rtol: 1e-5 });
  assertAllClose(fitted.preprocessing.mean, [123.675, 116.28, 103.53], { rtol: 1e-12 });
  // Written and read again, the mean is kept beside the weights.
  const again = fitNames(stub, withMean(fitted, stub), "x");
  assertAllClose(again.preprocessing.mean, fitted.preprocessing.mean, { rtol: 1e-7 });
  assertEquals(again.weights, fitted.weights);
});

Deno.test("fitWeights() refuses batch normalisation, other networks and missing layers", async () => {
  const found = await readWeights(goldenFile("vgg16.pth"));
  const numbers = Object.keys(found).map((name) => Number(name.split(".")[1]));
  // With batch normalisation a convolution, its normalisation and a ReLU follow each other.
  const spread = Object.fromEntries(
    Object.entries(found).map(([name, tensor], i) => [
      name.replace(/\d+/, String(numbers[i]! * 1.5)),
      tensor,
    ]),
  );
  const rule = "Cannot build VGG-16 as its convolutions must be numbered 0, 2, 5, 7, 10, 12";
  assertThrows(() => fitWeights(VGG16, spread, "bn.pth"), Error, rule);
  const { "features.28.weight": _, ...fewer } = found;
  const missing = "the weights have no block5_conv3.kernel (file x.pth)";
  assertThrows(() => fitWeights(VGG16, fewer, "x.pth"), Error, missing);
  const smaller = vggArchitecture("VGG-4", [2, 2]);
  const further =
    "Cannot build VGG-4 as it has no features.10.weight: the file is another network's";
  assertThrows(() => fitWeights(smaller, found, "x.pth"), Error, further);
});

Deno.test("loadVgg19() of a file for VGG-16 with PyTorch's names says so", async () => {
  let message = "";
  await loadVgg19({ weights: goldenFile("vgg16.pth") }).catch((error) => message = error.message);
  assertEquals(
    message.startsWith("Cannot build VGG-19 as its convolutions must be"),
    true,
    message,
  );
});
