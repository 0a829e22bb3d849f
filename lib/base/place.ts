/**
 * Where a file is written: links resolved, the temporary file beside it, and why it cannot be.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cannot, describe } from "./check.ts";

/** A place for a file. */
export type Place = {
  /** Its path in the end, links resolved. */
  path: string;
  /** The file beside it that becomes it; none where a device or a pipe is written to directly. */
  temporary?: string;
  /** The older file, whose mode and owner the new one takes over. */
  older?: Deno.FileInfo;
};

/** What temporary files are called: short, so that the place may have the longest name there is. */
export const TEMPORARY = /^\.stylebook-[0-9a-f]{12}\.tmp$/;

/** Names of files that are open already: a rename would cut them off from who reads them. */
const OPEN_FILES = /^\/(proc\/|dev\/(stdout|stderr|fd\/))/;

/** As many links one after the other as Linux follows. */
const MAX_LINKS = 40;

/**
 * The path of a `file:` address or of a string.
 *
 * @throws TypeError for another address.
 */
export function toPath(path: string | URL, what: string): string {
  const isUrl = path instanceof URL || /^(file:|[a-z][a-z\d+.-]+:\/\/)/i.test(path);
  if (!isUrl) return path as string;
  try {
    return fileURLToPath(path);
  } catch (error) {
    const rule = "its address must be that of a file or, to read, of a web server";
    throw new TypeError(cannot(what, rule, describe(String(path))), { cause: error });
  }
}

/**
 * The place that a path stands for. Looks, and changes nothing.
 *
 * @throws Error if the folder is missing, the path is that of a folder, or a file that is there must
 * not be written.
 */
export function placeOf(path: string | URL, what: string): Place {
  const wanted = resolve(toPath(path, what));
  const there = explained(wanted, what, () => statusOf(wanted));
  if (there?.isDirectory) {
    throw new Error(cannot(what, "its path must be that of a file", `a folder, ${wanted}`));
  }
  if (there && !there.isFile) return { path: wanted };
  let at = wanted;
  for (let links = 0; links <= MAX_LINKS; links++) {
    if (there && OPEN_FILES.test(at)) return { path: at };
    const folder = dirname(at);
    if (!explained(at, what, () => statusOf(folder))?.isDirectory) {
      throw new Error(cannot(what, "its folder must exist (create it first)", describe(folder)));
    }
    const here = join(explained(at, what, () => Deno.realPathSync(folder)), basename(at));
    const link = explained(here, what, () => linkOf(here));
    if (link === undefined) {
      const temporary = join(dirname(here), temporaryName());
      return { path: here, temporary, ...(there && { older: there }) };
    }
    at = resolve(dirname(here), link);
  }
  throw new Error(cannot(what, "its links must lead to a file", describe(wanted)));
}

/** The file that is written in the end: the temporary one, or the device or pipe itself. */
export async function openPlace({ path, temporary, older }: Place): Promise<Deno.FsFile> {
  if (!temporary) return await Deno.open(path, { write: true, append: true });
  // Finds out whether the older file may be replaced, without changing it.
  if (older) (await Deno.open(path, { write: true })).close();
  const file = await Deno.open(temporary, { write: true, createNew: true });
  if (older && Deno.build.os !== "windows") {
    const { uid, gid, mode } = older;
    await Deno.chown(temporary, uid, gid).catch(() => {}); // only root may give files away
    if (mode !== null) await Deno.chmod(temporary, mode & 0o7777).catch(() => {});
  }
  return file;
}

/** Runs one step of writing to `path`; an error of the system gets words. */
export function explained<T>(path: string, what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw explain(error, path, what);
  }
}

/** An error of the system in words: which path, and why. */
export function explain(error: unknown, path: string, what: string): unknown {
  if (error instanceof Deno.errors.NotCapable) return error; // says which permission is missing
  const { message, code } = error as Error & { code?: string };
  const reason = message.replace(/: \w+ '.*$/s, "");
  const length = new TextEncoder().encode(basename(path)).length;
  const [rule, value] = code === "ENAMETOOLONG" && length > 255
    ? ["its name must be at most 255 bytes long", `${length} bytes`]
    : code === "ENOSPC" || code === "EDQUOT"
    ? [`its disk must have room (${reason})`, describe(path)]
    : code === "ENOENT"
    ? [`its folder must be there and take files (${reason})`, describe(dirname(path))]
    : ["EACCES", "EPERM", "EROFS"].includes(code ?? "")
    ? [`its folder and any file there must be writable (${reason})`, describe(path)]
    : [`it must be possible to write there (${reason})`, describe(path)];
  return new Error(cannot(what, rule, value), { cause: error });
}

/** Removes a file that may be gone already. */
export function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made, or its folder is gone.
  }
}

function temporaryName(): string {
  return `.stylebook-${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}.tmp`;
}

function statusOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) return undefined;
    throw error;
  }
}

/** Where a symbolic link leads; undefined where there is no link. */
function linkOf(path: string): string | undefined {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
