/**
 * What stands between a command line and a run: pictures and weights are read, the engine is chosen.
 *
 * @module
 */
import { describeEngine } from "../engine/engine.ts";
import type { Team } from "../base/team.ts";
import { printProgress } from "../network/weights/download.ts";
import { NETWORKS } from "../network/networks.ts";
import { flagOf } from "../recipe/flags.ts";
import { ingredientOf, isWeb, type OpenFile, type Recipe, type Role } from "../recipe/recipe.ts";
import { DEFAULTS, networkOf, paintOptions, styleSizeOf } from "../recipe/settings.ts";
import { withControls } from "../run/control.ts";
import { planRun } from "../run/plan.ts";
import { usage, UsageError } from "./command.ts";
import { openCheckpoint, originOf, resumed, tileOf } from "./checkpoints.ts";
import { checkRoles, checkRun, readPictures, withName } from "./inputs.ts";
import { checkJobs } from "./jobs.ts";
import type { Request } from "./options.ts";
import { chooseEngine, type Files, mergeSettings, openFiles, recall } from "./recall.ts";

/**
 * All that a run needs.
 *
 * @param team that shares the run's tiles
 * @throws {UsageError} for what cannot be run, and why
 */
export async function prepare(
  request: Request,
  out: string,
  say: (line: string) => void,
  team?: Team,
) {
  const found = await recall(request);
  const files = await openFiles(request, found);
  const saved = await openCheckpoint(request.resume, files.branch, say);
  const merged = mergeSettings(request, found);
  const settings = saved && merged.tile === undefined ? { ...merged, tile: tileOf(saved) } : merged;
  await checkRoles(
    Object.fromEntries(Object.entries(files).map(([role, file]) => [role, file?.place])),
    { "--out": out, "--trace": request.trace },
  );
  const size = settings.size ?? DEFAULTS.size;
  const pictures = await readPictures(files, { size, styleSize: styleSizeOf(settings) });
  const options = { ...usage(() => paintOptions(settings, pictures)), team };
  if (options.optimizer.needsConstantWeights && options.weighting !== "constant") {
    throw new UsageError("Cannot run lbfgs with adaptive weights: give --weighting constant");
  }
  const { architecture, load } = NETWORKS[networkOf(settings)]!;
  checkRun(architecture, options);
  const engine = await chooseEngine(request.engine, found, say);
  checkJobs(request.jobs, engine);
  say(describeEngine(engine));
  const onProgress = request.quiet ? undefined : printProgress(say);
  const network = files.weights
    ? await withName(files.weights, (bytes) => {
      // The name of a file may tell how its network wants pictures.
      const { place } = files.weights!;
      return load({ weights: isWeb(place) ? bytes : place, onProgress });
    })
    : await load({ onProgress, refetch: request.refetch });
  const plan = usage(() => planRun(network, withControls(options), engine));
  if (plan.note) say(plan.note);
  // What was chosen, not what it was chosen by.
  const { tile: _, maxMemory: _m, ...others } = settings;
  const chosen = plan.tile === undefined ? others : { ...others, tile: plan.tile };
  const recipe = { settings: chosen, engine: engine.name, files: ingredientsOf(files, out) };
  const origin = await originOf(recipe);
  const planned = { ...options, tile: plan.tile ?? "none" as const };
  const branches = request.resume === undefined;
  const going = saved ? usage(() => resumed(planned, saved, origin, branches)) : planned;
  return { engine, network, options: going, recipe, origin, plan };
}

/** Places by how a command line calls what they are for: `styleRegions2` is one of `--style-regions`. */
export function calledOnLine(places: Record<string, string | undefined>): typeof places {
  const called = (role: string) =>
    /^(content|style\d*)$/.test(role)
      ? role.toUpperCase()
      : `--${flagOf(role.replace(/\d+$/, ""))}${role.replace(/^\D+/, " ").trimEnd()}`;
  return Object.fromEntries(Object.entries(places).map(([role, place]) => [called(role), place]));
}

function ingredientsOf(files: Files, out: string): Recipe["files"] {
  const entries = Object.entries(files).filter(([, file]) => file) as [Role, OpenFile][];
  return Object.fromEntries(
    entries.map(([role, file]) => [role, ingredientOf(file, out)]),
  ) as Recipe["files"];
}
