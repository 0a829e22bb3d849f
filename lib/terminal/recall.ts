/**
 * The terminal command's way to and from recipes: flags of a picture made earlier, and the recipe of
 * the picture that is being made.
 *
 * @module
 */
import { type Engine, type EngineName, useEngine } from "../engine/engine.ts";
import { DEFAULT_PRESET, type parse, type Values } from "./options.ts";
import { findIngredient, type Ingredient, readRecipe, type Recipe } from "../recipe/recipe.ts";
import { STARTS } from "../run/start.ts";
import { codeVersion } from "../recipe/version.ts";

/** Flags that say where things go or how they are shown, not what is computed. */
const NOT_SETTINGS = ["out", "from", "backend", "trace", "list-layers", "quiet", "help"];

/** Whether `--init` names a picture. */
export function isInitPicture({ init }: Values): boolean {
  return init !== undefined && !(STARTS as readonly string[]).includes(init);
}

/**
 * The command as if the settings of `--from` had been typed; what was typed goes first.
 *
 * @throws {Error} when the picture holds no recipe, or one of its files is gone or another.
 */
export async function recall(
  typed: ReturnType<typeof parse>,
): Promise<ReturnType<typeof parse> & { recipe?: Recipe }> {
  const { values, positionals } = typed;
  if (values.from === undefined) return typed;
  const recipe = await readRecipe(values.from);
  const found: Values = { ...recipe.settings };
  for (const name of ["init", "weights"] as const) {
    if (!recipe.files[name] || values[name] !== undefined) continue;
    found[name] = await findIngredient(recipe, name, values.from);
  }
  const pictures = positionals.length > 0 ? positionals : [
    await findIngredient(recipe, "content", values.from),
    await findIngredient(recipe, "style", values.from),
  ];
  return { values: { ...found, ...values }, positionals: pictures, recipe };
}

/** The engine asked for, else that of the recipe where it is at hand, else the best. */
export async function chooseEngine(
  { backend }: Values,
  recipe: Recipe | undefined,
  warn: (line: string) => void,
): Promise<Engine> {
  if (backend !== undefined || !recipe) return await useEngine(backend as EngineName | undefined);
  const version = await codeVersion();
  if (recipe.version !== version) {
    warn(`Made by version ${recipe.version}, this is ${version}: the picture may differ`);
  }
  try {
    return await useEngine(recipe.engine as EngineName);
  } catch {
    warn(`Made on the engine ${recipe.engine}, which is not at hand: the picture will differ`);
    return await useEngine();
  }
}

/** The recipe of a picture, with what the flags left open filled in. */
export async function makeRecipe(
  values: Values,
  engine: string,
  files: Record<string, Ingredient>,
  iterations: number,
): Promise<Recipe> {
  const typed = Object.entries(values).filter(([name]) =>
    !NOT_SETTINGS.includes(name) && !(name in files)
  );
  const size = values.size ?? DEFAULT_SIZE;
  const settings = {
    preset: DEFAULT_PRESET,
    network: "vgg16",
    "style-size": size,
    seed: "1",
    ...Object.fromEntries(typed),
    size,
    iterations: `${iterations}`,
  };
  return { version: await codeVersion(), engine, files, settings };
}

/** The longer side of the pictures unless `--size` says otherwise. */
export const DEFAULT_SIZE = "300";
