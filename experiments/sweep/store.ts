/**
 * The results on disk: `FILE.png` and, written last, `FILE.json`. Both appear whole or not at all, so
 * a run has ended exactly if its JSON file is there, whatever happened to the process.
 *
 * @module
 */
import { join } from "node:path";
import { writeWhole } from "../../lib/base/files.ts";
import { TEMPORARY } from "../../lib/base/place.ts";
import type { Failure, Outcome, Row, Run } from "./types.ts";

/** The picture of a run. */
export const pictureFile = (folder: string, { file }: Run) => join(folder, `${file}.png`);

/** Keeps what came of a run. */
export async function keep(folder: string, run: Run, result: Outcome | Failure): Promise<void> {
  await writeText(join(folder, `${run.file}.json`), JSON.stringify({ ...run, ...result }));
}

/** The row of a run; undefined while it is missing, or when its files are damaged: it is done again. */
export async function find(folder: string, run: Run): Promise<Row | undefined> {
  let kept: Partial<Row>;
  try {
    kept = JSON.parse(await Deno.readTextFile(join(folder, `${run.file}.json`)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
  const isWhole = kept?.status === "failed"
    ? typeof kept.error === "string"
    : kept?.status === "done" && Array.isArray(kept.moments) && kept.moments.length > 0 &&
      await isWholePng(pictureFile(folder, run));
  // Names and paths are those of now: the same run may stand elsewhere in another grid.
  return isWhole ? { ...kept, ...run } as Row : undefined;
}

/** Whether a PNG file is there down to its last chunk. */
async function isWholePng(path: string): Promise<boolean> {
  const bytes = await Deno.readFile(path).catch(() => new Uint8Array());
  return new TextDecoder("latin1").decode(bytes.subarray(-8, -4)) === "IEND";
}

/** Forgets a run. */
export async function forget(folder: string, run: Run): Promise<void> {
  await Deno.remove(join(folder, `${run.file}.json`)).catch(() => {});
}

/** A text file, whole or not at all. */
export async function writeText(path: string, text: string): Promise<void> {
  await writeWhole(path, text, `write ${path}`);
}

/** Removes what killed processes left half-written an hour ago or earlier; others may be writing now. */
export async function sweepUp(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
    if (mtime && Date.now() - mtime.getTime() > 3.6e6) await Deno.remove(path).catch(() => {});
  }
}
