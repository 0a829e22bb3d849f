/**
 * Which code made a picture.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** The version of the library. */
export const VERSION = "0.1.0";

/** Folders and files that do not change what a run computes. */
const WITHOUT_INFLUENCE = /^(display|cli|mod|convert|trace|recipe|version)|\.(md|safetensors)$/;

/**
 * The version and eight hexadecimal digits of a hash over the library's source, such as
 * `0.1.0+1f0c9a3e`: two runs with the same one compute the same. Displays and the terminal command
 * are not counted. Where the source is not on this machine's disk it is {@linkcode VERSION} alone.
 */
export async function codeVersion(): Promise<string> {
  const folder = import.meta.dirname;
  if (folder === undefined) return VERSION;
  const hash = createHash("sha256");
  for (const file of (await filesBelow(folder)).sort()) {
    if (WITHOUT_INFLUENCE.test(file)) continue;
    hash.update(`${file}\n`).update(await Deno.readFile(join(folder, file)));
  }
  return `${VERSION}+${hash.digest("hex").slice(0, 8)}`;
}

async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    if (isDirectory) files.push(...await filesBelow(folder, `${prefix}${name}/`));
    else files.push(prefix + name);
  }
  return files;
}
