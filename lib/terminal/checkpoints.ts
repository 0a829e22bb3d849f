/**
 * The state of a run in a file, written on the way, and a run that goes on from it: however it ended, the
 * picture has the bytes of the run that did not.
 *
 * @module
 */
import { cannot, describe } from "../base/check.ts";
import {
  checkOrigin,
  decodeCheckpoint,
  isCheckpoint,
  type Origin,
  readCheckpoint,
  type SavedCheckpoint,
  writeCheckpoint,
} from "../recipe/checkpoint_file.ts";
import { flagOf } from "../recipe/flags.ts";
import type { OpenFile, Recipe } from "../recipe/recipe.ts";
import {
  filledIn,
  type PictureSettings,
  SETTING_NAMES,
  type SettingName,
} from "../recipe/settings.ts";
import { codeVersion } from "../recipe/version.ts";
import type { Checkpoint, Frame } from "../run/frame.ts";
import type { StylizeOptions } from "../run/options.ts";
import { withPreset } from "../run/presets.ts";
import { UsageError } from "./command.ts";

/** How often a checkpoint is written. */
export type Every = { seconds: number } | { iterations: number };

/** Settings that a branch may have otherwise than the run that it leaves. */
const BRANCHING: readonly SettingName[] = [
  "contentWeight",
  "styleWeight",
  "denoiseWeight",
  "layerWeights",
  "styleWeights",
  "stepSize",
  "stepDecay",
  "iterations",
];

/** A checkpoint a minute loses little, and costs little. */
const USUAL: Every = { seconds: 60 };

/** Settings that say when a run ends or how much it takes, not what it computes. */
const FREE = ["seconds", "evaluations", "maxMemory"];

/**
 * What `--checkpoint-every` says: `60` or `60s` for seconds, `20i` for iterations.
 *
 * @throws {RangeError} for anything else.
 */
export function everyOf(text: string | undefined): Every {
  if (text === undefined) return USUAL;
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|i)?$/.exec(text) ?? [];
  const count = Number(number);
  if (unit === "i" && Number.isSafeInteger(count) && count > 0) return { iterations: count };
  if (unit !== "i" && number !== undefined && Number.isFinite(count)) return { seconds: count };
  const rule = "--checkpoint-every must be seconds, such as 60s, or iterations, such as 20i";
  throw new RangeError(cannot("run", rule, describe(text)));
}

/** What a run is made from, to be compared with that of a checkpoint. */
export async function originOf(
  { settings, engine, files }: Omit<Recipe, "version">,
): Promise<Origin> {
  const { preset, network, size, styleSize, ...painting } = filledIn(settings);
  const all = { ...withPreset(preset, painting), network, size, styleSize } as PictureSettings;
  const own = SETTING_NAMES.filter((name) => name !== "preset" && !FREE.includes(name));
  return {
    version: await codeVersion(),
    engine,
    ...Object.fromEntries(Object.entries(files).map(([role, file]) => [role, file!.sha256])),
    ...Object.fromEntries(own.map((name) => [name, JSON.stringify(all[name]) ?? "not given"])),
  };
}

/** The checkpoint that `--resume` names, else that of `--branch`. */
export async function openCheckpoint(
  path: string | undefined,
  branch: OpenFile | undefined,
  say: (line: string) => void,
): Promise<SavedCheckpoint | undefined> {
  if (path !== undefined) return await readCheckpoint(path, {}, say);
  return branch && decodeCheckpoint(branch.bytes, `the checkpoint ${branch.place}`);
}

/** The tiles of a run that goes on: they are not chosen again. */
export function tileOf({ origin }: SavedCheckpoint): number | "none" {
  return /^\d+$/.test(origin.tile ?? "") ? Number(origin.tile) : "none";
}

/**
 * The options of the run that goes on from a checkpoint, to the end that it had.
 *
 * @param branches whether weights and steps may be others than those of the checkpoint's run
 * @throws {UsageError} when the checkpoint is of something else, or of a run that is over.
 */
export function resumed<T extends StylizeOptions>(
  options: T,
  { checkpoint, origin }: SavedCheckpoint,
  expected: Origin,
  branches = false,
): T {
  const free: readonly string[] = branches ? ["branch", ...BRANCHING] : [];
  const same = Object.entries(expected).filter(([name]) => !free.includes(name));
  try {
    checkOrigin("the checkpoint", origin, Object.fromEntries(same));
  } catch (error) {
    const flags = BRANCHING.map((name) => `--${flagOf(name)}`).join(", ");
    const advice = branches
      ? `a branch may have other ${flags}`
      : "with other weights or steps, --branch goes on from it";
    throw new UsageError(`${(error as Error).message}; ${advice}`, { cause: error });
  }
  const { sizes, iterations = 120, evaluations } = options;
  const done = checkpoint.iteration;
  const counts = typeof iterations === "number"
    ? new Array(sizes?.length ?? 1).fill(iterations)
    : [...iterations];
  const whole = counts.reduce((sum, count) => sum + count, 0);
  if (done >= whole) {
    const rule = `its run must have iterations left of its ${whole}`;
    throw new UsageError(cannot("go on from the checkpoint", rule, `${done} done`));
  }
  return {
    ...options,
    resume: checkpoint,
    // From coarse to fine they are counted through; a single size does so many more.
    iterations: sizes ? iterations : whole - done,
    evaluations: evaluations && Math.max(1, evaluations - checkpoint.evaluations),
  };
}

/** Writes checkpoints of a run. */
export type Keeper = {
  /** After an iteration, when it is time. */
  see(frame: Frame): Promise<void>;
  /** Of a run that was stopped. */
  finish(checkpoint: Checkpoint): Promise<void>;
};

/** Writes checkpoints to a path; that one cannot be written is said once and ends nothing. */
export function createKeeper(
  path: string,
  every: Every,
  origin: Origin,
  warn: (line: string) => void,
): Keeper {
  let [last, warned] = [performance.now(), false];
  let isWhole: boolean | undefined; // what is there now
  const write = async (checkpoint: Checkpoint) => {
    try {
      isWhole ??= await isCheckpoint(path);
      await writeCheckpoint(path, { checkpoint, origin }, isWhole);
      isWhole = true;
    } catch (error) {
      if (!warned) warn(`${(error as Error).message}; the run goes on`);
      warned = true;
    }
    last = performance.now();
  };
  const isTime = ({ iteration }: Frame) =>
    "iterations" in every
      ? (iteration + 1) % every.iterations === 0
      : performance.now() - last >= 1000 * every.seconds;
  return {
    async see(frame) {
      if (!frame.last && isTime(frame)) await write(await frame.checkpoint());
    },
    finish: write,
  };
}
