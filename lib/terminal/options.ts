/**
 * What the command `stylize` understands: the flags of the settings, those of files and of the run, and
 * what a command line asks for.
 *
 * @module
 */
import { cannot, checkOneOf, checkPositiveInteger, describe } from "../base/check.ts";
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
import { STARTS } from "../run/start.ts";
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
  from: { value: "FILE.png", help: "the settings and files that a picture was made with" },
  fetch: { help: "with --from: fetch its files from the web, too" },
  weights: { value: "FILE", help: "other weights: .safetensors, .h5, .pb or .zip" },
  refetch: { help: "fetch the network's published weights again" },
  engine: { value: "NAME", help: ENGINES.join(", ") },
  trace: { value: "FILE.csv", help: "a row per iteration: losses, adjustments" },
  "save-every": { value: "N", help: "write the picture so far after every N iterations" },
  "list-layers": { help: "print the layers of the network" },
  quiet: { short: "q", help: "print nothing but errors" },
  help: { short: "h", help: "print this" },
} as const satisfies Record<string, Flag>;

/** The text of `--help`. */
export const HELP = `Style transfer: paints CONTENT in the manner of STYLE.

Usage: deno task stylize CONTENT STYLE --out FILE [options]

Settings (what is in brackets is meant unless given; "${DEFAULTS.preset}: X" is that preset's own):
${flagHelp(FLAGS_OF_SETTINGS)}

Files and the run:
${flagHelp(OTHER_FLAGS)}

CONTENT, STYLE, START, --weights and --from may be addresses, too. A terminal asks for each server whether
it may be reached; elsewhere use the task stylize:web, which may reach all.
Older names still count: ${
  Object.entries(OLD_FLAGS).map(([old, name]) => `--${old} for --${name}`).join(", ")
}.

Examples:
  deno task stylize notebooks/images/content/eilean-donan.jpg \\
    notebooks/images/style/church-at-auvers.jpg --out mixed.png
  deno task stylize photo.jpg painting.jpg --out mixed.jpg --preset painting --size 768
  deno task stylize photo.jpg painting.jpg --out mixed.png --preset tutorial --trace log.csv
  deno task stylize --from mixed.png --out again.png

${EXIT_CODES}; the picture so far is written.
`;

/** What a command line asks for; places are absolute paths or addresses. */
export type Request = {
  /** As typed: nothing is filled in. */
  settings: PictureSettings;
  content?: string;
  style?: string;
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
  engine?: EngineName;
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
  const { words } = typed;
  if (words.length > 2) {
    throw new UsageError(cannot("run", "only CONTENT and STYLE may be given", describe(words)));
  }
  const place = (text?: string) => text === undefined ? undefined : placeOf(text);
  const isName = (STARTS as readonly string[]).includes(flags.start ?? "noise");
  const settings = Object.entries(flags).filter(([flag]) =>
    Object.hasOwn(SETTING_FLAGS, flag) && (flag !== "start" || isName)
  );
  const { engine, "save-every": every } = flags;
  return usage(() => {
    if (engine !== undefined) checkOneOf("run", "--engine", engine, ENGINES as string[]);
    if (every !== undefined) checkPositiveInteger("run", "--save-every", Number(every));
    return {
      settings: settingsOfFlags(Object.fromEntries(settings)),
      content: place(words[0]),
      style: place(words[1]),
      start: isName ? undefined : place(flags.start),
      weights: place(flags.weights),
      out: place(flags.out),
      from: place(flags.from),
      fetch: "fetch" in flags,
      refetch: "refetch" in flags,
      trace: place(flags.trace),
      saveEvery: every === undefined ? undefined : Number(every),
      engine: engine as EngineName | undefined,
      listLayers: "list-layers" in flags,
      quiet: "quiet" in flags,
      help: "help" in flags,
    };
  });
}
