/**
 * The main job from a terminal: `deno task stylize CONTENT STYLE --out FILE`.
 *
 * @module
 */
import { SingleBar } from "cli-progress";
import { ENGINES } from "../engine/engine.ts";
import { checkOneOf, checkPositiveInteger } from "../base/check.ts";
import { GRAMS, HELP, number, type OPTIONS, parse, settings, UsageError } from "./options.ts";
import { chooseEngine, DEFAULT_SIZE, isInitPicture, makeRecipe, recall } from "./recall.ts";
import { RunError } from "../run/errors.ts";
import type { LossValues } from "../run/frame.ts";
import { NETWORKS } from "../network/networks.ts";
import { OPTIMIZERS } from "../optimizers/mod.ts";
import { checkWritable, type Picture, readPicture, writePicture } from "../picture/picture.ts";
import { checkFileWritable } from "../base/files.ts";
import { clock, duration } from "../base/words.ts";
import { PRESETS } from "../run/presets.ts";
import { type Ingredient, ingredient, recipeMetadata } from "../recipe/recipe.ts";
import { stylize } from "../run/stylize.ts";
import { openTrace } from "./trace.ts";

async function run(args: string[]): Promise<number> {
  const typed = parse(args);
  if (typed.values.help) return console.log(HELP), 0;
  const { values, positionals, recipe } = await recall(typed);
  const choose = (name: keyof typeof OPTIONS, choices: readonly string[]) => {
    if (values[name] !== undefined) checkOneOf("run", `--${name}`, values[name], choices);
  };
  usage(() => {
    choose("preset", Object.keys(PRESETS));
    choose("optimizer", Object.keys(OPTIMIZERS));
    choose("backend", ENGINES);
    choose("network", Object.keys(NETWORKS));
    choose("gram", Object.keys(GRAMS));
    choose("weighting", ["adaptive", "constant"]);
  });
  const { architecture, load: loadWeights } = NETWORKS[values.network ?? "vgg16"];
  if (values["list-layers"]) return console.log(architecture.layers.join("\n")), 0;
  if (positionals.length !== 2 || !values.out) {
    throw new UsageError("Cannot run without CONTENT, STYLE and --out FILE");
  }
  usage(() => {
    for (const name of ["content-layers", "style-layers"] as const) {
      for (const layer of values[name]?.split(",") ?? []) {
        checkOneOf("run", `--${name}`, layer, architecture.layers);
      }
    }
    for (const name of ["size", "style-size", "iterations"] as const) {
      const value = number(values, name);
      if (value !== undefined) checkPositiveInteger("run", `--${name}`, value);
    }
  });
  await checkWritable(values.out);
  if (values.trace !== undefined) {
    await checkFileWritable(values.trace, `write the trace ${values.trace}`);
  }

  const files: Record<string, Ingredient> = {};
  const load = async (name: string, path: string) => {
    const found = await ingredient(path, values.out!);
    files[name] = found.ingredient;
    return found.source;
  };
  const size = number(values, "size") ?? Number(DEFAULT_SIZE);
  const styleSize = number(values, "style-size") ?? size;
  const content = await readPicture(await load("content", positionals[0]), { maxSize: size });
  const style = await readPicture(await load("style", positionals[1]), { maxSize: styleSize });
  const start = isInitPicture(values)
    ? await readPicture(await load("init", values.init!))
    : undefined;
  const options = usage(() => settings(values, content, style, start));
  const quiet = values.quiet !== undefined;
  const say = quiet ? () => {} : console.log;
  const engine = await chooseEngine(values, recipe, say);
  const weights = values.weights === undefined ? undefined : await load("weights", values.weights);
  const network = await loadWeights({ weights, onProgress: quiet ? () => {} : undefined });
  const write = async (picture: Picture, iterations: number) => {
    const made = await makeRecipe(values, engine.name, files, iterations);
    const isPng = /\.png$/i.test(values.out!);
    await writePicture(picture, values.out!, isPng ? { metadata: recipeMetadata(made) } : {});
  };

  const trace = values.trace === undefined ? undefined : openTrace(values.trace);
  const stop = new AbortController();
  let signal: "SIGINT" | "SIGTERM" | undefined;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os === "windows" && name === "SIGTERM") continue;
    Deno.addSignalListener(name, () => (signal = name, stop.abort()));
  }
  const bar = new SingleBar({
    format: "{bar} step {value}/{total} · {losses} · {step} s/step · {left} left",
    barsize: 20,
    hideCursor: true,
  });
  try {
    let losses: LossValues = {};
    const { picture, iterations, seconds, stopped, notes } = await stylize(network, {
      ...options,
      signal: stop.signal,
      ...(trace && { readEvery: 1 }),
      onFrame: (frame) => {
        if (frame.iteration === 0 && !quiet) {
          bar.start(frame.iterations, 0, { losses: "", step: "…", left: "…" });
        }
        const done = frame.iteration + 1;
        if (frame.losses) trace?.add(frame.iteration, frame.seconds, losses = frame.losses);
        const step = frame.seconds / done;
        bar.update(done, {
          losses: Object.entries(losses).map(([name, { loss }]) =>
            `${name} ${loss.toExponential(2)}`
          )
            .join(" · "),
          step: step.toFixed(2),
          left: clock(step * (frame.iterations - done)),
        });
      },
    });
    bar.stop();
    await write(picture, iterations);
    say(
      `${
        stopped ? "Stopped; wrote" : "Wrote"
      } ${values.out}: ${picture.width}x${picture.height}, ` +
        `${iterations} iterations in ${duration(seconds)}`,
    );
    for (const note of notes) say(note);
    return signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 0;
  } catch (error) {
    bar.stop();
    if (error instanceof RunError) {
      await write(error.picture, Math.max(1, error.iteration));
      console.error(`The last good picture was written to ${values.out}`);
    }
    throw error;
  } finally {
    trace?.close();
  }
}

/** Runs a check whose failure means that the command was typed wrongly. */
function usage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

async function main(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    console.error((error as Error).message);
    if (!(error instanceof UsageError)) return 1;
    console.error("Try: deno task stylize --help");
    return 2;
  }
}

if (import.meta.main) main(Deno.args).then(Deno.exit);
