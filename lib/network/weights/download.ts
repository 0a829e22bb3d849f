/**
 * Fetches published weights once and keeps them in the user's cache folder. What arrives goes into
 * `FILE.partial`, so that a download that broke off goes on where it stopped, and becomes `FILE` only
 * when its hash is right.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { inKernel, onInterrupt } from "../../base/notebook.ts";
import { patienceOf } from "../../base/web.ts";
import { type Hashes, hashName } from "./read.ts";

/** A file on the web; one of the two hashes is there. */
export type Published = Hashes & {
  /** Its name in the cache folder. */
  file: string;
  url: string;
  bytes: number;
};

/** How far a download is, in bytes. */
export type DownloadProgress = { file: string; received: number; total: number };

/** Settings of {@linkcode download}. */
export type DownloadOptions = {
  /** {@linkcode cacheFolder} by default. */
  folder?: string;
  /**
   * Called for every piece that arrives. Left out, nothing is said, but in a notebook, where a line is
   * printed for every tenth.
   */
  onProgress?: (progress: DownloadProgress) => void;
  /** Ends the download; what has arrived is kept. */
  signal?: AbortSignal;
  /**
   * How many seconds may pass without a byte.
   *
   * @default {30}
   */
  patience?: number;
  /**
   * Fetches the file again although it is there.
   *
   * @default {false}
   */
  refetch?: boolean;
};

/**
 * Where downloads are kept: `STYLEBOOK_CACHE`, else `stylebook` in `XDG_CACHE_HOME` or in the system's
 * folder for caches (`~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`).
 */
export function cacheFolder(
  os: typeof Deno.build.os = Deno.build.os,
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string {
  const own = env("STYLEBOOK_CACHE");
  if (own) return own;
  const home = env("HOME") ?? env("USERPROFILE");
  const usual = os === "windows"
    ? env("LOCALAPPDATA") ?? (home && join(home, "AppData", "Local"))
    : home && (os === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache"));
  const caches = env("XDG_CACHE_HOME") || usual;
  if (caches) return join(caches, "stylebook");
  throw new Error(
    "Cannot tell where to keep downloads as HOME must be set: set STYLEBOOK_CACHE to a folder",
  );
}

/**
 * The path of a published file in the cache folder; downloads it if it is not there yet.
 *
 * @throws {Error} when it cannot be fetched or has the wrong hash; the message names the address, the
 * place and the hash, so that the file can be fetched by hand.
 */
export async function download(
  published: Published,
  options: DownloadOptions = {},
): Promise<string> {
  const { folder = cacheFolder(), refetch = false } = options;
  const path = join(folder, published.file);
  if (!refetch && await isFile(path)) return path;
  await Deno.mkdir(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  const file = await Deno.open(partial, { read: true, write: true, create: true });
  try {
    await file.lock(true); // somebody else may be fetching it at this moment
    if (!refetch && await isFile(path)) return path;
    await fetchRest(file, published, options).catch(async (reason) => {
      throw unreachable(published, path, (await file.stat()).size, reason);
    });
    const algorithm = published.sha256 ? "sha256" : "md5";
    const found = createHash(algorithm).update(await Deno.readFile(partial)).digest("hex");
    if (found !== published[algorithm]) {
      await file.truncate(0);
      throw new Error(
        `Cannot use ${published.url} as its ${hashName(algorithm)} must be ` +
          `${published[algorithm]}: current value is ${found}; nothing was kept`,
      );
    }
    await Deno.rename(partial, path);
    return path;
  } finally {
    if ((await file.stat()).size === 0) await Deno.remove(partial).catch(() => {});
    file.close();
  }
}

/** Fills the file up, from where it ends. */
async function fetchRest(
  file: Deno.FsFile,
  { file: name, url, bytes }: Published,
  { onProgress = inKernel() ? printProgress() : undefined, signal, patience = 30 }: DownloadOptions,
): Promise<void> {
  let { size } = await file.stat();
  if (size > bytes) await file.truncate(size = 0);
  if (size === bytes) return;
  const waiting = patienceOf(patience);
  const stop = new AbortController();
  const forget = onInterrupt(() => stop.abort(new Error("it was stopped")));
  const signals = [waiting.signal, stop.signal, ...(signal ? [signal] : [])];
  try {
    const response = await fetch(url, {
      headers: { "Accept-Encoding": "identity", ...(size > 0 && { Range: `bytes=${size}-` }) },
      signal: AbortSignal.any(signals),
    });
    const goesOn = response.status === 206 &&
      response.headers.get("Content-Range")?.startsWith(`bytes ${size}-`);
    if (!response.ok || (response.status === 206 && !goesOn)) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    // A server that knows no ranges sends it all again.
    if (!goesOn) await file.truncate(size = 0);
    await file.seek(size, Deno.SeekMode.Start);
    for await (const part of response.body ?? []) {
      waiting.heard();
      if ((size += part.length) > bytes) {
        await file.truncate(0);
        throw new Error(`the server sends more than the file's ${bytes} bytes`);
      }
      for (let done = 0; done < part.length;) done += await file.write(part.subarray(done));
      onProgress?.({ file: name, received: size, total: bytes });
    }
    if (size < bytes) throw new Error(`the server sent ${size} of ${bytes} bytes`);
  } catch (error) {
    throw signals.find(({ aborted }) => aborted)?.reason ?? error;
  } finally {
    forget();
    waiting.end();
  }
}

function unreachable(published: Published, path: string, size: number, reason: unknown): Error {
  const { file, url, bytes, sha256, md5 } = published;
  const hash = sha256 ? `SHA-256 ${sha256}` : `MD5 ${md5}`;
  const kept = size > 0 ? `${size} of ${bytes} bytes are kept, another try goes on there; or ` : "";
  return new Error(
    `Cannot download ${file} from ${url}: ${reason instanceof Error ? reason.message : reason}; ` +
      `${kept}fetch it yourself and save it as ${path} (${bytes} bytes, ${hash}), or name your copy ` +
      `with { weights: "FILE" } or --weights FILE`,
    { cause: reason },
  );
}

/** Prints a line when a download starts and for every tenth of it. */
export function printProgress(
  log: (line: string) => void = console.log,
): (progress: DownloadProgress) => void {
  let printed = -1;
  return ({ file, received, total }) => {
    const tenth = Math.floor(10 * received / total);
    if (tenth === printed) return;
    printed = tenth;
    log(`Downloading ${file}: ${10 * tenth} % of ${(total / 1e6).toFixed(0)} MB`);
  };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
