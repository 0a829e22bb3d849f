/**
 * Reads the golden values that `tests/reference/make_golden.py` made with PyTorch; the format is
 * described in `tests/reference/README.md`.
 *
 * @module
 */
import type { Picture } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { readWeights, type Weights } from "../../lib/network/weights/read.ts";

/** Samples of an array: `values[i]` is the element `i * stride` of the flat array. */
export type GoldenArray = { shape: number[]; rms: number; stride: number; values: number[] };

/** A loss and the name of its gradient, where that is stored. */
export type GoldenLoss = { loss: number; gradient?: string };

/** Losses of one set of layers, and the adjustments with which `total` was computed. */
export type GoldenSet = {
  adjustments: Record<string, number>;
  losses: Record<string, GoldenLoss>;
};

/** All values for one picture pair, start picture and input scale. */
export type GoldenCase = {
  case: string;
  pair: string;
  start: string;
  seed: number;
  input_scale: number;
  activations?: Record<string, GoldenArray>;
  gram_matrices?: Record<string, GoldenArray>;
  tutorial: GoldenSet;
  gatys: GoldenSet;
};

/** The whole file. */
export type Golden = {
  made_by: string;
  pairs: Record<string, { content: string; style: string }>;
  sets: Record<"tutorial" | "gatys", { content: string[]; style: string[] }>;
  weights: Record<"content" | "style" | "denoise", number>;
  cases: GoldenCase[];
  denoise: { pair: string; start: string; seed?: number; loss: number; gradient: string }[];
  gradients: Weights;
};

const file = (name: string) => new URL(`../golden/${name}`, import.meta.url);

/** Reads values and gradients. */
export async function readGolden(): Promise<Golden> {
  const golden = JSON.parse(await Deno.readTextFile(file("golden.json")));
  return { ...golden, gradients: await readWeights(file("golden.safetensors")) };
}

/** The content and the style picture of a pair. */
export async function goldenPair({ pairs }: Golden, pair: string) {
  const { content, style } = pairs[pair]!;
  return { content: await readPicture(file(content)), style: await readPicture(file(style)) };
}

/** The picture at which a case was evaluated, made as the Python script makes it. */
export function startOf(
  { start, seed = 0 }: { start: string; seed?: number },
  content: Picture,
): Picture {
  const { width, height, data } = content;
  if (start === "content") return content;
  const size = width * height * 3;
  const random = seededRandom(seed);
  if (start === "uniform") return { width, height, data: uniformNoise(size, 0, 255, random) };
  const noise = uniformNoise(size, 128, 129, random);
  if (start === "noise") return { width, height, data: noise };
  return { width, height, data: noise.map((value, i) => (value + data[i]!) / 2) };
}
