/**
 * What a picture was made from, kept in its PNG file, so that it can be made again.
 *
 * The same code on the same engine and machine gives the same file, byte for byte. On another engine,
 * or another version, the picture is alike and not equal: float32 sums are added up in another order,
 * and a run carries such differences on.
 *
 * A recipe may come from anywhere, so nothing in it is believed: settings must be settings, a file must
 * have the hash that is said, and an address on another server is not fetched unasked.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, relative, resolve, sep } from "node:path";
import { cannot, describe } from "../base/check.ts";
import { nameSource, readBytes } from "../base/files.ts";
import { flagOf, settingsOfFlags, todaysFlag } from "./flags.ts";
import { pngText } from "./png_text.ts";
import { checkPictureSettings, type PictureSettings, settingsAfter } from "./settings.ts";
import { codeVersion } from "./version.ts";

/** What a file of a picture is for; further styles and their masks are counted from 2. */
export type Role =
  | ("content" | "style" | "start" | "weights" | "branch" | "contentRegions" | "styleRegions")
  | `style${number}`
  | `styleRegions${number}`;

const ROLES: readonly Role[] = [
  ...["content", "style", "start", "weights", "branch", "contentRegions", "styleRegions"] as const,
];

/** `style`, `style2`, `style3`, …: the roles of files of which there may be several. */
export const roleOf = <T extends "style" | "styleRegions">(name: T, index: number) =>
  (index === 0 ? name : `${name}${index + 1}`) as T | `${T}${number}`;

/** More styles than this nobody mixes. */
export const MOST_STYLES = 20;

/** What there is of the first, the second, … style or its mask. */
export function inOrder<T>(
  files: { readonly [role: string]: T | undefined },
  name: "style" | "styleRegions",
): T[] {
  return Array.from({ length: MOST_STYLES }, (_, i) => files[roleOf(name, i)])
    .filter((file): file is T & NonNullable<unknown> => file !== undefined);
}

/** Whether a name is that of a role. */
function isRole(name: string): name is Role {
  if ((ROLES as readonly string[]).includes(name)) return true;
  const number = Number(/^(?:style|styleRegions)(\d{1,2})$/.exec(name)?.[1]);
  return number >= 2 && number <= MOST_STYLES;
}

/** A file that a picture was made from; its path is as seen from the picture's folder. */
export type Ingredient = { path: string; sha256: string };

/** All that a picture was made from. */
export type Recipe = {
  /** As {@linkcode codeVersion} gives it. */
  version: string;
  engine: string;
  /** Pictures, and weights where they were given; a texture has no content. */
  files: Partial<Record<Role, Ingredient>> & Record<"style", Ingredient>;
  settings: PictureSettings;
};

/** A file in hand. */
export type OpenFile = {
  /** Its path, or its address on the web. */
  place: string;
  bytes: Uint8Array;
  sha256: string;
};

const KEYWORD = "Stylebook";

/** Whether a place is an address on the web. */
export const isWeb = (place: string): boolean => /^https?:/i.test(place);

