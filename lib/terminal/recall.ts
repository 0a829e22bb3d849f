/**
 * What a picture that was made earlier adds to a command line: its settings and files, and its engine.
 *
 * @module
 */
import { describe } from "../base/check.ts";
import { type Engine, type EngineName, ENGINES, useEngine } from "../engine/engine.ts";
import {
  findIngredient,
  type OpenFile,
  openFile,
  readRecipe,
  type Recipe,
  type Role,
  roleOf,
} from "../recipe/recipe.ts";
import type { PictureSettings } from "../recipe/settings.ts";
import { codeVersion } from "../recipe/version.ts";
import { withoutSteps } from "../run/steps.ts";
import { UsageError } from "./command.ts";
import type { Request } from "./options.ts";

/** The files of a picture, in hand. */
export type Files = Partial<Record<Role, OpenFile>> & Record<"style", OpenFile>;

/** The recipe that `--from` names. */
export async function recall({ from }: Request): Promise<Recipe | undefined> {
  return from === undefined ? undefined : await readRecipe(from);
}

/** The settings as if those of the recipe had been typed before the others. */
export function mergeSettings(
  { settings: typed, start, styles }: Request,
  recipe: Recipe | undefined,
): PictureSettings {
  if (!recipe) return typed;
  const found = recipe.settings;
  // A step size and the like are those of their optimizer.
  const same = typed.optimizer === undefined || typed.optimizer === found.optimizer;
  const settings: PictureSettings = { ...(same ? found : withoutSteps(found)), ...typed };
  // Weights are those of the styles that were there.
  if (styles.length > 0 && typed.styleWeights === undefined) delete settings.styleWeights;
  if (start !== undefined || recipe.files.start && typed.start === undefined) delete settings.start;
  return settings;
}

/** The places that a command line names, by what they are for. */
export function placesOf(
  { content, styles, contentRegions, styleRegions, start, weights, branch }: Request,
): Partial<Record<Role, string>> {
  const several = (name: "style" | "styleRegions", places: readonly string[]) =>
    Object.fromEntries(places.map((place, i) => [roleOf(name, i), place]));
  return {
    content,
    ...several("style", styles),
    contentRegions,
    ...several("styleRegions", styleRegions),
    start,
    weights,
    branch,
  };
}

/** Reads the files that were typed, else those of the recipe. */
export async function openFiles(request: Request, recipe: Recipe | undefined): Promise<Files> {
  const { from = "", fetch, settings, texture, content, styles, styleRegions } = request;
  const files: Partial<Record<Role, OpenFile>> = {};
  for (const [role, place] of Object.entries(placesOf(request)) as [Role, string?][]) {
    if (place !== undefined) files[role] = await openFile(place);
  }
  /** Whether what was typed takes the place of a file, though not by another one of its role. */
  const isReplaced = (role: Role) => {
    if (role === "start") return settings.start !== undefined;
    if (role === "weights") return settings.network !== undefined;
    if (role === "branch") return texture || content !== undefined;
    // New pictures come without the masks of the old ones.
    if (role === "content") return texture;
    if (role === "contentRegions") return texture || styles.length > 0;
    if (role.startsWith("styleRegions")) return styles.length > 0 || styleRegions.length > 0;
    return styles.length > 0;
  };
  for (const role of Object.keys(recipe?.files ?? {}) as Role[]) {
    if (files[role] || isReplaced(role)) continue;
    files[role] = await findIngredient(recipe!, role, from, { fetch });
  }
  return files as Files;
}

/** @throws {UsageError} when an environment variable says what no engine or thread count can be. */
function checkEngineVariables(): void {
  for (const name of ["STYLEBOOK_ENGINE", "STYLEBOOK_BACKEND"]) {
    const value = Deno.env.get(name);
    if (!value || (ENGINES as string[]).includes(value)) continue;
    const list = ENGINES.join(", ");
    throw new UsageError(
      `Cannot run as ${name} must be one of ${list}: current value is ${describe(value)}`,
    );
  }
  const threads = Deno.env.get("STYLEBOOK_THREADS");
  if (!threads || /^[1-9]\d{0,3}$/.test(threads)) return;
  throw new UsageError(
    `Cannot run as STYLEBOOK_THREADS must be a positive integer: current value is ${
      describe(threads)
    }`,
  );
}

/** The engine asked for, else that of the recipe where it is at hand, else the best. */
export async function chooseEngine(
  asked: EngineName | undefined,
  recipe: Recipe | undefined,
  warn: (line: string) => void,
): Promise<Engine> {
  checkEngineVariables();
  if (asked !== undefined || !recipe) return await useEngine(asked);
  const version = await codeVersion();
  if (recipe.version !== version) {
    warn(`Made by version ${recipe.version}, this is ${version}: the picture may differ`);
  }
  try {
    if (ENGINES.includes(recipe.engine as EngineName)) {
      return await useEngine(recipe.engine as EngineName);
    }
  } catch {
    // Not on this machine: said below.
  }
  warn(`Made on the engine ${recipe.engine}, which is not at hand: the picture will differ`);
  return await useEngine();
}
