/**
 * The settings of a whole picture as plain JSON: how it is painted, and from which preset, by which
 * network, at which size. Flags, recipes and the grids of sweeps are made of them: one name, one rule, one
 * line of help each. Pictures and weights are files and no settings; a recipe knows them by their hashes.
 *
 * @module
 */
import { cannot, checkOptions, describe } from "../base/check.ts";
import { checkLayers, layersLike } from "../network/architecture.ts";
import { NETWORKS } from "../network/networks.ts";
import type { Regions } from "../loss/guidance.ts";
import type { Picture } from "../picture/picture.ts";
import type { StylizeOptions } from "../run/options.ts";
import {
  optionsOf,
  type PaintOptions,
  PRESET_NETWORKS,
  type PresetName,
  PRESETS,
  withPreset,
} from "../run/presets.ts";
import { checkSetting, type SettingKind, SETTINGS, type Settings } from "../run/settings.ts";

/** What a picture is made with; what is left out is that of {@linkcode DEFAULTS} or the preset's. */
export type PictureSettings = Settings & {
  /** Where the other settings come from. @default {"quick"} */
  preset?: PresetName;
  /** What looks at the pictures. @default the preset's in {@linkcode PRESET_NETWORKS}, else `vgg16` */
  network?: string;
  /** Longer side of the content image and of the mixed image, in pixels. @default {512} */
  size?: number;
  /** Longer side of the style image, in pixels. @default `size` */
  styleSize?: number;
};

/** The preset is the one whose pictures look best within a minute; the tutorial itself is `tutorial`. */
export const DEFAULTS = { preset: "quick", network: "vgg16", size: 512, seed: 1 } as const;

/** Every setting of a picture: what it may be, and what it is. */
export const PICTURE_SETTINGS: {
  readonly [name in keyof Required<PictureSettings>]: SettingKind;
} = {
  preset: { kind: "choice", choices: Object.keys(PRESETS), help: "where the rest comes from" },
  network: { kind: "choice", choices: Object.keys(NETWORKS), help: "what sees the pictures" },
  size: { kind: "number", least: 1, whole: true, help: "longer side of content and mixed image" },
  styleSize: { kind: "number", least: 1, whole: true, help: "longer side of the style image" },
  ...SETTINGS,
};

/** The name of a setting of a picture. */
export type SettingName = keyof PictureSettings;

/** The names of all settings of a picture, in the order of the table. */
export const SETTING_NAMES = Object.keys(PICTURE_SETTINGS) as SettingName[];

/**
 * Throws unless these are settings of a picture with values that they may have; layers must be those of
 * the network, or VGG's that have a counterpart there.
 *
 * @param nameOf How messages call a setting, such as by its flag.
 * @throws {TypeError} for an unknown name or a value of the wrong type.
 * @throws {RangeError} for a value out of range.
 */
export function checkPictureSettings(
  settings: unknown,
  what = "use the settings",
  nameOf: (name: SettingName) => string = (name) => name,
): asserts settings is PictureSettings {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new TypeError(cannot(what, "the settings must be an object", describe(settings)));
  }
  checkOptions(what, settings, SETTING_NAMES);
  const given = settings as PictureSettings;
  for (const [name, value] of Object.entries(given) as [SettingName, unknown][]) {
    if (value !== undefined) checkSetting(what, nameOf(name), value, PICTURE_SETTINGS[name]);
  }
  const { architecture } = NETWORKS[networkOf(given)]!;
  for (const name of SETTING_NAMES) {
    if (PICTURE_SETTINGS[name].kind !== "layers") continue;
    for (const layer of given[name] as string[] | undefined ?? []) {
      const [there] = layersLike(architecture, [layer]);
      if (!architecture.layers.includes(there ?? "")) {
        checkLayers(architecture, what, [layer], nameOf(name));
      }
    }
  }
}

/** Settings of which those of {@linkcode DEFAULTS} are there. */
export type FilledIn = PictureSettings & Required<Pick<PictureSettings, keyof typeof DEFAULTS>>;