/** Reads a file and its hash. @throws {Error} when it cannot be read. */
export async function openFile(place: string, what?: string): Promise<OpenFile> {
  const bytes = await readBytes(place, what ?? `read the file ${nameSource(place)}`);
  return { place, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** How the recipe of a picture at `out` names a file. */
export function ingredientOf({ place, sha256 }: Omit<OpenFile, "bytes">, out: string): Ingredient {
  if (isWeb(place)) return { path: place, sha256 };
  return { path: relative(dirname(resolve(out)), resolve(place)).replaceAll(sep, "/"), sha256 };
}

/**
 * The recipe of a picture after so many iterations, see {@linkcode settingsAfter}.
 */
export async function makeRecipe(
  { settings, engine, files, iterations }: Omit<Recipe, "version"> & { iterations: number },
): Promise<Recipe> {
  const version = await codeVersion();
  return { version, engine, files, settings: settingsAfter(settings, iterations) };
}

/** The metadata of a PNG file that holds the recipe; for {@linkcode encodePicture}. */
export function recipeMetadata(
  { version, engine, files, settings }: Recipe,
): Record<string, string> {
  // PNG's tEXt is Latin-1: what lies beyond is escaped as JSON allows.
  const sorted = Object.fromEntries(Object.entries(settings).sort(([a], [b]) => a < b ? -1 : 1));
  const json = JSON.stringify({ version, engine, files, settings: sorted }).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return { Software: `Stylebook ${version}`, [KEYWORD]: json };
}

/**
 * The recipe in a PNG file at a path or an address.
 *
 * @throws {Error} when the file cannot be read, holds no recipe, or one that is not whole.
 */
export async function readRecipe(place: string): Promise<Recipe> {
  const what = `run ${describe(place)} again`;
  const text = pngText((await openFile(place, what)).bytes, KEYWORD, what);
  if (text === undefined) {
    const rule = `it must hold its settings, under the keyword ${KEYWORD}`;
    throw new Error(cannot(what, rule, "a PNG file without"));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(cannot(what, "the settings that it holds must be whole", describe(text)));
  }
  return checkRecipe(json, what);
}

function checkRecipe(json: unknown, what: string): Recipe {
  const known = isObject(json) ? json : {};
  const word = (name: string) => {
    const value = known[name];
    if (typeof value === "string" && /^[\w.+-]{1,64}$/.test(value)) return value;
    throw new Error(cannot(what, `the ${name} in its settings must be a word`, describe(value)));
  };
  const [version, engine] = [word("version"), word("engine")];
  const files: Partial<Record<Role, Ingredient>> = {};
  for (const [name, file] of Object.entries(isObject(known.files) ? known.files : {})) {
    // Older recipes say `init` for `start`.
    const role = name === "init" ? "start" : name;
    if (!isRole(role)) {
      const rule = `its files must be among ${ROLES.join(", ")}, style2, …`;
      throw new Error(cannot(what, rule, describe(name)));
    }
    files[role] = checkFile(file, `${what}`, role);
  }
  if (!files.style) throw new Error(cannot(what, "it must name its style file", "none"));
  return { version, engine, files: files as Recipe["files"], settings: settingsOf(known, what) };
}

function checkFile(file: unknown, what: string, role: Role): Ingredient {
  const { path, sha256 } = isObject(file) ? file : {};
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) {
    const rule = `the SHA-256 of its ${role} file must have 64 hexadecimal digits`;
    throw new Error(cannot(what, rule, describe(sha256)));
  }
  // A path that begins with two slashes leads to another machine on Windows.
  if (typeof path === "string" && path !== "" && !/^[\\/]{2}|\0/.test(path)) {
    return { path, sha256 };
  }
  throw new Error(cannot(what, `the path of its ${role} file must be one`, describe(path)));
}

/** The settings in a recipe; older ones were written as the texts of flags. */
function settingsOf({ settings }: Record<string, unknown>, what: string): PictureSettings {
  const isOld = isObject(settings) && typeof settings.size === "string" &&
    Object.values(settings).every((value) => typeof value === "string");
  if (!isOld) {
    checkPictureSettings(settings, what);
    return settings;
  }
  const flags = Object.entries(settings as Record<string, string>)
    .map(([flag, text]) => todaysFlag(flag, text));
  const found = settingsOfFlags(Object.fromEntries(flags), what);
  // They were filled in, whether typed or not.
  if (found.styleSize === found.size) delete found.styleSize;
  return found;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A file of a recipe, read and compared with its hash.
 *
 * @param from The path or address of the picture that holds the recipe.
 * @param fetch Whether files may be fetched from other servers than that of `from`.
 * @throws {Error} when it is gone, no longer the file that it was, or on a server that was not asked for.
 */
export async function findIngredient(
  { files }: Recipe,
  role: Role,
  from: string,
  { fetch = false } = {},
): Promise<OpenFile> {
  const { path, sha256 } = files[role]!;
  const what = `run ${describe(from)} again`;
  const advice = /^(content|style\d*)$/.test(role)
    ? "give CONTENT and STYLE"
    : `give --${flagOf(role.replace(/\d+$/, ""))}`;
  const onWeb = isWeb(path) || isWeb(from);
  const address = onWeb ? URL.parse(path, isWeb(from) ? from : undefined)?.href ?? "" : "";
  if (onWeb && !isWeb(address)) {
    throw new Error(cannot(what, `its ${role} file must have an address`, describe(path)));
  }
  const place = onWeb ? address : resolve(dirname(resolve(from)), path);
  const isAsked = isWeb(from) && new URL(place).origin === new URL(from).origin;
  if (isWeb(place) && !isAsked && !fetch) {
    const rule = `its ${role} file lies on the web and is fetched only with --fetch`;
    throw new Error(`${cannot(what, rule, describe(place))}; or ${advice}`);
  }
  let found: OpenFile;
  try {
    found = await openFile(place, what);
  } catch (error) {
    throw new Error(`${(error as Error).message}; if its ${role} file has moved, ${advice}`);
  }
  if (found.sha256 === sha256) return found;
  const rule = `its ${role} file must be the one with the SHA-256 ${sha256.slice(0, 12)}…`;
  throw new Error(`${cannot(what, rule, describe(place))}; to use another one, ${advice}`);
}
