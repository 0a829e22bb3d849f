/**
 * Settings as words: `styleWeight` is the flag `--style-weight`, and its text becomes a value by the kind
 * that the table gives. The one rule for the terminal and for recipes that were written as flags.
 *
 * @module
 */
import { cannot, describe } from "../base/check.ts";
import type { SettingKind } from "../run/settings.ts";
import {
  checkPictureSettings,
  DEFAULTS,
  PICTURE_SETTINGS,
  type PictureSettings,
  SETTING_NAMES,
  type SettingName,
} from "./settings.ts";
import { PRESETS } from "../run/presets.ts";

/** The flag of a setting, without the dashes: `styleWeight` gives `style-weight`. */
export const flagOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The flags of the settings, without the dashes, and which setting each is. */
export const SETTING_FLAGS: Readonly<Record<string, SettingName>> = Object.fromEntries(
  SETTING_NAMES.map((name) => [flagOf(name), name]),
);

/** What flags were called before, and what they are called now. */
export const OLD_FLAGS: Readonly<Record<string, string>> = {
  init: "start",
  gram: "measure",
  backend: "engine",
};

/** Other names of presets. */
const OTHER_PRESETS: Readonly<Record<string, string>> = { wasserstein: "crowsonkb" };

/** The Gram matrix's forms by the values of `--gram`, and what they are called as measures. */
const OLD_GRAMS: Readonly<Record<string, string>> = {
  sum: "gram",
  mean: "gram-mean",
  normalized: "gram-normalized",
};

/** The flag that is meant, and its text: older and other names become today's. */
export function todaysFlag(flag: string, text: string): [flag: string, text: string] {
  if (flag === "preset" && Object.hasOwn(OTHER_PRESETS, text)) return [flag, OTHER_PRESETS[text]!];
  if (flag !== "gram") return [OLD_FLAGS[flag] ?? flag, text];
  const measure = Object.hasOwn(OLD_GRAMS, text) ? OLD_GRAMS[text] : undefined;
  if (measure !== undefined) return ["measure", measure];
  const rule = `--gram must be one of ${Object.keys(OLD_GRAMS).join(", ")}`;
  throw new RangeError(cannot("run", `${rule} (today --measure)`, describe(text)));
}

/**
 * The settings that flags say.
 *
 * @param flags Texts by flag, without the dashes.
 * @throws {TypeError} for an unknown flag or a text that is no number where one must stand.
 * @throws {RangeError} for a value out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { settingsOfFlags } from "./flags.ts";
 *
 * const flags = { "style-weight": "20", "style-layers": "relu1_1,relu2_1" };
 * assertEquals(settingsOfFlags(flags), { styleWeight: 20, styleLayers: ["relu1_1", "relu2_1"] });
 * ```
 */
export function settingsOfFlags(
  flags: Readonly<Record<string, string>>,
  what = "run",
): PictureSettings {
  const settings: Record<string, unknown> = {};
  for (const [flag, text] of Object.entries(flags)) {
    const name = Object.hasOwn(SETTING_FLAGS, flag) ? SETTING_FLAGS[flag]! : flag;
    const kind = PICTURE_SETTINGS[name as SettingName] as SettingKind | undefined;
    settings[name] = kind ? valueOf(kind, text) : text;
  }
  checkPictureSettings(settings, what, (name) => `--${flagOf(name)}`);
  return settings;
}

/** The value that a text says; a text that says none comes back, for the check to refuse. */
function valueOf(kind: SettingKind, text: string): unknown {
  switch (kind.kind) {
    case "choice":
      return kind.choices.find((choice) => String(choice) === text) ?? text;
    case "layers":
      return text.split(",");
    case "switch":
      return text === "true" || text;
    case "number":
      return numberOf(text);
    case "bytes":
      return text;
    case "numbers": {
      const numbers = text.split(",").map(numberOf);
      return kind.list || numbers.length > 1 ? numbers : numbers[0];
    }
  }
}

const numberOf = (text: string): number | string =>
  text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);

/** A line of help: what a setting is, what it may be, and what it is unless given. */
export function settingHelp(name: SettingName): string {
  const kind = PICTURE_SETTINGS[name];
  const rule = ruleOf(kind);
  const own = { ...PRESETS[DEFAULTS.preset], ...DEFAULTS }[name as keyof typeof DEFAULTS];
  const usual = name === "styleSize"
    ? "as --size"
    : own === undefined
    ? undefined
    : name in DEFAULTS
    ? `${own}`
    : `${DEFAULTS.preset}: ${own}`;
  return kind.help + (rule ? `: ${rule}` : "") + (usual === undefined ? "" : ` (${usual})`);
}

function ruleOf(kind: SettingKind): string {
  if (kind.kind === "choice") return kind.choices.join(", ");
  if (kind.kind === "layers") return "";
  if (kind.kind === "switch" || kind.kind === "bytes") return "";
  if (kind.kind === "numbers" || kind.words) return "";
  const { least, above, most } = kind;
  if (above !== undefined) return `above ${above}`;
  return least === 0 && most === undefined ? "0 or more" : "";
}

/** What stands for a setting's text in the help; nothing for a switch. */
export function placeholderOf(name: SettingName): string | undefined {
  const kind = PICTURE_SETTINGS[name];
  if (kind.kind === "switch") return undefined;
  if (kind.kind === "layers") return "A,B";
  if (kind.kind === "choice") return "NAME";
  if (kind.kind === "bytes") return "SIZE";
  if (kind.kind === "numbers") return kind.list ? "X,Y" : "N";
  return kind.whole ? "N" : "X";
}
