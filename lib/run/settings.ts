/**
 * The settings of a picture as plain JSON: what flags, recipes, sweeps and presets are made of. Each has
 * one name everywhere (`styleWeight` is the flag `--style-weight`) and one line here that says what it is.
 *
 * @module
 */
import { checkOptions } from "../base/check.ts";
import { DENOISE_SHAPES, type DenoiseShape } from "../loss/losses.ts";
import { WEIGHTINGS } from "../loss/objective.ts";
import { BLENDS } from "../loss/style_targets.ts";
import { MEASURES } from "../loss/style/measures.ts";
import { BORDERS, POOLINGS } from "../network/variants.ts";
import { OPTIMIZERS } from "../optimizers/mod.ts";
import { KEEP_COLORS } from "./control.ts";
import { METHODS } from "./methods.ts";
import { checkSetting, type SettingKind } from "./setting_kinds.ts";
import { type StartName, STARTS } from "./start.ts";

export { checkSetting, type SettingKind } from "./setting_kinds.ts";

/** How a picture is painted; what is left out is the preset's. */
export type Settings = {
  /** How many iterations; with `sizes` a list has a number for each. */
  iterations?: number | readonly number[];
  /** Coarse to fine: rising sizes, in pixels or (up to 1) as shares of the final one. */
  sizes?: readonly number[];
  /** With `sizes` as shares: none is smaller than so many pixels. */
  smallest?: number;
  /** With `sizes`: the size of the style over that of the mixed image. */
  styleScale?: number;
  /** How often the objective may be evaluated. */
  evaluations?: number;
  /** How many seconds the run may take. */
  seconds?: number;
  /** One of {@linkcode OPTIMIZERS}. */
  optimizer?: string;
  /** Of the optimizer, on the scale 0–255. */
  stepSize?: number;
  /** The step size times `rate^(iteration / every)`: the two numbers rate and every. */
  stepDecay?: readonly number[];
  /** Of Adam: how much of the mean of gradients is kept. */
  beta1?: number;
  /** Of Adam: how much of the mean of squares is kept. */
  beta2?: number;
  /** Of Adam: added to the root. */
  epsilon?: number;
  /** Of Adam: whether epsilon is added before the second moment is corrected. */
  epsilonHat?: boolean;
  /** Of L-BFGS without a line search: by how much its first step may change all values together. */
  firstStep?: number;
  /** Keeps the picture within 0–255 (`clip`), does not, or does it unknown to L-BFGS (`blind`). */
  bounds?: "clip" | "none" | "blind";
  /** Shows the exponential average of the pictures on the way, which keeps this part of itself a step. */
  average?: number;
  /** Where features are compared. */
  contentLayers?: readonly string[];
  /** Where styles are compared. */
  styleLayers?: readonly string[];
  contentWeight?: number;
  /** Whether the content's squared differences are averaged or added up. */
  contentReduce?: "mean" | "sum";
  styleWeight?: number;
  /** Of several styles: how much each counts. */
  styleWeights?: readonly number[];
  /** Of several styles: one target mixed from all, or a term for each. */
  styleBlend?: "targets" | "terms";
  /** A factor for each of `styleLayers`; left out, the mean over them. */
  layerWeights?: readonly number[];
  denoiseWeight?: number;
  /**
   * What is compared: features and statistics of `layers`, or by a complete method its own terms, which
   * take the place of content and style loss.
   */
  method?: "layers" | "nnst" | "strotss";
  /** How style is measured: one of {@linkcode MEASURES}. */
  measure?: string;
  /** 1 for absolute differences between neighbours, 2 for squared ones, 2.5 for Keras'. */
  denoisePower?: 1 | 2 | 2.5;
  /** Which neighbours are compared, and how. */
  denoiseShape?: DenoiseShape;
  /** Whether differences between neighbours are added up or averaged. */
  denoiseReduce?: "sum" | "mean";
  /** How the losses are balanced. */
  weighting?: "adaptive" | "constant";
  /** Where the mixed image starts. */
  start?: StartName;
  /** Of the noise: a whole number from 0 to 2³² - 1. */
  seed?: number;
  /** Factor on pictures before they enter the network. */
  inputScale?: number;
  /** What the network's poolings take of their windows. */
  pooling?: "max" | "average" | "l2";
  /** Factor on what `pooling` takes. */
  poolingFactor?: number;
  /** What convolutions see beyond the border. */
  padding?: "zeros" | "replicate" | "circular";
  /** Whether that is for the convolution of the picture itself or for all of them. */
  paddingWhere?: "first" | "all";
  /** Side of the tiles in which large pictures are seen, in pixels. */
  tile?: number | "auto" | "none";
  /** How much memory the process may take, in bytes or as `2GB`. */
  maxMemory?: number | string;
  /** Keeps the content's colours: in the picture, or by giving them to the style first. */
  keepColor?: "lightness" | "recolor";
  /** Turns the strokes, in degrees. */
  strokeAngle?: number;
  /** A picture that tiles. */
  seamless?: boolean;
};

