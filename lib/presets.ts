/**
 * Settings with a history. A preset is a function from two pictures to the settings of a run; change
 * what you like: `stylize(network, { ...tutorial(content, style), iterations: 60 })`.
 *
 * @module
 */
import { gradientDescent } from "./optimizers/gradient_descent.ts";
import { adam } from "./optimizers/train.ts";
import type { Picture } from "./picture.ts";
import type { StylizeOptions } from "./frames.ts";

/** A function that fills in two pictures. */
export type Preset = (content: Picture, style: Picture) => StylizeOptions;

/**
 * Hvass' tutorial 15 to the constant. The frozen network that it loads multiplies its input by 255
 * once more, hence `inputScale: 255`. Needs a network whose fifth layer is the content layer: VGG.
 */
export const tutorial: Preset = (content, style) => ({
  ...tutorialFixed(content, style),
  inputScale: 255,
});

/** The tutorial with pictures that enter the network once on the scale 0–255, as VGG was trained. */
export const tutorialFixed: Preset = (content, style) => ({
  content: { picture: content, layers: ["relu3_1"], weight: 1.5 },
  style: { picture: style, weight: 10 },
  denoise: { weight: 0.3 },
  weighting: "adaptive",
  optimizer: gradientDescent({ stepSize: 10 }),
  iterations: 120,
});

/**
 * The layers of Gatys, Ecker, Bethge 2015 (arXiv 1508.06576) on VGG-16 with Adam, adaptive weights
 * and a start from the content image: the settings with which this library's speed is measured.
 */
export const gatys: Preset = (content, style) => ({
  content: { picture: content, layers: ["relu4_2"], weight: 1 },
  style: {
    picture: style,
    layers: ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"],
    weight: 10,
  },
  denoise: { weight: 0.3 },
  weighting: "adaptive",
  optimizer: adam({ stepSize: 5 }),
  init: "content",
  iterations: 120,
});

/** The presets by name. */
export const PRESETS: Record<string, Preset> = { tutorial, tutorialFixed, gatys };
