/**
 * The main job from a terminal: `deno task stylize CONTENT STYLE --out FILE`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { type BackendName, BACKENDS, useBackend } from "./backend.ts";
import { checkOneOf, checkPositive, checkPositiveInteger } from "./check.ts";
import { OPTIMIZERS } from "./optimizers/mod.ts";
import { checkWritable, type Picture, readPicture, writePicture } from "./picture.ts";
import { PRESETS } from "./presets.ts";
import { STARTS } from "./start.ts";
import { DivergedError, type LossValues, type StylizeOptions } from "./frames.ts";
import { stylize } from "./stylize.ts";
import { openTrace } from "./trace.ts";
import { loadVgg16, VGG16 } from "./vgg.ts";

const NETWORKS = { vgg16: { architecture: VGG16, load: loadVgg16 } };

const OPTIONS = {
  out: { type: "string", short: "o", value: "FILE", help: "the mixed image: .png or .jpg" },
  preset: { type: "string", value: "NAME", help: Object.keys(PRESETS).join(", ") },
  size: { type: "string", value: "N", help: "longer side of the content and mixed image" },
  "style-size": { type: "string", value: "N", help: "longer side of the style image" },
  iterations: { type: "string", short: "n", value: "N", help: "how many" },
  optimizer: { type: "string", value: "NAME", help: Object.keys(OPTIMIZERS).join(", ") },
  "step-size": { type: "string", value: "X", help: "of the optimizer, on the scale 0–255" },
  "content-layers": { type: "string", value: "A,B", help: "where features are compared" },
  "style-layers": { type: "string", value: "A,B", help: "where Gram matrices are compared" },
  "content-weight": { type: "string", value: "X", help: "0 or more" },
  "style-weight": { type: "string", value: "X", help: "0 or more" },
  "denoise-weight": { type: "string", value: "X", help: "0 or more" },
  weighting: { type: "string", value: "NAME", help: "adaptive, constant" },
  init: { type: "string", value: "START", help: `${STARTS.join(", ")} or a picture` },
  seed: { type: "string", value: "N", help: "of the start noise" },
  backend: { type: "string", value: "NAME", help: BACKENDS.join(", ") },
  network: { type: "string", value: "NAME", help: Object.keys(NETWORKS).join(", ") },
  weights: { type: "string", value: "FILE", help: "other weights for the network, safetensors" },
  trace: { type: "string", value: "FILE.csv", help: "a row per iteration: losses, adjustments" },
  "list-layers": { type: "boolean", value: "", help: "print the layers of the network" },
  quiet: { type: "boolean", short: "q", value: "", help: "print nothing but errors" },
  help: { type: "boolean", short: "h", value: "", help: "print this" },
} as const;

const HELP = `Style transfer: paints CONTENT in the manner of STYLE.

Usage: deno task stylize CONTENT STYLE --out FILE [options]

Options:
${
  Object.entries(OPTIONS).map(([name, { value, help }]) =>
    `  ${`--${name} ${value}`.padEnd(24)} ${help}`
  ).join("\n")
}

Examples:
  deno task stylize notebooks/images/content/eilean-donan.jpg \\
    notebooks/images/style/church-at-auvers.jpg --out mixed.png
  deno task stylize photo.jpg painting.jpg --out mixed.jpg --preset gatys --size 512 -n 200
  deno task stylize photo.jpg painting.jpg --out mixed.png --preset tutorial --trace log.csv

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C (the picture so far is written).`;

class UsageError extends Error {}

function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    return { values: values as Partial<Record<keyof typeof OPTIONS, string>>, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Values = ReturnType<typeof parse>["values"];

function number(values: Values, name: keyof typeof OPTIONS, least?: number): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value) || value < (least ?? -Infinity)) {
    const rule = least === undefined ? "a number" : `a number of at least ${least}`;
    throw new UsageError(`Cannot use --${name} as it must be ${rule}: current value is ${text}`);
  }
  return value;
}

function settings(
  values: Values,
  content: Picture,
  style: Picture,
  init?: Picture,
): StylizeOptions {
  const options = PRESETS[values.preset ?? "tutorialFixed"](content, style);
  const layers = (name: "content-layers" | "style-layers") => values[name]?.split(",");
  const stepSize = number(values, "step-size");
  if (stepSize !== undefined) checkPositive("use the optimizer", "--step-size", stepSize);
  const set = <T extends object>(base: T, changes: Partial<T>): T => {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    return { ...base, ...Object.fromEntries(given) };
  };
  return set(options, {
    content: set(options.content!, {
      layers: layers("content-layers"),
      weight: number(values, "content-weight", 0),
    }),
    style: set(options.style!, {
      layers: layers("style-layers"),
      weight: number(values, "style-weight", 0),
    }),
    denoise: set(options.denoise!, { weight: number(values, "denoise-weight", 0) }),
    weighting: values.weighting as StylizeOptions["weighting"],
    optimizer: values.optimizer || stepSize !== undefined
      ? OPTIMIZERS[values.optimizer ?? options.optimizer!.name.replace(" ", "-")]({ stepSize })
      : undefined,
    iterations: number(values, "iterations"),
    init: init ?? values.init as StylizeOptions["init"],
    seed: number(values, "seed", 0),
  });
}

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) return console.log(HELP), 0;
  const choose = (name: keyof typeof OPTIONS, choices: readonly string[]) => {
    if (values[name] !== undefined) checkOneOf("run", `--${name}`, values[name], choices);
  };
  usage(() => {
    choose("preset", Object.keys(PRESETS));
    choose("optimizer", Object.keys(OPTIMIZERS));
    choose("backend", BACKENDS);
    choose("network", Object.keys(NETWORKS));
    choose("weighting", ["adaptive", "constant"]);
  });
  const { architecture, load } = NETWORKS[(values.network ?? "vgg16") as keyof typeof NETWORKS];
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
  const trace = values.trace === undefined ? undefined : openTrace(values.trace);

  const size = number(values, "size") ?? 300;
  const content = await readPicture(positionals[0], { maxSize: size });
  const style = await readPicture(positionals[1], {
    maxSize: number(values, "style-size") ?? size,
  });
  const start = values.init === undefined || (STARTS as readonly string[]).includes(values.init)
    ? undefined
    : await readPicture(values.init);
  const options = usage(() => settings(values, content, style, start));
  await useBackend(values.backend as BackendName | undefined);
  const network = await load({ weights: values.weights });

  const stop = new AbortController();
  let signal: "SIGINT" | "SIGTERM" | undefined;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os === "windows" && name === "SIGTERM") continue;
    Deno.addSignalListener(name, () => (signal = name, stop.abort()));
  }
  const quiet = values.quiet !== undefined;
  const bar = new SingleBar({
    format: "{bar} step {value}/{total} · {losses} · {step} s/step · {left} left",
    barsize: 20,
    hideCursor: true,
  });
  const say = quiet ? () => {} : console.log;
  try {
    let losses: LossValues = {};
    const { picture, iterations, seconds, stopped } = await stylize(network, {
      ...options,
      signal: stop.signal,
      log: say,
      onFrame: async (frame) => {
        if (frame.iteration === 0 && !quiet) {
          bar.start(frame.iterations, 0, { losses: "", step: "…", left: "…" });
        }
        const done = frame.iteration + 1;
        if (trace || frame.engine.name !== "webgpu" || done % 10 === 0) {
          losses = await frame.losses();
        }
        trace?.add(frame.iteration, frame.seconds, losses);
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
    await writePicture(picture, values.out);
    say(
      `${
        stopped ? "Stopped; wrote" : "Wrote"
      } ${values.out}: ${picture.width}x${picture.height}, ` +
        `${iterations} iterations in ${seconds.toFixed(1)} s`,
    );
    return signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 0;
  } catch (error) {
    bar.stop();
    if (error instanceof DivergedError) {
      await writePicture(error.picture, values.out);
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

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

if (import.meta.main) {
  try {
    Deno.exit(await run(Deno.args));
  } catch (error) {
    console.error((error as Error).message);
    if (error instanceof UsageError) console.error("Try: deno task stylize --help");
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
