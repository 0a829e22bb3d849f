/**
 * Where the picture of a run goes, so that none is lost: to `--out`, on the way if asked for; beside it
 * when the run failed; somewhere else when it cannot be written there.
 *
 * @module
 */
import { homedir, tmpdir } from "node:os";
import { extname, join, parse } from "node:path";
import type { Picture } from "../picture/picture.ts";
import { writePicture } from "../picture/write.ts";
import { makeRecipe, type Recipe, recipeMetadata } from "../recipe/recipe.ts";
import { placeOf } from "./command.ts";

/** Writes the pictures of a run. */
export type Saver = {
  /** Writes the picture to `--out`, or if that fails elsewhere; returns whether it is where it should be. */
  finish(picture: Picture, iterations: number): Promise<boolean>;
  /** Writes a picture on the way; that it cannot be written is said once and ends nothing. */
  onTheWay(picture: Picture, iterations: number): Promise<void>;
  /** Writes the last good picture of a run that failed beside `--out`. */
  rescue(picture: Picture, iterations: number, how: "diverged" | "failed"): Promise<void>;
};

/** Writes pictures with their recipe; `warn` is told what has gone otherwise than asked for. */
export function createSaver(
  out: string,
  recipe: Omit<Recipe, "version">,
  warn: (line: string) => void,
): Saver {
  const { dir, name, ext } = parse(out);
  let warned = false;
  const write = async (picture: Picture, path: string, iterations: number) => {
    const isPng = extname(path).toLowerCase() === ".png";
    const metadata = isPng
      ? { metadata: recipeMetadata(await makeRecipe({ ...recipe, iterations })) }
      : {};
    await writePicture(picture, path, metadata);
  };
  /** Tries further places, too; the first one that works is named. */
  const save = async (picture: Picture, path: string, iterations: number): Promise<boolean> => {
    const unique = crypto.randomUUID().slice(0, 8);
    const others = [placeOf("."), tmpdir(), homedir()]
      .map((folder) => join(folder, `${parse(path).name}.rescued-${unique}${ext}`));
    const errors: Error[] = [];
    for (const place of [path, ...others]) {
      try {
        await write(picture, place, iterations);
        if (errors.length > 0) warn(`${errors[0]!.message}; the picture was written to ${place}`);
        return errors.length === 0;
      } catch (error) {
        errors.push(error as Error);
      }
    }
    throw errors[0];
  };
  return {
    finish: (picture, iterations) => save(picture, out, iterations),
    async onTheWay(picture, iterations) {
      try {
        await write(picture, out, iterations);
      } catch (error) {
        if (!warned) warn(`${(error as Error).message}; the run goes on`);
        warned = true;
      }
    },
    async rescue(picture, iterations, how) {
      const path = join(dir, `${name}.${how}-at-${iterations}${ext}`);
      if (await save(picture, path, Math.max(1, iterations))) {
        warn(`The last good picture was written to ${path}`);
      }
    },
  };
}
