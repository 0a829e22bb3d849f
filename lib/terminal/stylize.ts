/**
 * The main job from a terminal: `deno task stylize CONTENT STYLE --out FILE`.
 *
 * @module
 */
import { describe } from "../base/check.ts";
import { checkFileWritable } from "../base/files.ts";
import { joinTeam } from "../base/team.ts";
import type { Engine } from "../engine/engine.ts";
import type { Network } from "../network/network.ts";
import { NETWORKS } from "../network/networks.ts";
import type { Picture } from "../picture/picture.ts";
import { networkOf, type TextureOptions } from "../recipe/settings.ts";
import { DivergedError, RunError } from "../run/errors.ts";
import { estimate } from "../run/estimate.ts";
import type { Result } from "../run/frame.ts";
import { stylize } from "../run/stylize.ts";
import { createKeeper, type Keeper } from "./checkpoints.ts";
import { exitCodeOf, placeOf, printable, type Stop, stopOnSignals, UsageError } from "./command.ts";
import { checkOutputs, checkRoles } from "./inputs.ts";
import { membersFor, startJobs } from "./jobs.ts";
import { HELP, readRequest, type Request } from "./options.ts";
import { calledOnLine, prepare } from "./prepare.ts";
import { showRun } from "./progress.ts";
import { placesOf } from "./recall.ts";
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
  const members = membersFor(request);
  const team = members[0] && joinTeam(members[0]);
  const prepared = await prepare(request, out, say, team);
  const { engine, network, options, recipe, origin } = prepared;
  if (request.estimate) {
    const { text } = await estimate(network, options);
    return console.log(printable(text)), network.dispose(), 0;
  }
  const saver = createSaver(out, recipe, warn);
  try {
    if (stop.signal.aborted) return say("Stopped before the first iteration"), stop.code()!;
    startJobs(args, members, prepared);
    await team?.complete();
    const keeper = checkpoint === undefined
      ? undefined
      : createKeeper(checkpoint, request.checkpointEvery, origin, warn);
    return await paint(network, { options, engine, saver, keeper, stop, request, say });
  } finally {
    team?.leave();
    network.dispose();
  }
}

const warn = (line: string) => console.error(printable(line));

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
