/**
 * From a grid to runs. A run's files are named after a hash of its settings, its pictures and weights
 * (their content, not their place), and the library's source: what is there under that name needs not
 * be computed again.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { codeVersion } from "../../lib/recipe/version.ts";
import type { Experiment, Flags, Options, Run } from "./types.ts";

/** The folder of an experiment's files. */
export const folderOf = (name: string, options: Options) => join(options.output, name);

/** The folder of the runs' files. */
export const runsFolder = (name: string, options: Options) => join(folderOf(name, options), "runs");

/** Every run of an experiment, those of a point one after another. */
export async function planRuns(experiment: Experiment, options: Options): Promise<Run[]> {
  const version = await codeVersion();
  const hashes = new Map<string, Promise<string>>();
  const hashOf = (path: string) => {
    if (!hashes.has(path)) hashes.set(path, hashFile(path));
    return hashes.get(path)!;
  };
  const runs: Run[] = [];
  const { content, style, size, iterations, seeds, backend } = options;
  for (const point of experiment.grid(options)) {
    const flags: Flags = {
      preset: "gatys",
      network: "vgg16",
      init: "noise",
      size: `${size}`,
      iterations: `${iterations}`,
      ...(backend ? { backend } : {}),
      ...point.flags,
    };
    // Without noise all seeds give the same picture.
    const isSeeded = flags.init === "noise";
    for (let seed = 1; seed <= (isSeeded ? seeds : 1); seed++) {
      const all = { ...flags, "style-size": flags["style-size"] ?? flags.size, seed: `${seed}` };
      const { weights, ...settings } = all as Flags & { weights?: string };
      const pictures = [await hashOf(content), await hashOf(style)];
      const files = weights === undefined ? pictures : [...pictures, await hashOf(weights)];
      const sorted = Object.entries(settings).sort(([a], [b]) => a < b ? -1 : 1);
      const key = createHash("sha256").update(JSON.stringify([version, files, sorted]))
        .digest("hex");
      const name = isSeeded && seeds > 1 ? `${point.name}-seed-${seed}` : point.name;
      const file = `${name}.${key.slice(0, 8)}`;
      runs.push({ name, seed, flags: all, content, style, file, version });
    }
  }
  return runs;
}

async function hashFile(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}
