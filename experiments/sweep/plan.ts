/**
 * From a grid to runs. A run's files are named after a hash of its settings, its pictures and weights
 * (their content, not their place), and the library's source: what is there under that name needs not
 * be computed again.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { codeVersion } from "../../lib/recipe/version.ts";
import type { Experiment, Options, Run } from "./types.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How reports name a file: inside of the project by its path there. */
export function shownPath(path: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(ROOT, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside.replaceAll(sep, "/");
}

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
  const { size, iterations, seeds, engine } = options;
  for (const { name: point, settings, weights, judged, ...files } of experiment.grid(options)) {
    const { content = options.content, style = options.style, further } = files;
    const common = { preset: "gatys", network: "vgg16", start: "noise", size, iterations } as const;
    const all = { ...common, ...settings } as Run["settings"];
    // Without noise all seeds give the same picture.
    const isSeeded = all.start === "noise";
    for (let seed = 1; seed <= (isSeeded ? seeds : 1); seed++) {
      const seeded = { ...all, seed };
      const hashes = [await hashOf(content), await hashOf(style)];
      if (weights !== undefined) hashes.push(await hashOf(weights));
      for (const [role, path] of Object.entries(further ?? {})) {
        if (path !== undefined) hashes.push(`${role} ${await hashOf(path)}`);
      }
      const sorted = Object.entries(seeded).sort(([a], [b]) => a < b ? -1 : 1);
      const key = createHash("sha256")
        .update(JSON.stringify([version, hashes, sorted, engine ?? "auto", judged ?? false]))
        .digest("hex");
      const name = isSeeded && seeds > 1 ? `${point}-seed-${seed}` : point;
      runs.push({
        name,
        point,
        seed,
        settings: seeded,
        engineAsked: engine,
        content,
        style,
        weights,
        further,
        judged,
        file: `${name}.${key.slice(0, 8)}`,
        version,
      });
    }
  }
  return runs;
}

async function hashFile(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}
