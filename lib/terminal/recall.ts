/**
 * What a picture that was made earlier adds to a command line: its settings and files, and its engine.
 *
 * @module
 */
import { type Engine, type EngineName, ENGINES, useEngine } from "../engine/engine.ts";
import {
  findIngredient,
  type OpenFile,
  openFile,
  readRecipe,
  type Recipe,
} from "../recipe/recipe.ts";
import type { PictureSettings } from "../recipe/settings.ts";
import { codeVersion } from "../recipe/version.ts";
import type { Request } from "./options.ts";

/** The files of a picture, in hand. */
export type Files = Record<"content" | "style", OpenFile> & {
  start?: OpenFile;
  weights?: OpenFile;
};

/** The recipe that `--from` names. */
export async function recall({ from }: Request): Promise<Recipe | undefined> {
  return from === undefined ? undefined : await readRecipe(from);
}

/** The settings as if those of the recipe had been typed before the others. */
export function mergeSettings(
  { settings: typed, start }: Request,
  recipe: Recipe | undefined,
): PictureSettings {
  if (!recipe) return typed;
  const { stepSize, ...found } = recipe.settings;
  // A step size is that of its optimizer.
  const same = typed.optimizer === undefined || typed.optimizer === found.optimizer;
  const settings = { ...found, ...(same && stepSize !== undefined && { stepSize }), ...typed };
  if (start !== undefined || recipe.files.start && typed.start === undefined) delete settings.start;
  return settings;
}

/** Reads the files that were typed, else those of the recipe. */
export async function openFiles(request: Request, recipe: Recipe | undefined): Promise<Files> {
  const { from = "", fetch, settings } = request;
  const open = async (role: keyof Files) => {
    const typed = request[role];
    if (typed !== undefined) return await openFile(typed);
    const isOther = role === "start" && settings.start !== undefined ||
      role === "weights" && settings.network !== undefined;
    if (!recipe?.files[role] || isOther) return undefined;
    return await findIngredient(recipe, role, from, { fetch });
  };
  const [content, style] = [await open("content"), await open("style")];
  return {
    content: content!,
    style: style!,
    start: await open("start"),
    weights: await open("weights"),
  };
}

/** The engine asked for, else that of the recipe where it is at hand, else the best. */
export async function chooseEngine(
  asked: EngineName | undefined,
  recipe: Recipe | undefined,
  warn: (line: string) => void,
): Promise<Engine> {
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
