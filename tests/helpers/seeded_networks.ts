/**
 * The further networks with seeded random weights, as `tests/reference/networks.py` makes them.
 *
 * @module
 */
import type { Architecture } from "../../lib/network/architecture.ts";
import { INCEPTION5H } from "../../lib/network/inception.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { VGG16, VGG19 } from "../../lib/network/vgg.ts";
import type { Weights } from "../../lib/network/weights/read.ts";

/** Channels of the branches 1x1, 3x3 bottleneck, 3x3, 5x5 bottleneck, 5x5, pool reduce. */
const INCEPTION_WIDTHS: Record<string, number[]> = {
  mixed3a: [64, 96, 128, 16, 32, 32],
  mixed3b: [128, 128, 192, 32, 96, 64],
  mixed4a: [192, 96, 204, 16, 48, 64],
  mixed4b: [160, 112, 224, 24, 64, 64],
  mixed4c: [128, 128, 256, 24, 64, 64],
  mixed4d: [112, 144, 288, 32, 64, 64],
  mixed4e: [256, 160, 320, 32, 128, 128],
  mixed5a: [256, 160, 320, 48, 128, 128],
  mixed5b: [384, 192, 384, 48, 128, 128],
};
const BRANCHES = ["1x1", "3x3_bottleneck", "3x3", "5x5_bottleneck", "5x5", "pool_reduce"];
const STEM: Record<string, [number, number]> = {
  conv2d0: [7, 0],
  conv2d1: [1, 1],
  conv2d2: [3, 2],
};

/** Side and channels of the filter of a layer. */
type Size = (layer: string) => [number, number];

const vggSize = (widths: number[]): Size => (layer) => [3, widths[Number(layer[4]) - 1]!];

function inceptionSize(stem: number[], block: (name: string) => number[]): Size {
  return (layer) => {
    if (layer in STEM) return [STEM[layer]![0], stem[STEM[layer]![1]]!];
    const branch = layer.slice(layer.indexOf("_") + 1);
    const side = /^[35]x[35]$/.test(branch) ? Number(branch[0]) : 1;
    return [side, block(layer.split("_")[0]!)[BRANCHES.indexOf(branch)]!];
  };
}

/**
 * Kernels uniform in ±sqrt(6 / (height · width · in)), biases in ±8, all of one stream of numbers in
 * the order of the graph.
 */
export function seededWeights({ graph }: Architecture, size: Size, seed: number): Weights {
  const random = seededRandom(seed);
  const channels: Record<string, number> = { image: 3 };
  const weights: Weights = {};
  for (const layer of graph) {
    if (layer.op === "concat") {
      channels[layer.name] = layer.inputs.reduce((sum, input) => sum + channels[input]!, 0);
      continue;
    }
    const before = channels[layer.input]!;
    channels[layer.name] = before;
    if (layer.op !== "conv2d") continue;
    const [side, out] = size(layer.name);
    channels[layer.name] = out;
    // Each once, also where it stands in the list with and without its ReLU.
    if (weights[layer.filter]) continue;
    const limit = Math.sqrt(6 / (side * side * before));
    const count = side * side * before * out;
    const data = uniformNoise(count, -limit, limit, random);
    weights[layer.filter] = { shape: [side, side, before, out], data };
    weights[layer.bias] = { shape: [out], data: uniformNoise(out, -8, 8, random) };
  }
  return weights;
}

/** VGG-19 and Inception 5h at their true widths. */
export const FULL: Record<string, (seed: number) => [Architecture, Weights]> = {
  vgg19: (seed) => [VGG19, seededWeights(VGG19, vggSize([64, 128, 256, 512, 512]), seed)],
  inception5h: (seed) => {
    const size = inceptionSize([64, 64, 192], (name) => INCEPTION_WIDTHS[name]!);
    return [INCEPTION5H, seededWeights(INCEPTION5H, size, seed)];
  },
};

const SMALL_VGG = vggSize([2, 3, 4, 5, 6]);
const SMALL_INCEPTION = inceptionSize([4, 3, 5], () => [2, 1, 3, 2, 1, 2]);

/** The weights in the files of `tests/golden/weights/`: a few channels a layer. */
export const SMALL: Record<string, (seed?: number) => Weights> = {
  vgg16: (seed = 19) => seededWeights(VGG16, SMALL_VGG, seed),
  vgg19: (seed = 19) => seededWeights(VGG19, SMALL_VGG, seed),
  inception5h: (seed = 19) => seededWeights(INCEPTION5H, SMALL_INCEPTION, seed),
};

/** VGG-16 with whole groups of channels, for the methods of the native engine that need them. */
export const mediumVgg16 = (seed: number): Weights =>
  seededWeights(VGG16, vggSize([16, 16, 32, 32, 32]), seed);

/** A file of `tests/golden/weights/`. */
export const goldenFile = (name: string): URL =>
  new URL(`../golden/weights/${name}`, import.meta.url);
