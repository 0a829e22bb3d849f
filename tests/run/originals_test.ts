/**
 * The presets that speak for other programs against second implementations of those programs in PyTorch
 * (`tests/reference/originals/`): what every loss adds to the sum, in 25 evaluations on two pairs.
 *
 * They are compared as long as the reference agrees with itself from a start that is a little off, and with
 * pictures rounded as ours are; what comes after that no program can follow.
 *
 * Not quick: it runs VGG-19.
 */
import { assert, assertEquals } from "@std/assert";
import type { LossValues } from "../../lib/run/frame.ts";
import { loadVgg19 } from "../../lib/network/vgg.ts";
import type { Network } from "../../lib/network/network.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { PRESET_NETWORKS, type PresetName, presetOf, PRESETS } from "../../lib/run/presets.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { ENGINES, useEachEngine } from "../helpers/engines.ts";

/** What the losses of one program add to its sum, on one pair. */
type Path = {
  start: "noise" | "content";
  /** By how much the reference differs from itself, a little off, in each evaluation. */
  apart: number[];
  /** Set otherwise than in the preset, there and here. */
  settings: Settings;
  losses: Record<string, number[]>;
  package?: number[] | null;
};
type Golden = {
  pairs: Record<string, { content: string; style: string }>;
  programs: Record<string, Record<string, Path>>;
};

const file = (name: string) => new URL(`../golden/${name}`, import.meta.url);
const golden: Golden = JSON.parse(await Deno.readTextFile(file("originals.json")));

/** Relative differences that are allowed in the first evaluation and in the later ones. */
const FIRST = 1e-3;
const LATER = 1e-2;
/**
 * A path can be followed as long as the reference, a little off, comes out the same to this part. That of
 * L-BFGS without a line search parts ten times further with every evaluation, so that it is left earlier.
 */
const STEADY = { lbfgs: 1.5e-6, other: 5e-4 };
/** Of one program less is asked: it takes roots of covariances without rank, ours in float32. */
const ALLOWED: Record<string, { first: number; later: number }> = {
  crowsonkb: { first: 5e-3, later: 2e-2 },
};
/** A loss is compared where it is more than this part of the sum: from the content the first content loss is 0. */
const LEAST = 1e-5;

const native = ENGINES.filter((engine) => engine === "native");
if (native.length === 0) console.log("skipped: other programs' losses (hours without native)");

/** What our losses add to the sum, by name, in every evaluation. */
async function pathOf(network: Network, preset: PresetName, pair: string, count: number) {
  const { content, style } = golden.pairs[pair]!;
  const log: LossValues[] = [];
  const own: Settings = PRESETS[preset];
  const { start, settings } = golden.programs[preset]![pair]!;
  assertEquals(own.start, start);
  await stylize(network, {
    ...presetOf(preset)(await readPicture(file(content)), await readPicture(file(style)), {
      ...settings,
      ...(own.sizes && { sizes: [1] }), // the first of its sizes
      iterations: count,
    }),
    readEvery: 1,
    onFrame: ({ losses }) => log.push(losses!),
  });
  return log.map((losses) =>
    Object.fromEntries(
      Object.entries(losses).map(([name, { loss, weight }]) => [
        name,
        loss * weight,
      ]),
    )
  );
}

/** At 256 px a few evaluations, unless all are asked for. */
const FEW = 3;
const thorough = Deno.env.has("STYLEBOOK_THOROUGH");
const mostOf = (pair: string) => thorough || !pair.endsWith("-256") ? Infinity : FEW;
if (!thorough) console.log(`skipped: at 256 px, all but ${FEW} evaluations (STYLEBOOK_THOROUGH=1)`);

const percent = (value: number) => `${(100 * value).toPrecision(2)} %`;

for (const [preset, pairs] of Object.entries(golden.programs)) {
  useEachEngine(`${preset} follows the program that it speaks for`, async () => {
    assertEquals(PRESET_NETWORKS[preset], "vgg19");
    const network = await loadVgg19();
    for (const [pair, { apart, losses, package: totals }] of Object.entries(pairs)) {
      const { optimizer }: Settings = PRESETS[preset as PresetName];
      const limit = STEADY[optimizer?.startsWith("lbfgs") ? "lbfgs" : "other"];
      const chaotic = apart.findIndex((value) => value > limit);
      const steady = Math.min(mostOf(pair), Math.max(2, chaotic < 0 ? apart.length : chaotic));
      const found = await pathOf(network, preset as PresetName, pair, steady);
      const sums = found.map((each) => Object.values(each).reduce((a, b) => a + b));
      const texts: string[] = [];
      let holds = true;
      const compare = (name: string, wanted: readonly number[], own: readonly number[]) => {
        const errors = own.map((value, i) =>
          Math.abs(value - wanted[i]!) / Math.max(wanted[i]!, LEAST * sums[i]!)
        );
        const [first = NaN] = errors;
        const worst = Math.max(...errors);
        const allowed = ALLOWED[preset] ?? { first: FIRST, later: LATER };
        holds &&= first <= allowed.first && worst <= allowed.later;
        texts.push(`${name} ${percent(first)}, worst ${percent(worst)}`);
      };
      for (const [name, wanted] of Object.entries(losses)) {
        compare(name, wanted, found.map((each) => each[name]!));
      }
      if (totals) {
        compare("the package itself", totals, sums);
      }
      const text = `${preset}, ${pair}, ${found.length} evaluations: ${texts.join("; ")}`;
      assert(holds, `off the reference: ${text}`);
      console.log(text);
    }
    network.dispose();
  }, native);
}

Deno.test("what is compared are presets that speak for another program", () => {
  const compared = Object.keys(golden.programs);
  assertEquals(compared.filter((name) => !(name in PRESET_NETWORKS)), []);
  const missing = Object.keys(PRESET_NETWORKS).filter((name) => !compared.includes(name));
  if (missing.length > 0) console.log(`skipped: no golden values yet of ${missing.join(", ")}`);
});
