/**
 * One of the further threads of `--jobs`: started by `jobs.ts`, runs the same command and keeps silent.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { joinTeam, TeamError } from "../base/team.ts";
import { stylize } from "../run/stylize.ts";
import { placeOf } from "./command.ts";
import type { JobData } from "./jobs.ts";
import { readRequest } from "./options.ts";
import { prepare } from "./prepare.ts";

async function follow({ args, membership, tile, engine, threads }: JobData): Promise<void> {
  const team = joinTeam(membership);
  try {
    Deno.env.set("STYLEBOOK_THREADS", String(threads));
    const asked = readRequest(args);
    const request = { ...asked, settings: { ...asked.settings, tile }, engine, quiet: true };
    const out = request.out ?? placeOf("picture.png");
    const { network, options } = await prepare(request, out, () => {}, team);
    // When time is over, the first thread says.
    await stylize(network, { ...options, seconds: undefined, readEvery: 1e6 });
  } catch (error) {
    if (error instanceof TeamError) return; // the first one has stopped, or says what went wrong
    team.leave(error instanceof Error ? error.message : String(error));
  }
}

void follow(workerData as JobData);
