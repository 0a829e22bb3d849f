/**
 * A run on disk: all that it needs to go on, in one safetensors file. A run that was killed goes on from it
 * and ends with the very picture of the run that was not; with other settings it branches off.
 *
 * The file holds the picture and the optimizer's state in float32, and as text the numbers of the run, what
 * it was made from, and a hash over the tensors.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { cannot, describe } from "../base/check.ts";
import { readBytes, type Source, writeWhole } from "../base/files.ts";
import { isSafetensors, parseSafetensors } from "../network/weights/safetensors.ts";
import { floatsOf } from "../network/weights/tensors.ts";
import type { OptimizerState } from "../optimizers/optimizer.ts";
import type { Picture } from "../picture/picture.ts";
import type { Checkpoint } from "../run/frame.ts";

/** What a checkpoint was made from: names and values to compare, such as version, settings, hashes. */
export type Origin = Record<string, string>;

/** A checkpoint and what it was made from. */
export type SavedCheckpoint = { checkpoint: Checkpoint; origin: Origin };

/** The layout of the file; one that is read must have the same. */
const LAYOUT = "1";
const PICTURE = "picture";
const SHOWN = "shown";
const OPTIMIZER = "optimizer/";

/** The text in the file. */
type Text = {
  layout: string;
  sha256: string;
  origin: Origin;
  iteration: number;
  evaluations: number;
  adjustments: number[];
};

/**
 * A checkpoint as a safetensors file, in parts that follow one another: the head, then the numbers where
 * they are, as a copy of those of a large picture would take as much memory again.
 */
export function encodeCheckpoint({ checkpoint, origin }: SavedCheckpoint): Uint8Array[] {
  const { picture, shown, optimizer, iteration, evaluations, adjustments } = checkpoint;
  const entryOf = ({ width, height, data }: Picture) => ({ shape: [height, width, 3], data });
  const tensors: OptimizerState = { [PICTURE]: entryOf(picture) };
  if (shown) tensors[SHOWN] = entryOf(shown);
  for (const [name, value] of Object.entries(optimizer)) tensors[OPTIMIZER + name] = value;
  const hash = createHash("sha256");
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end += data.byteLength] };
    const part = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    hash.update(part);
    parts.push(part);
  }
  const text: Text = {
    layout: LAYOUT,
    sha256: hash.digest("hex"),
    origin,
    iteration,
    evaluations,
    adjustments: [...adjustments],
  };
  header.__metadata__ = { checkpoint: JSON.stringify(text) };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const padding = (8 - head.length % 8) % 8; // float32 is aligned
  const first = new Uint8Array(8 + head.length + padding).fill(0x20);
  new DataView(first.buffer).setBigUint64(0, BigInt(head.length + padding), true);
  first.set(head, 8);
  return [first, ...parts];
}

/**
 * Takes a checkpoint file apart.
 *
 * @throws {Error} when it is cut off, altered, or no checkpoint.
 */
export function decodeCheckpoint(bytes: Uint8Array, name = "the checkpoint"): SavedCheckpoint {
  const what = `go on from ${name}`;
  const refuse = (rule: string, value: unknown): never => {
    throw new Error(cannot(what, rule, describe(value)));
  };
  if (bytes.length < 16 || !isSafetensors(bytes)) {
    refuse("it must be a checkpoint file", `a file of ${bytes.length} bytes`);
  }
  const text = textOf(bytes) ?? refuse("it must be a checkpoint file, whole", "no such text in it");
  if (text.layout !== LAYOUT) refuse(`its layout must be ${LAYOUT}`, text.layout);
  let tensors: OptimizerState = {};
  try {
    const found = Object.entries(parseSafetensors(bytes, name));
    tensors = Object.fromEntries(
      found.map(([key, tensor]) => [key, { shape: tensor.shape, data: floatsOf(tensor) }]),
    );
  } catch (error) {
    refuse("it must be whole", (error as Error).message);
  }
  const hash = createHash("sha256");
  const optimizer: OptimizerState = {};
  for (const [key, { shape, data }] of inOrder(bytes, tensors)) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (key.startsWith(OPTIMIZER)) {
      optimizer[key.slice(OPTIMIZER.length)] = { shape: [...shape], data };
    }
  }
  const found = hash.digest("hex");
  if (found !== text.sha256) refuse(`its SHA-256 must be ${text.sha256}`, found);
  const pictureOf = ({ shape: [height, width], data }: OptimizerState[string]): Picture => ({
    width: width!,
    height: height!,
    data,
  });
  const picture = pictureOf(tensors[PICTURE] ?? refuse("it must hold a picture", {}));
  const shown = tensors[SHOWN] && { shown: pictureOf(tensors[SHOWN]) };
  const { iteration, evaluations, adjustments, origin } = text;
  return {
    checkpoint: { iteration, evaluations, adjustments, picture, ...shown, optimizer },
    origin,
  };
}