/** The settings without those that are left out, the ones of {@linkcode DEFAULTS} filled in. */
export function filledIn(settings: PictureSettings): FilledIn {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, network: networkOf(settings), ...Object.fromEntries(given) };
}

/** The network of a picture: its own setting, else that which its preset was made for. */
export function networkOf({ network, preset = DEFAULTS.preset }: PictureSettings): string {
  return network ?? PRESET_NETWORKS[preset] ?? DEFAULTS.network;
}

/**
 * The settings of the picture that a run had made after so many iterations: its limits give way to the
 * iterations that were done, with `sizes` at each size.
 */
export function settingsAfter(settings: PictureSettings, iterations: number): PictureSettings {
  const { evaluations: _e, seconds: _s, ...kept } = filledIn(settings);
  const { preset, network: _n, size: _i, styleSize: _t, ...painting } = kept;
  const { sizes, smallest, iterations: planned = 120 } = withPreset(preset, painting);
  if (!sizes) return { ...kept, iterations };
  const done: number[] = [];
  let left = iterations;
  for (const i of sizes.keys()) {
    const count = Math.min(left, typeof planned === "number" ? planned : planned[i] ?? 0);
    if (count <= 0) break;
    done.push(count);
    left -= count;
  }
  // Sizes that are said are held to the preset's smallest only when that is said, too.
  const held = smallest === undefined ? {} : { smallest };
  return { ...kept, ...held, sizes: sizes.slice(0, done.length), iterations: done };
}

/**
 * The longer side of the style picture as it is read: its own setting, or that of the content, times what
 * coarse to fine makes of it.
 */
export function styleSizeOf(settings: PictureSettings): number {
  const { size, styleSize, preset, network: _n, ...painting } = filledIn(settings);
  const { styleScale = 1 } = withPreset(preset, painting);
  return styleSize ?? Math.max(1, Math.round(size * styleScale));
}

/** The pictures of a run. */
export type Pictures = {
  /** Without one, a texture is made of the styles. */
  content?: Picture;
  style: Picture;
  /** Further styles. */
  others?: Picture[];
  /** Goes before the setting of that name. */
  start?: Picture;
  /** Masks of content and styles. */
  regions?: Regions;
};

/** The options of a run that may have no content. */
export type TextureOptions = Omit<PaintOptions, "content"> & Pick<StylizeOptions, "content">;

/**
 * The options of a run with these settings.
 *
 * @throws {RangeError} for what needs a content where there is none.
 */
export function paintOptions(
  settings: PictureSettings,
  pictures: Pictures & { content: Picture },
): PaintOptions;
export function paintOptions(settings: PictureSettings, pictures: Pictures): TextureOptions;
export function paintOptions(
  settings: PictureSettings,
  { content, style, others, start, regions }: Pictures,
): TextureOptions {
  const { preset, network: _n, size, styleSize: _t, ...painting } = filledIn(settings);
  const further = {
    ...(start && { start }),
    ...(others?.length && { others }),
    ...(regions && { regions }),
  };
  const whole = withPreset(preset, { ...painting, ...further });
  if (content) return optionsOf(whole, content, style);
  const what = "make a texture";
  for (const name of ["keepColor", "strokeAngle"] as const) {
    if (whole[name] === undefined) continue;
    throw new RangeError(cannot(what, `${name} needs a content`, describe(whole[name])));
  }
  if (regions) throw new RangeError(cannot(what, "regions need a content", "masks"));
  if (whole.method !== undefined && whole.method !== "layers") {
    throw new RangeError(cannot(what, "its method needs a content", describe(whole.method)));
  }
  // The presets' own starts are made of a content, unless they are noise.
  const own = further.start ?? painting.start ??
    (whole.start === "noise" ? "noise" : "style-noise");
  if (own === "content" || own === "recolored") {
    throw new RangeError(cannot(what, "start must not need a content", describe(own)));
  }
  const { content: _c, ...options } = optionsOf({ ...whole, start: own }, style, style);
  return { ...options, size };
}
