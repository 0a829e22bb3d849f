// Not quick: it starts some twenty processes.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { decodeCheckpoint } from "../../lib/recipe/checkpoint_file.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { call, command } from "../helpers/command.ts";
import { inFolder } from "../helpers/folder.ts";

const SCRIPT = "lib/terminal/stylize.ts";
const content = "notebooks/images/content/eilean-donan.jpg";
const style = "notebooks/images/style/church-at-auvers.jpg";
const always = [content, style, "--engine", "native", "--quiet"];
/** For tiles that are small. */
const shallow = "--style-layers relu1_1,relu2_1 --layer-weights 1,1 --content-layers relu2_1"
  .split(" ");

/** Runs of eight iterations each. */
const RUNS: Record<string, string> = {
  "coarse to fine, adam, averaged": "--size 36 --sizes 26,36 -n 5,3",
  "in tiles, rmsprop": "--size 64 --sizes 1 -n 8 --tile 16 --optimizer rmsprop",
  "lbfgs": "--preset gatys --size 40 -n 8 --optimizer lbfgs --weighting constant",
  "momentum, adaptive weights": "--preset gatys --size 40 -n 8 --optimizer momentum",
  "in tiles by two threads": "--size 64 --sizes 1 -n 8 --tile 16 --jobs 2",
};

/** By hand: so many kills of each run at any moment, that of its start included. */
const KILLS = Deno.env.has("STYLEBOOK_THOROUGH") ? 10 : 0;
if (KILLS === 0) console.log("skipped: ten kills of each run at any moment (STYLEBOOK_THOROUGH=1)");

/** The iterations of the checkpoint at a path; 0 where there is none that is whole. */
async function iterationsAt(path: string): Promise<number> {
  try {
    return decodeCheckpoint(await Deno.readFile(path)).checkpoint.iteration;
  } catch {
    return 0;
  }
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Starts a run and ends it by a signal, some time after so many iterations. */
async function end(
  args: string[],
  state: string,
  least: number,
  wait: number,
  signal: Deno.Signal,
) {
  const child = command(SCRIPT, args).spawn();
  let over = false;
  const output = child.output().finally(() => over = true);
  while (!over && await iterationsAt(state) < least) await pause(5);
  await pause(wait);
  try {
    child.kill(signal);
  } catch {
    // It has come to its end: its last checkpoint is then gone on from.
  }
  return await output;
}

const placesIn = (folder: string) =>
  ["whole.png", "mixed.png", "state"].map((name) => join(folder, name)) as [string, string, string];

for (const [name, settings] of Object.entries(RUNS)) {
  Deno.test(`killed twice at random, a run ends with its bytes: ${name}`, () =>
    inFolder(async (folder) => {
      const [whole, out, state] = placesIn(folder);
      const inTiles = settings.includes("--tile") ? shallow : [];
      const run = [...always, ...settings.split(" "), ...inTiles];
      const { code, said } = await call(SCRIPT, [...run, "--out", whole]);
      assertEquals(code, 0, said);
      const keep = ["--out", out, "--checkpoint", state, "--checkpoint-every", "1i"];
      let resume: string[] = [];
      const times: string[] = [];
      for (const half of [0, 1]) {
        const [least, wait] = [1 + Math.floor(3 * (half + Math.random())), 40 * Math.random()];
        times.push(`${wait} ms after ${least} iterations`);
        await end([...run, ...keep, ...resume], state, least, wait, "SIGKILL");
        resume = ["--resume", state];
      }
      const last = await call(SCRIPT, [...run, ...keep, ...resume]);
      assertEquals(last.code, 0, `${times}: ${last.said}`);
      const [a, b] = [await Deno.readFile(out), await Deno.readFile(whole)];
      assertEquals(a, b, `killed ${times.join(" and ")}`);
    }));
}

for (const [name, settings] of KILLS > 0 ? Object.entries(RUNS) : []) {
  Deno.test(`killed ${KILLS} times at any moment, a run ends with its bytes: ${name}`, () =>
    inFolder(async (folder) => {
      const [whole, out, state] = placesIn(folder);
      const inTiles = settings.includes("--tile") ? shallow : [];
      const run = [...always, ...settings.split(" "), ...inTiles];
      const began = performance.now();
      const { code, said } = await call(SCRIPT, [...run, "--out", whole]);
      const duration = performance.now() - began;
      assertEquals(code, 0, said);
      const keep = ["--out", out, "--checkpoint", state, "--checkpoint-every", "1i"];
      for (let kills = 0; kills <= KILLS;) {
        const resume = await Deno.stat(state).then(() => ["--resume", state], () => []);
        const wait = kills < KILLS ? 1.1 * duration * Math.random() : 60_000;
        const child = command(SCRIPT, [...run, ...keep, ...resume]).spawn();
        const timer = setTimeout(() => child.kill("SIGKILL"), wait);
        const { signal, code, stderr } = await child.output();
        clearTimeout(timer);
        if (signal === "SIGKILL") kills++;
        else {
          assertEquals(code, 0, new TextDecoder().decode(stderr));
          assertEquals(await Deno.readFile(out), await Deno.readFile(whole), `${kills} kills`);
          await Deno.remove(state).catch(() => {});
          if (kills === KILLS) break;
        }
      }
    }));
}

Deno.test({
  name: "a signal leaves the picture so far, and a checkpoint to go on from",
  ignore: Deno.build.os === "windows", // no such signals there
  fn: () =>
    inFolder(async (folder) => {
      const [whole, out, state] = placesIn(folder);
      const run = [...always, "--size", "32", "--sizes", "1", "-n", "25"];
      assertEquals((await call(SCRIPT, [...run, "--out", whole])).code, 0);
      const keep = ["--out", out, "--checkpoint", state, "--checkpoint-every", "1i"];
      const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
      let resume: string[] = [];
      let reached = 0;
      for (const [signal, expected] of Object.entries(codes) as [Deno.Signal, number][]) {
        const { code } = await end([...run, ...keep, ...resume], state, reached + 3, 0, signal);
        assertEquals(code, expected);
        reached = await iterationsAt(state);
        assert(reached >= 3 && reached < 25, `${reached}`);
        assertEquals((await readPicture(out)).width, 32);
        resume = ["--resume", state];
      }
      // The newest is damaged: the one before it is used.
      const altered = await Deno.readFile(state);
      altered[altered.length - 5]! ^= 1;
      await Deno.writeFile(state, altered);
      const loud = run.filter((word) => word !== "--quiet");
      const last = await call(SCRIPT, [...loud, ...keep, ...resume]);
      assertEquals(last.code, 0, last.said);
      assertStringIncludes(last.said, "the one before it is used");
      assertEquals(await Deno.readFile(out), await Deno.readFile(whole));
    }),
});
