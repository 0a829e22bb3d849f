/**
 * One case of the fuzz test after the other, in a process of its own: `cases.ts SEED FROM TO`. Prints a
 * line of JSON for each. What goes wrong is said by an error whose message begins with our own sentence.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { seededRandom } from "../../lib/base/random.ts";
import { readWeights } from "../../lib/network/weights/read.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { encodePicture } from "../../lib/picture/write.ts";
import { readRecipe } from "../../lib/recipe/recipe.ts";
import { FLAGS_OF_SETTINGS, OTHER_FLAGS, readRequest } from "../../lib/terminal/options.ts";
import { mutate, mutateText, pick } from "./mutate.ts";

/** What came of a case; `say` is the message of its error. */
export type Outcome = {
  index: number;
  kind: string;
  from: string;
  say?: string;
  /** Whether the message begins with a sentence of ours. */
  isOurs: boolean;
  hasStack: boolean;
  bytes: number;
  /** Of the processor: a busy machine is no fault of the case. */
  seconds: number;
};

const golden = (folder: string) => new URL(`../golden/${folder}/`, import.meta.url);
const MOST_BYTES = 200_000;

/** The whole files that faults are put into. */
function filesIn(folder: string): { name: string; bytes: Uint8Array }[] {
  return [...Deno.readDirSync(golden(folder))]
    .filter(({ isFile }) => isFile).map(({ name }) => name).filter((name) =>
      !name.endsWith(".json")
    ).sort()
    .map((name) => ({ name, bytes: Deno.readFileSync(new URL(name, golden(folder))) }))
    .filter(({ bytes }) => bytes.length < MOST_BYTES);
}

const pictures = filesIn("pictures");
const weights = filesIn("weights");
const scratch = Deno.makeTempDirSync();
const pixel = { width: 2, height: 2, data: new Float32Array(12).fill(90) };
const hash = "0".repeat(64);
const RECIPE = JSON.stringify({
  version: "0.1.0+12345678",
  engine: "native",
  files: { content: { path: "a.jpg", sha256: hash }, style: { path: "b.jpg", sha256: hash } },
  settings: { preset: "gatys", size: 64, iterations: 3, styleLayers: ["relu1_1"], seed: 1 },
});
const WORDS = [
  ...Object.keys({ ...FLAGS_OF_SETTINGS, ...OTHER_FLAGS }).map((name) => `--${name}`),
  ...["a.jpg", "file:///x.png", "https://x.example/a.png", "64", "0.5", "1,2", "adam", "gatys"],
  ...["noise", "relu1_1,relu2_1", "-n", "-o", "--", "-", "--init", "--gram", "mean", ""],
];

type Case = { from: string; run: () => unknown };

/** A case by its kind; half of them pictures, as those come from everywhere. */
const KINDS: Readonly<Record<string, (random: () => number) => Case>> = {
  picture(random) {
    const { name, bytes } = pick(random, pictures);
    const broken = mutate(bytes, random);
    return { from: name, run: () => readPicture(broken, { maxSize: 16 }) };
  },
  weights(random) {
    const { name, bytes } = pick(random, weights);
    const broken = mutate(bytes, random);
    return { from: name, run: () => readWeights(broken) };
  },
  recipe(random) {
    // PNG's texts are Latin-1, and a NUL would end them.
    const text = Array.from(
      mutateText(RECIPE, random),
      (letter) => letter >= "\x01" && letter <= "\xff" ? letter : "?",
    ).join("");
    return {
      from: text,
      run() {
        const path = join(scratch, "mixed.png");
        Deno.writeFileSync(path, encodePicture(pixel, "png", { metadata: { Stylebook: text } }));
        return readRecipe(path);
      },
    };
  },
  command(random) {
    const words = Array.from({ length: 1 + Math.floor(6 * random()) }, () => {
      const word = pick(random, WORDS);
      return random() < 0.3 ? mutateText(word, random) : word;
    });
    return { from: words.join(" "), run: () => readRequest(words) };
  },
};
const ORDER = ["picture", "weights", "picture", "recipe", "picture", "command"];

/** Resident memory now, and where Linux tells the most that it has been since it was last asked. */
function memory(): number {
  try {
    const status = Deno.readTextFileSync("/proc/self/status");
    const peak = Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? 0) * 1024;
    Deno.writeTextFileSync("/proc/self/clear_refs", "5");
    return peak;
  } catch {
    return Deno.memoryUsage().rss;
  }
}

async function runCase(seed: number, index: number): Promise<Outcome> {
  const kind = ORDER[index % ORDER.length]!;
  const random = seededRandom((seed * 1_000_003 + index) >>> 0);
  const { from, run } = KINDS[kind]!(random);
  const before = process.cpuUsage();
  let say: string | undefined;
  try {
    await run();
  } catch (error) {
    say = error instanceof Error ? error.message : String(error);
  }
  const { user, system } = process.cpuUsage(before);
  return {
    index,
    kind,
    from,
    say,
    isOurs: say === undefined || say.startsWith("Cannot "),
    hasStack: /\n\s+at .*[:)]/.test(say ?? ""),
    bytes: memory(),
    seconds: (user + system) / 1e6,
  };
}

async function main([seed, from, to]: number[]): Promise<void> {
  const encoder = new TextEncoder();
  const print = (value: unknown) =>
    Deno.stdout.writeSync(encoder.encode(JSON.stringify(value) + "\n"));
  memory();
  for (let index = from!; index < to!; index++) {
    print({ begun: index, kind: ORDER[index % ORDER.length] });
    print(await runCase(seed!, index));
  }
  Deno.removeSync(scratch, { recursive: true });
  Deno.exit(0);
}

if (import.meta.main) await main(Deno.args.map(Number));
