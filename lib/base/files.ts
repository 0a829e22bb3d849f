/**
 * Whole files: read from a path, a URL or memory; written beside their place and moved there, so that
 * nobody ever sees half of one. The one reader and the one writer of the project.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cannot, checkNoPromise, describe } from "./check.ts";
import { explain, explained, openPlace, placeOf, removeQuietly, toPath } from "./place.ts";
import { fetchBytes, type ReadLimits, sizeRule } from "./web.ts";

/** A path, a `file:`, `http:` or `https:` address (text or URL), or the bytes themselves. */
export type Source = string | URL | Uint8Array;

/** How messages name a source: a path or an address in quotes, or a number of bytes. */
export function nameSource(source: Source): string {
  if (source instanceof Uint8Array) return `of ${source.length} bytes`;
  if (!(source instanceof URL)) return describe(source);
  try {
    return describe(fileURLToPath(source));
  } catch {
    return describe(source.href);
  }
}

/**
 * The bytes of a source: an ordinary file, or what a web server answers.
 *
 * @param what What is being done, for messages: `read the picture "x.png"`.
 * @throws Error that names the place if there is no ordinary file, if it is too large or cannot be
 * read, or if a server does not answer in full; TypeError if `source` is nothing of the kind.
 */
export async function readBytes(
  source: Source,
  what: string,
  limits: ReadLimits = {},
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  checkNoPromise(what, "the path, URL or bytes", source);
  if (!(typeof source === "string" || source instanceof URL)) {
    throw new TypeError(cannot(what, "a path, a URL or bytes must be given", describe(source)));
  }
  const isWeb = /^https?:/i.test(String(source));
  return isWeb ? await fetchBytes(String(source), what, limits) : await load(source, what, limits);
}

async function load(path: string | URL, what: string, { maxBytes = 1e9 }: ReadLimits) {
  const local = toPath(path, what);
  const full = resolve(local);
  let problem: [rule: string, value: string];
  try {
    const status = await Deno.stat(local);
    if (status.isFile && status.size <= maxBytes) return await Deno.readFile(local);
    problem = status.isFile
      ? [sizeRule(maxBytes), `${status.size} bytes`]
      : ["its path must be that of a file", `${kindOf(status)}, ${full}`];
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error; // says which permission is missing
    const rule = error instanceof Deno.errors.NotFound
      ? "there must be a file at its path"
      : `the file must be readable (${(error as Error).message})`;
    throw new Error(cannot(what, rule, describe(full)), { cause: error });
  }
  throw new Error(cannot(what, ...problem));
}

function kindOf({ isDirectory, isFifo }: Deno.FileInfo): string {
  return isDirectory ? "a folder" : isFifo ? "a pipe" : "a device";
}

/** The system copies what it is given to write. */
const BYTES_AT_A_TIME = 2 ** 23;

/**
 * Writes a file whole or not at all: into a temporary file in the same folder, which reaches the disk
 * and then takes its place. An older file of that name stays until the very end and hands on its mode;
 * a symbolic link is followed; what is no ordinary file (a device, a pipe) is written to directly.
 *
 * @param bytes Text becomes UTF-8; of several arrays one follows the other.
 * @param what What is being done, for messages: `write the picture "x.png"`.
 * @throws Error that names the path and the reason: the folder is missing or takes no files, the disk
 * is full, the name is too long, the path is that of a folder.
 */
export async function writeWhole(
  path: string | URL,
  bytes: Uint8Array | readonly Uint8Array[] | string,
  what: string,
): Promise<void> {
  const parts = typeof bytes === "string"
    ? [new TextEncoder().encode(bytes)]
    : bytes instanceof Uint8Array
    ? [bytes]
    : bytes;
  const place = placeOf(path, what);
  const { temporary } = place;
  try {
    const file = await openPlace(place);
    try {
      for (const part of parts) {
        for (let done = 0; done < part.length;) {
          done += await file.write(part.subarray(done, done + BYTES_AT_A_TIME));
        }
      }
      if (temporary) await file.sync();
    } finally {
      file.close();
    }
    if (temporary) await Deno.rename(temporary, place.path);
  } catch (error) {
    if (temporary) removeQuietly(temporary);
    throw explain(error, place.path, what);
  }
}

/** A file that is being written. Nobody sees it before it is closed. */
export type WholeFile = {
  /** Adds text. */
  write(text: string): void;
  /** Puts the file in its place. */
  close(): void;
  /** Gives the file up: what was there before stays. Does nothing after `close`. */
  abandon(): void;
};

/**
 * Opens a file that grows by and by and appears, as with {@linkcode writeWhole}, when it is closed. A
 * device or pipe is written to at once.
 *
 * @example
 * ```ts
 * import { openWhole } from "./files.ts";
 *
 * const path = `${Deno.makeTempDirSync()}/log.csv`;
 * const log = await openWhole(path, "write the log");
 * try {
 *   for (let i = 0; i < 3; i++) log.write(`${i}\n`);
 *   log.close();
 * } finally {
 *   log.abandon(); // after an error: an older log stays as it was
 * }
 * ```
 *
 * @throws Error that names the path and the reason, as the methods do: the disk may be full any time.
 */
export async function openWhole(path: string | URL, what: string): Promise<WholeFile> {
  const place = placeOf(path, what);
  const { temporary } = place;
  const file = await openPlace(place).catch((error) => {
    if (temporary) removeQuietly(temporary);
    throw explain(error, place.path, what);
  });
  let isOpen = true;
  const abandon = () => {
    if (!isOpen) return;
    isOpen = false;
    file.close();
    if (temporary) removeQuietly(temporary);
  };
  return {
    write(text) {
      const data = new TextEncoder().encode(text);
      explained(place.path, what, () => {
        for (let done = 0; done < data.length;) done += file.writeSync(data.subarray(done));
      });
    },
    close() {
      if (!isOpen) return;
      explained(place.path, what, () => {
        if (!temporary) return;
        file.syncSync();
        Deno.renameSync(temporary, place.path);
      });
      isOpen = false;
      file.close();
    },
    abandon,
  };
}

/**
 * Throws what {@linkcode writeWhole} would throw, by creating an empty temporary file and removing it.
 * The file at `path` itself is not touched.
 */
export async function checkFileWritable(path: string | URL, what: string): Promise<void> {
  const place = placeOf(path, what);
  if (!place.temporary) return; // opening a pipe would be heard at its other end
  try {
    (await openPlace(place)).close();
  } catch (error) {
    throw explain(error, place.path, what);
  } finally {
    removeQuietly(place.temporary);
  }
}

/**
 * The path that is written to in the end, links resolved, whether or not there is a file yet: two paths
 * are one file if theirs are equal.
 *
 * @throws Error if the folder is missing, or the path is that of a folder.
 */
export function finalPath(path: string | URL, what: string): string {
  return placeOf(path, what).path;
}
