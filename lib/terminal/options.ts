/**
 * What the command `stylize` understands: the flags of the settings, those of files and of the run, and
 * what a command line asks for.
 *
 * @module
 */
import { cannot, checkOneOf, checkPositiveInteger } from "../base/check.ts";
import { type EngineName, ENGINES } from "../engine/engine.ts";
import {
  flagOf,
  OLD_FLAGS,
  placeholderOf,
  SETTING_FLAGS,
  settingHelp,
  settingsOfFlags,
  todaysFlag,
} from "../recipe/flags.ts";
import { DEFAULTS, type PictureSettings, SETTING_NAMES } from "../recipe/settings.ts";
import { MOST_STYLES } from "../recipe/recipe.ts";
import { STARTS } from "../run/start.ts";
import { type Every, everyOf } from "./checkpoints.ts";
import {
  EXIT_CODES,
  type Flag,
  flagHelp,
  parseCommand,
  placeOf,
  usage,
  UsageError,
} from "./command.ts";

/** The flags that are settings of the picture: all of the table. */
export const FLAGS_OF_SETTINGS: Readonly<Record<string, Flag>> = Object.fromEntries(
  SETTING_NAMES.map((name) => {
    const flag = { value: placeholderOf(name), help: settingHelp(name) };
    if (name === "iterations") return [name, { ...flag, short: "n" }];
    if (name !== "start") return [flagOf(name), flag];
    return [name, {
      value: "START",
      help: flag.help.replace(STARTS.join(", "), "$&, or a picture"),
    }];
  }),
);

/** The flags that say where things are and how the run goes. */
export const OTHER_FLAGS = {
  out: { short: "o", value: "FILE", help: "the mixed image: .png or .jpg" },
  "content-regions": { value: "MASK", help: "a picture of CONTENT's regions, a colour for each" },
  "style-regions": { value: "MASK", many: true, help: "that of STYLE; once for each STYLE" },
  texture: { help: "without CONTENT: each word is a STYLE, and a texture is made of them" },
  from: { value: "FILE.png", help: "the settings and files that a picture was made with" },
  fetch: { help: "with --from: fetch its files from the web, too" },
  weights: {
    value: "FILE",
    help: "other weights: .safetensors, .h5, .pth, .npz, .caffemodel, .pb or .zip",
  },
  refetch: { help: "fetch the network's published weights again" },
  engine: { value: "NAME", help: ENGINES.join(", ") },
  jobs: {
    value: "N",
    help: "compute the tiles of a large picture in so many threads at a time (1)",
  },
  trace: { value: "FILE.csv", help: "a row per iteration: losses, adjustments" },
  "save-every": { value: "N", help: "write the picture so far after every N iterations" },
  estimate: { help: "say how long the run will take, and how much memory; no picture" },
  checkpoint: { value: "FILE", help: "keep the state of the run in this file, for --resume" },
  "checkpoint-every": { value: "TIME", help: "how often: seconds as 60s, iterations as 20i (60s)" },
  resume: { value: "FILE", help: "go on from this state: the same picture, byte for byte" },
  branch: { value: "FILE", help: "go on from this state with other weights or steps" },
  "list-layers": { help: "print the layers of the network" },
  quiet: { short: "q", help: "print nothing but errors" },
  help: { short: "h", help: "print this" },
} as const satisfies Record<string, Flag>;

/** The text of `--help`. */
export const HELP = `Style transfer: paints CONTENT in the manner of STYLE, or of several.

Usage: deno task stylize CONTENT STYLE… --out FILE [options]
       deno task stylize STYLE… --texture --out FILE [options]

Settings (what is in brackets is meant unless given; "${DEFAULTS.preset}: X" is that preset's own):
${flagHelp(FLAGS_OF_SETTINGS)}

Files and the run:
${flagHelp(OTHER_FLAGS)}

Each flat colour of MASK is a region, and painted from the same colour of the other MASK; edges may be soft,
and a MASK of one colour stands for a whole picture.
CONTENT, STYLE, START, MASK, --weights and --from may be addresses, too. A terminal asks for each server whether
it may be reached; elsewhere use the task stylize:web, which may reach all.
Older names still count: ${
  Object.entries(OLD_FLAGS).map(([old, name]) => `--${old} for --${name}`).join(", ")
}.

Examples:
  deno task stylize notebooks/images/content/eilean-donan.jpg \\
    notebooks/images/style/church-at-auvers.jpg --out mixed.png
  deno task stylize photo.jpg painting.jpg --out mixed.jpg --preset painting --size 768
  deno task stylize photo.jpg painting.jpg --out mixed.png --preset tutorial --trace log.csv
  deno task stylize photo.jpg one.jpg other.jpg --style-weights .7,.3 --out mixed.png
  deno task stylize painting.jpg --texture --seamless --out tile.png
  deno task stylize --from mixed.png --out again.png

${EXIT_CODES}; the picture so far is written.
`;

