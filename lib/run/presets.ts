/**
 * Settings with a history. A preset is a function from two pictures to the settings of a run; change
 * what you like: `stylize(network, { ...tutorial(content, style), iterations: 60 })`.
 *
 * The layers are VGG's. Name the network, `gatys(content, style, network)`, and on one that is built
 * otherwise they become their counterparts there.
 *
 * @module
 */
import type { Architecture } from "../network/architecture.ts";
import { normalizedGramMatrix } from "../loss/losses.ts";
import { gradientDescent } from "../optimizers/gradient_descent.ts";
import { adam } from "../optimizers/train.ts";
import type { Picture } from "../picture/picture.ts";
import type { StylizeOptions } from "./frames.ts";
import { VGG16 } from "../network/vgg.ts";

/** A function that fills in two pictures; VGG's layers are meant if no network is given. */
export type Preset = (content: Picture, style: Picture, network?: Architecture) => StylizeOptions;

/**
 * What layers of VGG become on a network: themselves where it has them, else its counterparts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { INCEPTION5H, layersLike, VGG19 } from "stylebook";
 *
 * assertEquals(layersLike(VGG19, ["relu4_2"]), ["relu4_2"]);
 * assertEquals(layersLike(INCEPTION5H, ["relu4_2", "relu4_3"]), ["mixed3b"]);
 * ```
 */
export function layersLike(
  { layers, counterparts = {} }: Architecture,
  names: readonly string[],
): string[] {
  return [
    ...new Set(names.map((name) => layers.includes(name) ? name : counterparts[name] ?? name)),
  ];
}

/**
 * Hvass' tutorial 15 to the constant. The frozen network that it loads multiplies its input by 255
 * once more, hence `inputScale: 255`.
 */
export const tutorial: Preset = (content, style, network) => ({
  ...tutorialFixed(content, style, network),
  inputScale: 255,
});

/** The tutorial with pictures that enter the network once on the scale 0–255, as VGG was trained. */
export const tutorialFixed: Preset = (content, style, network = VGG16) => ({
  content: { picture: content, layers: layersLike(network, ["relu3_1"]), weight: 1.5 },
  style: { picture: style, weight: 10 },
  denoise: { weight: 0.3 },
  weighting: "adaptive",
  optimizer: gradientDescent({ stepSize: 10 }),
  iterations: 120,
});

/**
 * After Gatys, Ecker, Bethge 2015 (arXiv 1508.06576): their layers, constant weights, Gram matrices that
 * do not grow with the picture. Differs from the paper: VGG-16, a start from the content image, Adam
 * (their L-BFGS: `optimizer: lbfgs()`), a little denoising. The weights were found by looking.
 */
export const gatys: Preset = (content, style, network = VGG16) => ({
  content: { picture: content, layers: layersLike(network, ["relu4_2"]), weight: 1 },
  style: {
    picture: style,
    layers: layersLike(network, ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]),
    weight: 500,
    gram: normalizedGramMatrix,
  },
  denoise: { weight: 0.1 },
  weighting: "constant",
  optimizer: adam({ stepSize: 5 }),
  init: "content",
  iterations: 120,
});

/** The presets by name. */
export const PRESETS: Record<string, Preset> = { tutorial, tutorialFixed, gatys };
