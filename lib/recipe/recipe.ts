/**
 * What a picture was made from, kept in its PNG file, so that it can be made again.
 *
 * The same code on the same engine and machine gives the same file, byte for byte. On another engine,
 * or another version, the picture is alike and not equal: float32 sums are added up in another order,
 * and a run carries such differences on.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, relative, resolve, sep } from "node:path";
import { decode } from "fast-png";
import { cannot, describe } from "../base/check.ts";
import { nameSource, readBytes } from "../base/files.ts";

/** A file that a picture was made from; its path is as seen from the picture's folder. */
export type Ingredient = { path: string; sha256: string };

/** All that a picture was made from. */
export type Recipe = {
  /** As {@linkcode codeVersion} gives it. */
  version: string;
  engine: string;
  /** `content`, `style`, and where they were given `init` and `weights`. */
  files: Record<string, Ingredient>;
  /** The flags of `deno task stylize`, without the dashes. */
  settings: Record<string, string>;
};

const KEYWORD = "Stylebook";

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
 * The recipe in a PNG file.
 *
 * @throws {Error} when the file cannot be read or holds no recipe.
 */
export async function readRecipe(path: string): Promise<Recipe> {
  const what = `run ${describe(path)} again`;
  const bytes = await readBytes(path, what);
  let text: string | undefined;
  try {
    text = decode(bytes).text?.[KEYWORD];
  } catch (error) {
    throw new Error(cannot(what, "it must be a PNG file", (error as Error).message));
  }
  if (text === undefined) {
    const rule = `it must hold its settings, under the keyword ${KEYWORD}`;
    throw new Error(cannot(what, rule, "a PNG file without"));
  }
  try {
    const { version, engine, files, settings } = JSON.parse(text);
    for (const name of ["content", "style"]) if (!files[name].path) throw new Error(`no ${name}`);
    return { version, engine, files, settings };
  } catch (error) {
    const rule = "the settings that it holds must be whole";
    throw new Error(cannot(what, rule, (error as Error).message));
  }
}

/** Whether a source is an address on the web. */
const isWeb = (source: string) => /^https?:/i.test(source);

/**
 * How the recipe of a picture at `out` names a file, and what to read it from: its path, or for an
 * address on the web the bytes, so that it is fetched once.
 */
export async function ingredient(
  source: string,
  out: string,
): Promise<{ source: string | Uint8Array; ingredient: Ingredient }> {
  const bytes = await readBytes(source, `read the file ${nameSource(source)}`);
  const found = { sha256: sha256(bytes) };
  if (isWeb(source)) return { source: bytes, ingredient: { path: source, ...found } };
  const path = relative(dirname(resolve(out)), resolve(source)).replaceAll(sep, "/");
  return { source, ingredient: { path, ...found } };
}

/**
 * Where an ingredient of a picture lies now.
 *
 * @throws {Error} when it is gone, or no longer the file that it was.
 */
export async function findIngredient(
  { files }: Recipe,
  name: string,
  picture: string,
): Promise<string> {
  const { path, sha256: wanted } = files[name];
  const place = isWeb(path) ? path : resolve(dirname(resolve(picture)), path);
  const what = `run ${describe(picture)} again`;
  const advice = name === "content" || name === "style"
    ? "give CONTENT and STYLE"
    : `give --${name}`;
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(place, what);
  } catch (error) {
    throw new Error(`${(error as Error).message}; if its ${name} file has moved, ${advice}`);
  }
  if (sha256(bytes) === wanted) return place;
  const rule = `its ${name} file must be the one with the SHA-256 ${wanted.slice(0, 12)}…`;
  throw new Error(`${cannot(what, rule, describe(place))}; to use another one, ${advice}`);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
