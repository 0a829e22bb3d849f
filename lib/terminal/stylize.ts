/**
 * The main job from a terminal: `deno task stylize CONTENT STYLE --out FILE`.
 *
 * @module
 */
import { describe } from "../base/check.ts";
import { checkFileWritable } from "../base/files.ts";
import { describeEngine, type Engine } from "../engine/engine.ts";
import type { Network } from "../network/network.ts";
import { printProgress } from "../network/weights/download.ts";
import { NETWORKS } from "../network/networks.ts";
import { flagOf } from "../recipe/flags.ts";
import type { Picture } from "../picture/picture.ts";
import { ingredientOf, isWeb, type OpenFile, type Recipe, type Role } from "../recipe/recipe.ts";
import {
  DEFAULTS,
  networkOf,
  paintOptions,
  styleSizeOf,
  type TextureOptions,
} from "../recipe/settings.ts";
import { DivergedError, RunError } from "../run/errors.ts";
import type { Result } from "../run/frame.ts";
import { withControls } from "../run/control.ts";
import { estimate } from "../run/estimate.ts";
import { planRun } from "../run/plan.ts";
import { stylize } from "../run/stylize.ts";
import {
  exitCodeOf,
  placeOf,
  printable,
  type Stop,
  stopOnSignals,
  usage,
  UsageError,
} from "./command.ts";
import {
  createKeeper,
  type Keeper,
  openCheckpoint,
  originOf,
  resumed,
  tileOf,
} from "./checkpoints.ts";
import { checkOutputs, checkRoles, checkRun, readPictures, withName } from "./inputs.ts";
import { HELP, readRequest, type Request } from "./options.ts";
import { showRun } from "./progress.ts";
import { chooseEngine, type Files, mergeSettings, openFiles, placesOf, recall } from "./recall.ts";
import { createSaver, type Saver } from "./saving.ts";
import { openTrace } from "./trace.ts";

async function run(args: string[]): Promise<number> {
  const request = readRequest(args);
  if (request.help) return console.log(HELP), 0;
  if (request.listLayers) {
    const { architecture } = NETWORKS[networkOf(request.settings)]!;
    return console.log(architecture.layers.join("\n")), 0;
  }
  const { trace, from, content, styles, texture, checkpoint } = request;
  const out = request.estimate ? placeOf("estimate.png") : request.out;
  const isComplete = styles.length > 0 || from !== undefined && content === undefined;
  if (out === undefined || !isComplete) {
    const pictures = texture ? "STYLE" : "CONTENT, STYLE";
    throw new UsageError(`Cannot run without ${pictures} and --out FILE`);
  }
  await checkRoles(calledOnLine({ ...placesOf(request), from }), {
    "--out": out,
    "--trace": trace,
    "--checkpoint": checkpoint,
  });
  if (!request.estimate) await checkOutputs(out, trace);
  if (checkpoint !== undefined) {
    await checkFileWritable(checkpoint, `write the checkpoint ${describe(checkpoint)}`);
  }
  const stop = stopOnSignals();
  const say = (line: string) => request.quiet || console.log(printable(line));
  const { engine, network, options, recipe, origin } = await prepare(request, out, say);
  if (request.estimate) {
    const { text } = await estimate(network, options);
    return console.log(printable(text)), network.dispose(), 0;
  }
  const saver = createSaver(out, recipe, warn);
  try {
    if (stop.signal.aborted) return say("Stopped before the first iteration"), stop.code()!;
    const keeper = checkpoint === undefined
      ? undefined
      : createKeeper(checkpoint, request.checkpointEvery, origin, warn);
    return await paint(network, { options, engine, saver, keeper, stop, request, say });
  } finally {
    network.dispose();
  }
}

const warn = (line: string) => console.error(printable(line));

/** All that a run needs: pictures and weights are read, the engine is chosen. */
async function prepare(request: Request, out: string, say: (line: string) => void) {
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
  const options = usage(() => paintOptions(settings, pictures));
  if (options.optimizer.needsConstantWeights && options.weighting !== "constant") {
    throw new UsageError("Cannot run lbfgs with adaptive weights: give --weighting constant");
  }
  const { architecture, load } = NETWORKS[networkOf(settings)]!;
  checkRun(architecture, options);
  const engine = await chooseEngine(request.engine, found, say);
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
  return { engine, network, options: going, recipe, origin };
}

/** Places by how a command line calls what they are for: `styleRegions2` is one of `--style-regions`. */
function calledOnLine(places: Record<string, string | undefined>): typeof places {
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

/** What the run itself needs beside the network. */
type Painting = {
  options: TextureOptions;
  engine: Engine;
  saver: Saver;
  keeper?: Keeper;
  stop: Stop;
  request: Request;
  say: (line: string) => void;
};

/** The run; its picture is written whatever happens. */
async function paint(
  network: Network,
  { options, engine, saver, keeper, stop, request, say }: Painting,
): Promise<number> {
  const { out, trace: path, saveEvery, quiet } = request;
  const trace = path === undefined ? undefined : await openTrace(path, warn);
  const progress = quiet ? undefined : showRun();
  // A picture is at hand after every `readEvery`-th iteration.
  const readEvery = trace
    ? 1
    : saveEvery === undefined
    ? engine.readEvery
    : commonDivisor(saveEvery, engine.readEvery);
  let last: { picture: Picture; iterations: number } | undefined;
  let result: Result;
  try {
    result = await stylize(network, {
      ...options,
      signal: stop.signal,
      readEvery,
      onFrame: async (frame) => {
        const { iteration, seconds, losses, picture } = frame;
        progress?.show(frame);
        if (losses) trace?.add(iteration, seconds, losses);
        const iterations = iteration + 1;
        if (picture) last = { picture, iterations };
        if (picture && saveEvery !== undefined && iterations % saveEvery === 0 && !frame.last) {
          await saver.onTheWay(picture, iterations);
        }
        await keeper?.see(frame);
      },
    });
  } catch (error) {
    progress?.stop();
    const failed = error instanceof RunError
      ? { picture: error.picture, iterations: error.iteration }
      : last;
    const how = error instanceof DivergedError ? "diverged" : "failed";
    if (failed) await saver.rescue(failed.picture, failed.iterations, how);
    throw error;
  } finally {
    trace?.close();
  }
  progress?.stop();
  const { picture, iterations, seconds, stopped, notes } = result;
  if (stopped) await keeper?.finish(result.checkpoint);
  const written = await saver.finish(picture, iterations);
  const where = written ? ` ${out}` : "";
  say(
    `${stopped ? "Stopped; wrote" : "Wrote"}${where}: ${picture.width}x${picture.height}, ` +
      `${iterations} iterations in ${seconds.toFixed(1)} s`,
  );
  for (const note of notes) say(note);
  return stop.code() ?? (written ? 0 : 1);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

if (import.meta.main) exitCodeOf("stylize", () => run(Deno.args)).then(Deno.exit);
