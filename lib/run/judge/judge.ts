/**
 * How good is a mixed image? Six numbers, by measures that no method here minimizes, for a loss must
 * not judge itself: they share no layer with the Gram and Wasserstein losses of the presets, the
 * patches and edges use no network at all. Eyes decide in the end; the numbers say where to look.
 *
 * All are relative, so that pairs of pictures can be compared: `style` and `patch` are 1 where nothing
 * was done (the content image itself) and 0 for the painting, `content` and `edges` are 0 for the
 * content image and 1 where nothing of it is left (the painting, stretched to the same size).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cannot, checkPositiveInteger } from "../../base/check.ts";
import { currentEngine } from "../../engine/engine.ts";
import { featuresOf } from "../../network/features.ts";
import type { Network } from "../../network/network.ts";
import { checkPicture, type Picture, toTensor } from "../../picture/picture.ts";
import { resizePicture } from "../../picture/resize.ts";
import { type Gaussian, gaussianOf, wassersteinDistance } from "./gaussian.ts";
import { shadowDistance, shadowsOf, SMALLEST_SIDE } from "./patches.ts";
import { correlation, edgesOf, grainOf } from "./pixels.ts";
import { type SelfSimilarity, selfSimilarity, similarityDistance } from "./similarity.ts";

/** The layers at which the judge looks for the style, of VGG-16 and VGG-19. */
export const JUDGE_LAYERS: readonly string[] = [
  "relu1_2",
  "relu2_2",
  "relu3_3",
  "relu4_3",
  "relu5_3",
];

const CONTENT_LAYER = "relu3_3";

/** What the judge finds; smaller is better but for `grain`, of which 0 is best. */
export type Judgment = {
  /**
   * The mean of `layers`: 2-Wasserstein distances of the features, as Gaussians, to those of the style,
   * over the content image's own distances.
   */
  style: number;
  /**
   * The sliced Wasserstein distance of 7 by 7 patches of pixels, at full, half and quarter size, to
   * those of the style, over the content image's own.
   */
  patch: number;
  /**
   * The mean |difference| of the cosine self-similarity at `relu3_3` to the content image's, over that
   * of the style image.
   */
  content: number;
  /** 1 − the correlation of the edges with the content image's, over that of the style image. */
  edges: number;
  /** log2 of the amplitude of the finest band over the style's: 1 is twice as grainy. */
  grain: number;
  /** The parts of `style`, by layer. */
  layers: Record<string, number>;
};

/** Judges mixed images of one pair; each is resized to the size that the judge was made for. */
export type Judge = (mixed: Picture) => Promise<Judgment>;

/** What is known of a picture. */
type Seen = { style: Record<string, Gaussian>; content: SelfSimilarity };

const WHAT = "judge a picture";

/**
 * Judges one mixed image: its size is that at which the others are looked at.
 *
 * @param network VGG-16, or VGG-19 (whose numbers are others).
 * @throws {RangeError} when a side has fewer than 28 pixels, content and style are the same picture, or
 * the network has not the layers.
 *
 * @example
 * ```ts ignore
 * const { style, content } = await judge(await loadVgg16(), castle, church, mixed);
 * ```
 */
export async function judge(
  network: Network,
  content: Picture,
  style: Picture,
  mixed: Picture,
): Promise<Judgment> {
  checkPicture(WHAT, mixed);
  return await (await createJudge(network, content, style, mixed))(mixed);
}

/**
 * A judge of many mixed images of one pair, which looks at content and style only once. The content
 * image is resized to the size given, the style image until its longer side is that of the size (but
 * never enlarged).
 *
 * Sources: quality measures after Kolkin and others 2019 (arXiv 1904.12785, section 2.2: content), Karras
 * and others 2018 (arXiv 1710.10196, section 5: patches); means and covariances of features compared by
 * Wasserstein's distance as in Heusel and others 2017 (arXiv 1706.08500, section 2: FID).
 *
 * @throws {RangeError} as {@linkcode judge}.
 */
export async function createJudge(
  network: Network,
  content: Picture,
  style: Picture,
  { width, height }: { width: number; height: number },
): Promise<Judge> {
  checkPicture(WHAT, content);
  checkPicture(WHAT, style);
  checkPositiveInteger(WHAT, "width", width);
  checkPositiveInteger(WHAT, "height", height);
  const longer = Math.max(width, height);
  const atSize = resizePicture(content, { width, height });
  const painting = longer < Math.max(style.width, style.height)
    ? resizePicture(style, { maxSize: longer })
    : style;
  const stretched = resizePicture(style, { width, height });
  checkSides("mixed image", atSize);
  checkSides("style image", painting);

  await currentEngine();
  const target = await see(network, painting);
  const source = await see(network, atSize);
  const other = await see(network, stretched, [CONTENT_LAYER]);
  const shadows = await shadowsOf(painting);
  const [edges, grain] = [edgesOf(atSize), grainOf(painting)];
  const nothing = {
    layers: distances(source, target),
    patch: shadowDistance(await shadowsOf(atSize), shadows),
    content: similarityDistance(other.content, source.content),
    edges: 1 - correlation(edgesOf(stretched), edges),
  };
  if (!(nothing.patch > 0 && nothing.content > 0)) {
    const rule = "content and style must be different pictures that are not of one color";
    throw new RangeError(cannot(WHAT, rule, `a distance of ${nothing.patch}`));
  }

  return async (mixed) => {
    checkPicture(WHAT, mixed);
    const picture = resizePicture(mixed, { width, height });
    const seen = await see(network, picture);
    const layers = distances(seen, target);
    for (const layer of JUDGE_LAYERS) layers[layer]! /= nothing.layers[layer]!;
    const parts = Object.values(layers);
    return {
      style: parts.reduce((sum, part) => sum + part, 0) / parts.length,
      patch: shadowDistance(await shadowsOf(picture), shadows) / nothing.patch,
      content: similarityDistance(seen.content, source.content) / nothing.content,
      edges: (1 - correlation(edgesOf(picture), edges)) / nothing.edges,
      grain: 0.5 * Math.log2(grainOf(picture) / grain),
      layers,
    };
  };
}

function checkSides(name: string, { width, height }: Picture): void {
  if (Math.min(width, height) >= SMALLEST_SIDE) return;
  const rule = `each side of the ${name} must have at least ${SMALLEST_SIDE} pixels`;
  throw new RangeError(cannot(WHAT, rule, `${width}x${height}`));
}

/** Runs the network once and describes the features of each layer, one after the other. */
async function see(
  network: Network,
  picture: Picture,
  layers: readonly string[] = JUDGE_LAYERS,
): Promise<Seen> {
  const features = tf.tidy(() => featuresOf(network, toTensor(picture), layers));
  const style: Record<string, Gaussian> = {};
  let content: SelfSimilarity | undefined;
  try {
    for (const layer of layers) {
      const tensor = features[layer]!;
      const values = await tensor.data() as Float32Array;
      if (layers.length > 1) style[layer] = gaussianOf(values, tensor.shape[3]);
      if (layer === CONTENT_LAYER) content = selfSimilarity(values, tensor.shape);
      tensor.dispose();
    }
  } finally {
    tf.dispose(features);
  }
  return { style, content: content! };
}

function distances(seen: Seen, target: Seen): Record<string, number> {
  return Object.fromEntries(
    JUDGE_LAYERS.map((layer) => [
      layer,
      wassersteinDistance(seen.style[layer]!, target.style[layer]!),
    ]),
  );
}
