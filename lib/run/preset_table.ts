/**
 * The presets as plain data, each number with its source. A further one is an entry here.
 *
 * @module
 */
import { ORIGINAL_PRESETS } from "./original_presets.ts";
import type { Settings } from "./settings.ts";

/** The first layer of every block of VGG. */
const PAINTED_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1"] as const;

/** The presets by name: the tutorial's settings and others, each with its source. */
export const PRESETS = {
  /**
   * Hvass' tutorial 15 to the constant. The frozen network that it loads multiplies its input by 255
   * once more, hence `inputScale`.
   */
  tutorial: {
    contentLayers: ["relu3_1"],
    contentWeight: 1.5,
    styleWeight: 10,
    denoiseWeight: 0.3,
    measure: "gram",
    weighting: "adaptive",
    optimizer: "gradient-descent",
    stepSize: 10,
    iterations: 120,
    start: "noise",
    inputScale: 255,
  },
  /** The tutorial with pictures that enter the network once on the scale 0–255, as VGG was trained. */
  tutorialFixed: {
    contentLayers: ["relu3_1"],
    contentWeight: 1.5,
    styleWeight: 10,
    denoiseWeight: 0.3,
    measure: "gram",
    weighting: "adaptive",
    optimizer: "gradient-descent",
    stepSize: 10,
    iterations: 120,
    start: "noise",
  },
  /**
   * After Gatys, Ecker, Bethge 2015 (arXiv 1508.06576): their layers, constant weights, Gram matrices
   * that do not grow with the picture. Differs from the paper: VGG-16, a start from the content image,
   * Adam (their L-BFGS: `optimizer: "lbfgs"`), a little denoising. The weights were found by looking.
   */
  gatys: {
    contentLayers: ["relu4_2"],
    contentWeight: 1,
    styleLayers: ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"],
    styleWeight: 500,
    denoiseWeight: 0.1,
    measure: "gram-normalized",
    weighting: "constant",
    optimizer: "adam",
    stepSize: 5,
    iterations: 120,
    start: "content",
  },
  /**
   * Ten seconds to a minute at 512 px on two cores without a GPU: Wasserstein distances on three sizes,
   * from a content that has the style's colours already. Good at colour, strokes and shapes at once; large
   * ornaments of a style are not taken over. No size is below 128 px: at 64 px the shapes of the style take
   * the place of the content's.
   *
   * After Crowson 2022 (style-transfer-pytorch): measure, coarse to fine, average. Differs from it: VGG-16,
   * two content layers, deeper style layers count more but there is no relu5_1 (a fifth of the time, and
   * at most 0.02 of each of the judge's numbers), larger and fewer steps, the start. The numbers were found by
   * looking and by `deno task judge`, on two pairs of pictures.
   */
  quick: {
    contentLayers: ["relu3_1", "relu4_1"],
    contentWeight: 0.008,
    styleLayers: PAINTED_LAYERS,
    layerWeights: [0.79, 0.158, 0.0315, 0.0237],
    styleWeight: 1,
    denoiseWeight: 0,
    measure: "wasserstein",
    weighting: "constant",
    optimizer: "adam",
    stepSize: 16,
    average: 0.3,
    sizes: [1 / 4, 1 / 2, 1],
    smallest: 128,
    iterations: [60, 30, 12],
    start: "recolored",
  },
  /**
   * As `quick` with five sizes and more steps: half a minute to three at 512 px on two cores. Nearer to
   * the style in everything; the content gives way a little more.
   */
  painting: {
    contentLayers: ["relu3_1", "relu4_2"],
    contentWeight: 0.0068,
    styleLayers: PAINTED_LAYERS,
    layerWeights: [0.736, 0.184, 0.046, 0.0345],
    styleWeight: 1,
    denoiseWeight: 0,
    measure: "wasserstein",
    weighting: "constant",
    optimizer: "adam",
    stepSize: 14,
    average: 0.5,
    sizes: [1 / 4, Math.SQRT1_2 / 2, 1 / 2, Math.SQRT1_2, 1],
    smallest: 128,
    iterations: [150, 70, 45, 30, 25],
    start: "recolored",
  },
  /**
   * Nearest neighbours: each place of the content is painted like the place of the style that it is most
   * like. Keeps the content best and paints the cleanest strokes; takes over colours without their
   * proportions. Minutes at 512 px on two cores.
   *
   * After Kolkin et al. 2022 (arXiv 2203.13215), NNST. Differs from it: VGG-16's features of another
   * training, fewer and longer steps, the matches anew in each step at the whole last size.
   */
  nnst: {
    method: "nnst",
    contentWeight: 0,
    styleWeight: 0,
    denoiseWeight: 0,
    weighting: "constant",
    optimizer: "adam",
    stepSize: 1,
    sizes: [1 / 8, 1 / 4, 1 / 2, 1],
    iterations: [60, 60, 50, 30],
    start: "content",
  },
  /**
   * Relaxed optimal transport between places of both pictures, and the content's self-similarity. Keeps
   * shapes without comparing features; bold. Minutes at 512 px on two cores.
   *
   * After Kolkin, Salavon, Shakhnarovich 2019 (arXiv 1904.12785), STROTSS. Differs from it: fewer and longer
   * steps, half as many places; signed in the doc of `strotssOf`.
   */
  strotss: {
    method: "strotss",
    contentWeight: 0,
    styleWeight: 0,
    denoiseWeight: 0,
    weighting: "constant",
    optimizer: "rmsprop",
    stepSize: 1.25,
    sizes: [1 / 8, 1 / 4, 1 / 2, 1],
    iterations: [80, 70, 50, 30],
    start: "recolored",
  },
  ...ORIGINAL_PRESETS,
} as const satisfies Record<string, Settings>;
