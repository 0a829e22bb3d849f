/**
 * The tutorial's log: sixty iterations of the preset `tutorial` against the PyTorch reference, which
 * ran the same pictures from six seeds (`tests/reference/tutorial_log.py`). The path is chaotic, so
 * later iterations are compared with the reference's mean over seeds.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { LossValues } from "../../lib/run/frame.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { tutorial } from "../../lib/run/presets.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { loadVgg16 } from "../../lib/network/vgg.ts";
import { ENGINES, useEachEngine } from "../helpers/engines.ts";

type Spread = Record<"mean" | "min" | "max", number[]>;
type Summary = { pair: string; preset: string; spread: Record<string, Spread> };

const file = (name: string) => new URL(`../golden/${name}`, import.meta.url);
const reference = JSON.parse(await Deno.readTextFile(file("tutorial_log.json")));
const spread = (reference.summary as Summary[])
  .find(({ pair, preset }) => pair === "large" && preset === "tutorial")!.spread;

/** Relative differences from the mean over seeds that are allowed after iteration 0. */
const ALLOWED: Record<string, number> = { content: 0.05, style: 0.3, denoise: 0.05 };
const ALLOWED_AT_START = 0.01;

const native = ENGINES.filter((engine) => engine === "native");
if (native.length === 0) console.log("skipped: the tutorial's log (takes hours without native)");

useEachEngine("the preset tutorial follows the tutorial's log at 300 px", async () => {
  const content = await readPicture(file("eilean-donan-300.png"));
  const style = await readPicture(file("church-at-auvers-300.png"));
  const network = await loadVgg16();
  const log: LossValues[] = [];
  await stylize(network, {
    ...tutorial(content, style),
    iterations: 60,
    onFrame: ({ losses }) => log.push(losses!),
  });
  network.dispose();
  const table: string[] = [];
  let holds = true;
  for (const [i, iteration] of (reference.logged_iterations as number[]).entries()) {
    for (const name of ["content", "style", "denoise"]) {
      const mean = spread[name]!.mean[i];
      const difference = log[iteration]![name]!.loss / mean! - 1;
      const allowed = iteration === 0 ? ALLOWED_AT_START : ALLOWED[name];
      table.push(
        `${iteration} ${name}: ${(100 * difference).toFixed(2)} %, at most ${100 * allowed!} %`,
      );
      holds &&= Math.abs(difference) <= allowed!;
    }
  }
  assert(holds, `off the reference:\n${table.join("\n")}`);
  console.log(table.join("\n"));
}, native);