/** Every setting: what it may be, and what it is. */
export const SETTINGS: { readonly [name in keyof Required<Settings>]: SettingKind } = {
  iterations: {
    kind: "numbers",
    above: 0,
    whole: true,
    help: "how many iterations; with sizes, a list has a number for each",
  },
  sizes: {
    kind: "numbers",
    above: 0,
    list: true,
    help: "coarse to fine: rising sizes in pixels, or up to 1 as shares of the final size",
  },
  smallest: {
    kind: "number",
    least: 1,
    whole: true,
    help: "with sizes as shares: none is smaller than so many pixels",
  },
  styleScale: { kind: "number", above: 0, help: "size of the style over that of the mixed image" },
  evaluations: {
    kind: "number",
    least: 1,
    whole: true,
    help: "end after so many evaluations of the objective",
  },
  seconds: { kind: "number", above: 0, help: "end after so many seconds" },
  optimizer: { kind: "choice", choices: Object.keys(OPTIMIZERS), help: "what takes the steps" },
  stepSize: { kind: "number", above: 0, help: "of the optimizer, on the scale 0–255" },
  stepDecay: {
    kind: "numbers",
    above: 0,
    list: true,
    help: "RATE,EVERY: the step size times RATE^(iteration / EVERY)",
  },
  beta1: { kind: "number", least: 0, most: 1, help: "of adam: what is kept of mean gradients" },
  beta2: { kind: "number", least: 0, most: 1, help: "of adam: what is kept of mean squares" },
  epsilon: { kind: "number", least: 0, help: "of adam: added to the root" },
  epsilonHat: { kind: "switch", help: "of adam: epsilon as TensorFlow and Keras add it" },
  firstStep: { kind: "number", above: 0, help: "of lbfgs-plain: bound on its first step's sum" },
  bounds: {
    kind: "choice",
    choices: ["clip", "none", "blind"],
    help: "keep within 0-255, do not, or unknown to lbfgs-plain",
  },
  average: { kind: "number", above: 0, most: 0.9999, help: "show the average, with this decay" },
  contentLayers: { kind: "layers", help: "where features are compared" },
  styleLayers: { kind: "layers", help: "where styles are compared" },
  contentWeight: { kind: "number", least: 0, help: "of the content loss" },
  contentReduce: { kind: "choice", choices: ["mean", "sum"], help: "of the squared differences" },
  styleWeight: { kind: "number", least: 0, help: "of the style loss" },
  styleWeights: {
    kind: "numbers",
    least: 0,
    list: true,
    help: "of several styles: how much each counts (all the same)",
  },
  styleBlend: {
    kind: "choice",
    choices: BLENDS,
    help: "of several styles: one target from all, or a term each",
  },
  layerWeights: {
    kind: "numbers",
    above: 0,
    list: true,
    help: "a factor for each style layer (left out: their mean)",
  },
  denoiseWeight: { kind: "number", least: 0, help: "of the denoise loss" },
  method: { kind: "choice", choices: METHODS, help: "what is compared" },
  measure: { kind: "choice", choices: Object.keys(MEASURES), help: "how style is measured" },
  denoisePower: {
    kind: "choice",
    choices: [1, 2, 2.5],
    help: "absolute or squared differences, or Keras'",
  },
  denoiseShape: {
    kind: "choice",
    choices: DENOISE_SHAPES,
    help: "down and right apart, both together, or with diagonals",
  },
  denoiseReduce: { kind: "choice", choices: ["sum", "mean"], help: "of the differences" },
  weighting: { kind: "choice", choices: WEIGHTINGS, help: "how the losses are balanced" },
  start: { kind: "choice", choices: STARTS, help: "where the mixed image starts" },
  seed: { kind: "number", least: 0, most: 2 ** 32 - 1, whole: true, help: "of the start noise" },
  inputScale: { kind: "number", above: 0, help: "factor on pictures that enter the network" },
  pooling: { kind: "choice", choices: POOLINGS, help: "what poolings take of their windows" },
  poolingFactor: { kind: "number", above: 0, help: "on what average and l2 poolings take" },
  padding: { kind: "choice", choices: BORDERS, help: "what convolutions see beyond the border" },
  paddingWhere: { kind: "choice", choices: ["first", "all"], help: "which convolutions see it" },
  tile: {
    kind: "number",
    above: 0,
    whole: true,
    words: ["auto", "none"],
    help: "side of the tiles in which large pictures are seen: auto, none or pixels",
  },
  maxMemory: { kind: "bytes", help: "how much memory to take, such as 2GB (60 % of what is free)" },
  keepColor: { kind: "choice", choices: KEEP_COLORS, help: "keep the content's colours" },
  strokeAngle: { kind: "number", help: "turn the strokes, in degrees" },
  seamless: { kind: "switch", help: "make a picture that tiles" },
};

/**
 * Throws unless these are settings with values that they may have.
 *
 * @throws {TypeError} for an unknown name or a value of the wrong type.
 * @throws {RangeError} for a value out of range.
 */
export function checkSettings(
  settings: Record<string, unknown>,
  what = "use the settings",
): asserts settings is Settings {
  checkOptions(what, settings, Object.keys(SETTINGS));
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) checkSetting(what, name, value, SETTINGS[name as keyof Settings]);
  }
}
