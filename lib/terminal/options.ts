/**
 * What the terminal command understands: its flags, its help, and the settings that they make.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { ENGINES } from "../engine/engine.ts";
import { checkPositive } from "../base/check.ts";
import { NETWORKS } from "../network/networks.ts";
import { OPTIMIZERS } from "../optimizers/mod.ts";
import type { Picture } from "../picture/picture.ts";
import {
  optionsOf,
  type PaintOptions,
  type PresetName,
  PRESETS,
  withPreset,
} from "../run/presets.ts";
import { STARTS } from "../run/start.ts";

/** The forms of the Gram matrix by their old names, and what they are called as measures. */
export const GRAMS: Record<string, string> = {
  sum: "gram",
  mean: "gram-mean",
  normalized: "gram-normalized",
};

/** The one whose pictures look best; the tutorial itself is `--preset tutorial`. */
export const DEFAULT_PRESET = "gatys";

export const OPTIONS = {
  out: { type: "string", short: "o", value: "FILE", help: "the mixed image: .png or .jpg" },
  preset: {
    type: "string",
    value: "NAME",
    help: `${Object.keys(PRESETS).join(", ")} (default ${DEFAULT_PRESET})`,
  },
  size: { type: "string", value: "N", help: "longer side of the content and mixed image" },
  "style-size": { type: "string", value: "N", help: "longer side of the style image" },
  iterations: { type: "string", short: "n", value: "N", help: "how many" },
  optimizer: { type: "string", value: "NAME", help: Object.keys(OPTIMIZERS).join(", ") },
  "step-size": { type: "string", value: "X", help: "of the optimizer, on the scale 0–255" },
  "content-layers": { type: "string", value: "A,B", help: "where features are compared" },
  "style-layers": { type: "string", value: "A,B", help: "where Gram matrices are compared" },
  "content-weight": { type: "string", value: "X", help: "0 or more" },
  "style-weight": { type: "string", value: "X", help: "0 or more" },
  "denoise-weight": { type: "string", value: "X", help: "0 or more" },
  gram: { type: "string", value: "NAME", help: `${Object.keys(GRAMS).join(", ")} (Gram matrix)` },
  weighting: { type: "string", value: "NAME", help: "adaptive, constant" },
  init: { type: "string", value: "START", help: `${STARTS.join(", ")} or a picture` },
  seed: { type: "string", value: "N", help: "of the start noise" },
  backend: { type: "string", value: "NAME", help: ENGINES.join(", ") },
  network: { type: "string", value: "NAME", help: Object.keys(NETWORKS).join(", ") },
  weights: { type: "string", value: "FILE", help: "other weights: .safetensors, .h5, .pb or .zip" },
  from: { type: "string", value: "FILE.png", help: "the settings that a picture was made with" },
  trace: { type: "string", value: "FILE.csv", help: "a row per iteration: losses, adjustments" },
  "list-layers": { type: "boolean", value: "", help: "print the layers of the network" },
  quiet: { type: "boolean", short: "q", value: "", help: "print nothing but errors" },
  help: { type: "boolean", short: "h", value: "", help: "print this" },
} as const;

/** The text of `--help`. */
export const HELP = `Style transfer: paints CONTENT in the manner of STYLE.

Usage: deno task stylize CONTENT STYLE --out FILE [options]

Options:
${
  Object.entries(OPTIONS).map(([name, { value, help }]) =>
    `  ${`--${name} ${value}`.padEnd(24)} ${help}`
  ).join("\n")
}

Examples:
  deno task stylize notebooks/images/content/eilean-donan.jpg \\
    notebooks/images/style/church-at-auvers.jpg --out mixed.png
  deno task stylize photo.jpg painting.jpg --out mixed.jpg --size 512 -n 200
  deno task stylize photo.jpg painting.jpg --out mixed.png --preset tutorial --trace log.csv
  deno task stylize --from mixed.png --out again.png

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C (the picture so far is written).`;

/** The command was typed wrongly. */
export class UsageError extends Error {}

/** Flags and pictures. @throws {UsageError} for an unknown flag. */
export function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    return { values: values as Partial<Record<keyof typeof OPTIONS, string>>, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The flags by name; those that were not given are missing. */
export type Values = ReturnType<typeof parse>["values"];

/** A flag that is a number. @throws {UsageError} when it is none, or below `least`. */
export function number(
  values: Values,
  name: keyof typeof OPTIONS,
  least?: number,
): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value) || value < (least ?? -Infinity)) {
    const rule = least === undefined ? "a number" : `a number of at least ${least}`;
    throw new UsageError(`Cannot use --${name} as it must be ${rule}: current value is ${text}`);
  }
  return value;
}

/** The preset with what the flags change of it. */
export function settings(
  values: Values,
  content: Picture,
  style: Picture,
  start?: Picture,
): PaintOptions {
  const layers = (name: "content-layers" | "style-layers") => values[name]?.split(",");
  const stepSize = number(values, "step-size");
  if (stepSize !== undefined) checkPositive("use the optimizer", "--step-size", stepSize);
  const preset = (values.preset ?? DEFAULT_PRESET) as PresetName;
  const changes = {
    contentLayers: layers("content-layers"),
    contentWeight: number(values, "content-weight", 0),
    styleLayers: layers("style-layers"),
    styleWeight: number(values, "style-weight", 0),
    measure: values.gram === undefined ? undefined : GRAMS[values.gram],
    denoiseWeight: number(values, "denoise-weight", 0),
    weighting: values.weighting as PaintOptions["weighting"],
    optimizer: values.optimizer,
    stepSize,
    iterations: number(values, "iterations"),
    start: start ?? values.init as PaintOptions["start"],
    seed: number(values, "seed", 0),
  };
  return optionsOf(withPreset(preset, changes), content, style);
}
