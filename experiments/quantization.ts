/**
 * What do eight bits a weight do to a network?
 *
 * VGG-16, which is at hand in half precision, is given palettes as `deno task convert --bits 8` makes
 * them, and compared with itself: features and Gram matrices of a photograph and a painting, relative
 * to their root mean square. Prints a table; the answer stands in the README of the weights.
 *
 *     deno run -A experiments/quantization.ts
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { useEngine } from "../lib/engine/engine.ts";
import { meanGramMatrix } from "../lib/loss/style/gram.ts";
import { featuresOf } from "../lib/network/features.ts";
import { createNetwork, type Network } from "../lib/network/network.ts";
import { loadVgg16, VGG16 } from "../lib/network/vgg.ts";
import { fromPalette, toPalette } from "../lib/network/weights/palette.ts";
import { floatsOf } from "../lib/network/weights/tensors.ts";
import { readPicture } from "../lib/picture/read.ts";
import { toTensor } from "../lib/picture/picture.ts";

const SIZE = 256;
const PICTURES = ["content/eilean-donan.jpg", "style/church-at-auvers.jpg"];
const FEATURES = ["relu4_2", "relu5_1"];
const GRAMS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"];

/** The root mean square of the difference over that of what is expected. */
async function relativeError(actual: tf.Tensor, expected: tf.Tensor): Promise<number> {
  const [found, wanted] = await Promise.all([actual.data(), expected.data()]);
  let [error, size] = [0, 0];
  wanted.forEach((value, i) => {
    error += (found[i]! - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(error / size);
}

function quantized({ weights }: Network): Network {
  const palettes = Object.entries(weights).map(([name, tensor]) => {
    const { shape, data } = tensor;
    const palette = shape.length === 4 ? fromPalette(toPalette(floatsOf(tensor))) : data;
    return [name, { shape, data: palette }];
  });
  return createNetwork(VGG16, Object.fromEntries(palettes));
}

await useEngine();
const original = await loadVgg16();
const networks = [quantized(original), original];
console.log("| picture | of | relative error |\n| --- | --- | --- |");
for (const name of PICTURES) {
  const place = new URL(`../notebooks/images/${name}`, import.meta.url);
  const image = toTensor(await readPicture(place, { maxSize: SIZE }));
  const [found, wanted] = networks.map((each) => featuresOf(each, image, [...FEATURES, ...GRAMS]));
  const print = async (what: string, of: (features: tf.Tensor4D) => tf.Tensor, layer: string) => {
    const error = await relativeError(of(found![layer]!), of(wanted![layer]!));
    console.log(`| ${name} | ${what} ${layer} | ${(100 * error).toFixed(2)} % |`);
  };
  for (const layer of FEATURES) await print("features", (features) => features, layer);
  for (const layer of GRAMS) await print("Gram matrix", meanGramMatrix, layer);
}