/**
 * Writes a checkpoint; the one before it stays beside it, as `FILE.previous`, until the next.
 *
 * @param rotate whether what is there takes the place of `FILE.previous`; not if it is damaged
 * @throws {Error} when the file cannot be written.
 */
export async function writeCheckpoint(
  path: string,
  saved: SavedCheckpoint,
  rotate = true,
): Promise<void> {
  const parts = encodeCheckpoint(saved);
  try {
    if (rotate) await Deno.rename(path, `${path}.previous`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await writeWhole(path, parts, `write the checkpoint ${path}`);
}

/** Whether there is a whole checkpoint at a path. */
export async function isCheckpoint(path: string): Promise<boolean> {
  try {
    decodeCheckpoint(await readBytes(path, "read the checkpoint"));
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads a checkpoint; of a path whose file is damaged or gone, the one before it.
 *
 * @param expected what the run at hand is made from; a difference is refused by name
 * @param onNote told when the one before was taken
 * @throws {Error} when neither can be used.
 */
export async function readCheckpoint(
  source: Source,
  expected: Origin = {},
  onNote: (line: string) => void = () => {},
): Promise<SavedCheckpoint> {
  const name = source instanceof Uint8Array ? "the checkpoint" : `the checkpoint ${source}`;
  const read = async (from: Source) =>
    decodeCheckpoint(await readBytes(from, `read ${name}`), name);
  let saved: SavedCheckpoint;
  try {
    saved = await read(source);
  } catch (error) {
    if (typeof source !== "string") throw error;
    try {
      saved = await read(`${source}.previous`);
    } catch {
      throw error;
    }
    onNote(`${(error as Error).message}; the one before it is used`);
  }
  checkOrigin(name, saved.origin, expected);
  return saved;
}

/** @throws {Error} that names the first difference to what is expected. */
export function checkOrigin(name: string, origin: Origin, expected: Origin): void {
  for (const [key, value] of Object.entries(expected)) {
    const found = origin[key];
    if (found === value) continue;
    throw new Error(cannot(`go on from ${name}`, `its ${key} must be ${value}`, String(found)));
  }
}

function headerOf(bytes: Uint8Array): Record<string, { data_offsets?: number[] }> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    return undefined;
  }
}

/** The text of a checkpoint, or undefined where it is not what this version writes. */
function textOf(bytes: Uint8Array): Text | undefined {
  const metadata = headerOf(bytes)?.__metadata__ as { checkpoint?: unknown } | undefined;
  if (typeof metadata?.checkpoint !== "string") return undefined;
  try {
    const text = JSON.parse(metadata.checkpoint) as Text;
    const { iteration, evaluations, adjustments, sha256, layout, origin } = text;
    const numbers = [iteration, evaluations, ...adjustments];
    const fits = numbers.every((number) => typeof number === "number") &&
      typeof sha256 === "string" && typeof layout === "string" && typeof origin === "object" &&
      Object.values(origin).every((value) => typeof value === "string");
    return fits ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The tensors in the order of their bytes. */
function inOrder<T>(bytes: Uint8Array, tensors: Record<string, T>): [string, T][] {
  const header = headerOf(bytes) ?? {};
  const begin = (name: string) => header[name]?.data_offsets?.[0] ?? 0;
  return Object.entries(tensors).sort(([a], [b]) => begin(a) - begin(b));
}
