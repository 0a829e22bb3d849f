/**
 * Fetches published weights once and keeps them in the user's cache folder. What arrives goes into
 * `FILE.partial`, so that a download that broke off goes on where it stopped, and becomes `FILE` only
 * when its hash is right.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { onInterrupt } from "../../base/notebook.ts";
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
  /** Called for every piece that arrives; prints a line for every tenth by default. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Ends the download; what has arrived is kept. */
  signal?: AbortSignal;
  /** How many seconds may pass without a byte; 30 by default. */
  patience?: number;
};

/** How often a download that breaks off, but got further, is taken up again. */
const MAX_TRIES = 5;

/** What another try would not change. */
class FinalError extends Error {}

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
  const path = join(options.folder ?? cacheFolder(), published.file);
  if (await isFile(path)) return path;
  await Deno.mkdir(join(path, ".."), { recursive: true });
  const partial = `${path}.partial`;
  const file = await Deno.open(partial, { read: true, write: true, create: true });
  try {
    await file.lock(true); // somebody else may be fetching it at this moment
    if (await isFile(path)) return path;
    await fetchAll(file, path, published, options);
    const problem = await hashProblem(file, published);
    if (problem) {
      await file.truncate(0);
      throw new Error(`Cannot use ${published.url} as ${problem}; nothing was kept`);
    }
    await Deno.rename(partial, path);
    return path;
  } finally {
    const { size } = await file.stat();
    if (size === 0) await Deno.remove(partial).catch(() => {});
    file.close();
  }
}

/** Fills the file up, from where it ends, in as many tries as it takes. */
async function fetchAll(
  file: Deno.FsFile,
  path: string,
  published: Published,
  { onProgress = printProgress(), signal, patience = 30 }: DownloadOptions,
): Promise<void> {
  const stop = new AbortController();
  const forget = onInterrupt(() => stop.abort(new Error("it was stopped")));
  const signals = signal ? [signal, stop.signal] : [stop.signal];
  const size = async () => (await file.stat()).size;
  try {
    if (await size() > published.bytes) await file.truncate(0);
    for (let tries = 1, before = await size(); before !== published.bytes; tries++) {
      try {
        await fetchRest(file, published, {
          onProgress,
          signal: AbortSignal.any(signals),
          patience,
        });
        if (await size() === published.bytes) break;
        throw new Error(`the server sent ${await size()} of ${published.bytes} bytes`);
      } catch (error) {
        const stopped = signals.find(({ aborted }) => aborted);
        const reason = stopped?.reason ?? error;
        const final = stopped || error instanceof FinalError || await size() === before;
        if (final || tries === MAX_TRIES) throw unreachable(published, path, await size(), reason);
        before = await size();
      }
    }
  } finally {
    forget();
  }
}

async function fetchRest(
  file: Deno.FsFile,
  { file: name, url, bytes }: Published,
  { onProgress, signal, patience }: Required<Omit<DownloadOptions, "folder">>,
): Promise<void> {
  let { size } = await file.stat();
  const waiting = patienceOf(patience);
  try {
    const response = await fetch(url, {
      headers: { "Accept-Encoding": "identity", ...(size > 0 && { Range: `bytes=${size}-` }) },
      signal: AbortSignal.any([signal, waiting.signal]),
    });
    const goesOn = response.status === 206 &&
      response.headers.get("Content-Range")?.startsWith(`bytes ${size}-`);
    if (!response.ok || (response.status === 206 && !goesOn)) {
      await response.body?.cancel();
      throw new FinalError(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    // A server that knows no ranges sends it all again.
    if (!goesOn) await file.truncate(size = 0);
    await file.seek(size, Deno.SeekMode.Start);
    for await (const part of response.body ?? []) {
      waiting.heard();
      if ((size += part.length) > bytes) {
        await file.truncate(0);
        throw new FinalError(`the server sends more than the file's ${bytes} bytes`);
      }
      for (let done = 0; done < part.length;) done += await file.write(part.subarray(done));
      onProgress({ file: name, received: size, total: bytes });
    }
  } finally {
    waiting.end();
  }
}

async function hashProblem(file: Deno.FsFile, hashes: Hashes): Promise<string | undefined> {
  const algorithm = hashes.sha256 ? "sha256" : "md5";
  const hash = createHash(algorithm);
  const buffer = new Uint8Array(2 ** 20);
  await file.seek(0, Deno.SeekMode.Start);
  for (let n; (n = await file.read(buffer)) !== null;) hash.update(buffer.subarray(0, n));
  const found = hash.digest("hex");
  if (found === hashes[algorithm]) return undefined;
  return `its ${hashName(algorithm)} must be ${hashes[algorithm]}: current value is ${found}`;
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