/** What a command line asks for; places are absolute paths or addresses. */
export type Request = {
  /** As typed: nothing is filled in. */
  settings: PictureSettings;
  content?: string;
  /** One, or several to be mixed; empty where those of `from` are meant. */
  styles: string[];
  contentRegions?: string;
  /** Of the styles, in their order. */
  styleRegions: string[];
  /** Without a content. */
  texture: boolean;
  /** A picture to start from. */
  start?: string;
  weights?: string;
  out?: string;
  from?: string;
  fetch: boolean;
  /** Weights that are published are fetched again. */
  refetch: boolean;
  trace?: string;
  saveEvery?: number;
  /** Instead of a run. */
  estimate: boolean;
  checkpoint?: string;
  checkpointEvery: Every;
  resume?: string;
  branch?: string;
  engine?: EngineName;
  /** How many threads share the tiles, this one included. */
  jobs: number;
  listLayers: boolean;
  quiet: boolean;
  help: boolean;
};

const OLD: Readonly<Record<string, Flag>> = Object.fromEntries(
  Object.keys(OLD_FLAGS).map((name) => [name, { value: "NAME", help: "" }]),
);

/**
 * What the words and flags of a command line ask for.
 *
 * @throws {UsageError} for whatever is wrong with them.
 */
export function readRequest(args: readonly string[]): Request {
  const typed = parseCommand<string>(args, { ...FLAGS_OF_SETTINGS, ...OTHER_FLAGS, ...OLD });
  const flags: Record<string, string> = {};
  for (const [old, text] of Object.entries(typed.values)) {
    const [flag, today] = usage(() => todaysFlag(old, text!));
    if (Object.hasOwn(flags, flag)) {
      throw new UsageError(cannot("run", `--${flag} must be given once`, `--${old} as well`));
    }
    flags[flag] = today;
  }
  const texture = "texture" in flags;
  const [content, ...styles] = texture ? [undefined, ...typed.words] : typed.words;
  if (styles.length > MOST_STYLES) {
    const rule = `at most ${MOST_STYLES} styles may be given`;
    throw new UsageError(cannot("run", rule, `${styles.length}`));
  }
  const place = (text?: string) => text === undefined ? undefined : placeOf(text);
  const isName = (STARTS as readonly string[]).includes(flags.start ?? "noise");
  const settings = Object.entries(flags).filter(([flag]) =>
    Object.hasOwn(SETTING_FLAGS, flag) && (flag !== "start" || isName)
  );
  const { engine, jobs = "1", "save-every": every } = flags;
  return usage(() => {
    if (engine !== undefined) checkOneOf("run", "--engine", engine, ENGINES as string[]);
    if (every !== undefined) checkPositiveInteger("run", "--save-every", Number(every));
    checkPositiveInteger("run", "--jobs", Number(jobs));
    return {
      settings: settingsOfFlags(Object.fromEntries(settings)),
      content: place(content),
      styles: styles.map((text) => placeOf(text!)),
      contentRegions: place(flags["content-regions"]),
      styleRegions: (typed.lists["style-regions"] ?? []).map(placeOf),
      texture,
      start: isName ? undefined : place(flags.start),
      weights: place(flags.weights),
      out: place(flags.out),
      from: place(flags.from),
      fetch: "fetch" in flags,
      refetch: "refetch" in flags,
      trace: place(flags.trace),
      estimate: "estimate" in flags,
      checkpoint: place(flags.checkpoint),
      checkpointEvery: everyOf(flags["checkpoint-every"]),
      resume: place(flags.resume),
      branch: place(flags.branch),
      saveEvery: every === undefined ? undefined : Number(every),
      engine: engine as EngineName | undefined,
      jobs: Number(jobs),
      listLayers: "list-layers" in flags,
      quiet: "quiet" in flags,
      help: "help" in flags,
    };
  });
}
