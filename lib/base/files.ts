/**
 * Whole files: read from a path, a URL or memory; written beside their place and moved there, so that
 * nobody ever sees half of one.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cannot, describe } from "./check.ts";

/** A path, a `file:`, `http:` or `https:` address (text or URL), or the bytes themselves. */
export type Source = string | URL | Uint8Array;

/** How messages name a source. */
export function nameSource(source: Source): string {
  if (source instanceof Uint8Array) return `of ${source.length} bytes`;
  return describe(source instanceof URL ? source.href : source);
}

/**
 * The bytes of a source.
 *
 * @param what What is being done, for messages: `read the picture "x.png"`.
 */
export async function readBytes(source: Source, what: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (!(typeof source === "string" || source instanceof URL)) {
    throw new TypeError(cannot(what, "a path, a URL or bytes must be given", describe(source)));
  }
  return /^https?:/i.test(String(source)) ? await download(source, what) : await load(source, what);
}

async function download(url: string | URL, what: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
    if (response.ok) return await response.bytes();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error; // says which permission is missing
    const rule = "the server must answer in full";
    throw new Error(cannot(what, rule, (error as Error).message), { cause: error });
  }
  await response.body?.cancel();
  const answer = `${response.status} ${response.statusText}`.trim();
  throw new Error(cannot(what, "the server must have it", `the answer ${answer}`));
}

async function load(path: string | URL, what: string): Promise<Uint8Array> {
  const local = toPath(path, what);
  try {
    const { isDirectory } = await Deno.stat(local);
    if (!isDirectory) return await Deno.readFile(local);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const rule = error instanceof Deno.errors.NotFound
      ? "there must be a file at its path"
      : `the file must be readable (${(error as Error).message})`;
    throw new Error(cannot(what, rule, describe(resolve(local))), { cause: error });
  }
  throw new Error(cannot(what, "its path must be that of a file", `a folder, ${resolve(local)}`));
}

/** The path of a `file:` address or of a string. */
function toPath(path: string | URL, what: string): string {
  const isUrl = path instanceof URL || /^file:/i.test(path);
  if (!isUrl) return path as string;
  try {
    return fileURLToPath(path);
  } catch (error) {
    const rule = "its address must be that of a file or, to read, of a web server";
    throw new TypeError(cannot(what, rule, describe(String(path))), { cause: error });
  }
}

/**
 * Writes a file whole or not at all: into a temporary file in the same folder, which then takes its
 * place. An older file of that name stays until the very end.
 *
 * @throws Error if the folder is missing or cannot be written, or if the path is a folder.
 */
export async function writeWhole(path: string | URL, bytes: Uint8Array, what: string) {
  const { place, temporary } = await prepare(path, what);
  await inFolder(place, what, async () => {
    try {
      await Deno.writeFile(temporary, bytes, { createNew: true });
      await Deno.rename(temporary, place);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  });
}

/**
 * Throws what {@linkcode writeWhole} would throw, by creating an empty temporary file and removing it.
 * The file at `path` itself is not touched.
 */
export async function checkFileWritable(path: string | URL, what: string): Promise<void> {
  const { place, temporary } = await prepare(path, what);
  await inFolder(place, what, async () => {
    await Deno.writeFile(temporary, new Uint8Array(), { createNew: true });
    await Deno.remove(temporary);
  });
}

async function prepare(path: string | URL, what: string) {
  const place = resolve(toPath(path, what));
  const folder = dirname(place);
  const at = await Deno.stat(folder).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
  });
  if (!at?.isDirectory) {
    const rule = "its folder must exist (create it first)";
    throw new Error(cannot(what, rule, describe(folder)));
  }
  const there = await Deno.stat(place).catch(() => undefined);
  if (there?.isDirectory) {
    throw new Error(cannot(what, "its path must be that of a file", `a folder, ${place}`));
  }
  return { place, temporary: join(folder, `.${basename(place)}.${crypto.randomUUID()}.tmp`) };
}

async function inFolder(place: string, what: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const rule = `its folder must be writable (${(error as Error).message})`;
    throw new Error(cannot(what, rule, describe(dirname(place))), { cause: error });
  }
}
