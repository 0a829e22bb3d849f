/**
 * Which code made a picture.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** The version of the library. */
export const VERSION = "0.1.0";

/** The rooms of `lib/` on which it depends what a run computes. */
const ROOMS = ["base", "picture", "network", "engine", "loss", "optimizers", "run"];

/**
 * The version and eight hexadecimal digits of a hash over the library's source, such as
 * `0.1.0+1f0c9a3e`: two runs with the same one compute the same. Recipes, displays and the terminal
 * command are not counted. Where the source is not on this machine's disk it is {@linkcode VERSION} alone.
 */
export async function codeVersion(): Promise<string> {
  if (import.meta.dirname === undefined) return VERSION;
  const folder = join(import.meta.dirname, "..");
  const hash = createHash("sha256");
  const files = (await Promise.all(ROOMS.map((room) => filesBelow(folder, `${room}/`)))).flat();
  for (const file of files.filter((file) => file.endsWith(".ts")).sort()) {
    hash.update(`${file}\n`).update(await Deno.readFile(join(folder, file)));
  }
  return `${VERSION}+${hash.digest("hex").slice(0, 8)}`;
}

async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    if (isDirectory) files.push(...await filesBelow(folder, `${prefix}${name}/`));
    else files.push(prefix + name);
  }
  return files;
}
