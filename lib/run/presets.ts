/**
 * Settings with a history. A preset is plain data, and a function from two pictures to the options of a
 * run: `stylize(network, gatys(content, style, { styleWeight: 10, iterations: 60 }))`. What is given goes
 * before the preset's own; names are those of {@linkcode Settings}.
 *
 * The layers are VGG's; on a network that is built otherwise they become their counterparts there.
 *
 * @module
 */
import { cannot, checkOneOf, checkOptions, describe } from "../base/check.ts";
import { MEASURES } from "../loss/style/measures.ts";
import type { StyleMeasure } from "../loss/style/measure.ts";
import { average } from "../optimizers/average.ts";
import { OPTIMIZERS } from "../optimizers/mod.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Picture } from "../picture/picture.ts";
import type { StylizeOptions } from "./options.ts";
import { checkSettings, SETTINGS, type Settings } from "./settings.ts";
import type { Start } from "./start.ts";

/** The first layer of every block of VGG. */
const PAINTED_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"] as const;

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
   * Three quarters of a minute at 512 px on two cores without a GPU: Wasserstein distances on three sizes,
   * from a content that has the style's colours already. Good at colour, strokes and shapes at once; large
   * ornaments of a style are not taken over.
   *
   * After Crowson 2022 (style-transfer-pytorch): measure, coarse to fine, average. Differs from it: VGG-16,
   * two content layers, deeper style layers count more, larger and fewer steps, the start. The numbers were
   * found by looking and by `deno task judge`.
   */
  quick: {
    contentLayers: ["relu3_1", "relu4_2"],
    contentWeight: 0.009,
    styleLayers: PAINTED_LAYERS,
    layerWeights: [0.79, 0.158, 0.0315, 0.0158, 0.0079],
    styleWeight: 1,
    denoiseWeight: 0,
    measure: "wasserstein",
    weighting: "constant",
    optimizer: "adam",
    stepSize: 16,
    average: 0.3,
    sizes: [1 / 4, 1 / 2, 1],
    iterations: [60, 30, 12],
    start: "recolored",
  },
  /**
   * As `quick` with five sizes and more steps: two to three minutes at 512 px on two cores. Nearer to the
   * style in everything; the content gives way a little more.
   */
  painting: {
    contentLayers: ["relu3_1", "relu4_2"],
    contentWeight: 0.008,
    styleLayers: PAINTED_LAYERS,
    layerWeights: [0.736, 0.184, 0.046, 0.023, 0.0115],
    styleWeight: 1,
    denoiseWeight: 0,
    measure: "wasserstein",
    weighting: "constant",
    optimizer: "adam",
    stepSize: 14,
    average: 0.5,
    sizes: [1 / 4, Math.SQRT1_2 / 2, 1 / 2, Math.SQRT1_2, 1],
    iterations: [140, 60, 45, 30, 24],
    start: "recolored",
  },
} as const satisfies Record<string, Settings>;

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** What goes before a preset's own: settings, or the things that they name. */
export type Overrides = Omit<Settings, "start" | "measure" | "optimizer"> & {
  /** Where the mixed image starts. */
  start?: Start;
  /** How style is measured. */
  measure?: string | StyleMeasure;
  /** What takes the steps; an optimizer by name gets `stepSize`, or else its own default. */
  optimizer?: string | Optimizer;
};

/** The options of a run of which content, style, denoise and optimizer are there. */
export type PaintOptions =
  & StylizeOptions
  & Required<Pick<StylizeOptions, "content" | "style" | "denoise" | "optimizer" | "iterations">>;

/** A function that fills in two pictures. */
export type Preset = (content: Picture, style: Picture, overrides?: Overrides) => PaintOptions;

/** The preset `tutorial`: Hvass' tutorial 15 to the constant, the factor 255 on its input included. */
export const tutorial: Preset = presetOf("tutorial");

/** The preset `tutorialFixed`: the tutorial with pictures that enter the network as VGG was trained. */
export const tutorialFixed: Preset = presetOf("tutorialFixed");

/** The preset `gatys`: after Gatys, Ecker, Bethge 2015 (arXiv 1508.06576), from the content with Adam. */
export const gatys: Preset = presetOf("gatys");

/** The preset `quick`: Wasserstein distances on three sizes, 45 s at 512 px on two cores. */
export const quick: Preset = presetOf("quick");

/** The preset `painting`: Wasserstein distances on five sizes, two to three minutes at 512 px. */
export const painting: Preset = presetOf("painting");

/**
 * A preset by its name.
 *
 * @throws {RangeError} for an unknown name.
 */
export function presetOf(name: PresetName): Preset {
  checkOneOf("choose a preset", "its name", name, Object.keys(PRESETS));
  const preset: Preset = (content, style, overrides = {}) =>
    optionsOf(withPreset(name, overrides), content, style);
  return Object.defineProperty(preset, "name", { value: name });
}

/** A preset's settings with what goes before them; another optimizer comes with its own step size. */
export function withPreset(name: PresetName, overrides: Overrides): Overrides {
  const own: Settings = PRESETS[name];
  const { stepSize: _, ...others } = own;
  const same = overrides.optimizer === undefined || overrides.optimizer === own.optimizer;
  return { ...(same ? own : others), ...given(overrides) };
}

/**
 * The options of a run that paints `content` in the manner of `style`.
 *
 * @throws {TypeError} for an unknown setting.
 * @throws {RangeError} for a value that a setting may not have.
 */
export function optionsOf(settings: Overrides, content: Picture, style: Picture): PaintOptions {
  const { start, measure, optimizer, ...plain } = settings;
  checkOptions("use the settings", settings, Object.keys(SETTINGS));
  checkSettings({
    ...plain,
    ...(typeof start === "string" && { start }),
    ...(typeof measure === "string" && { measure }),
    ...(typeof optimizer === "string" && { optimizer }),
  });
  const { contentLayers, contentWeight, styleLayers, styleWeight, layerWeights, ...more } = plain;
  const { stepSize, average: decay, ...rest } = more;
  const { denoiseWeight, denoisePower, denoiseReduce, iterations = 120, ...others } = rest;
  const steps = typeof optimizer === "object"
    ? optimizer
    : OPTIMIZERS[optimizer ?? "gradient-descent"]!(given({ stepSize }));
  return {
    content: given({ picture: content, layers: contentLayers, weight: contentWeight }),
    style: given({
      picture: style,
      layers: styleLayers,
      layerWeights: layerWeights && weighLayers(styleLayers, layerWeights),
      weight: styleWeight,
      measure: typeof measure === "string" ? MEASURES[measure] : measure,
    }),
    denoise: given({ weight: denoiseWeight, power: denoisePower, reduce: denoiseReduce }),
    optimizer: decay === undefined ? steps : average(steps, { decay }),
    iterations,
    ...given({ ...others, start }),
  };
}

/** Layers and their factors together. */
function weighLayers(
  layers: readonly string[] = [],
  factors: readonly number[],
): Record<string, number> {
  if (layers.length === factors.length) {
    return Object.fromEntries(layers.map((layer, i) => [layer, factors[i]!]));
  }
  const rule = `layerWeights must have a number for each of the ${layers.length} styleLayers`;
  throw new RangeError(cannot("use the settings", rule, describe([...factors])));
}

/** An object without the entries that are undefined. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}
