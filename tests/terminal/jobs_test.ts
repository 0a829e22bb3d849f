import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readPicture } from "../../lib/picture/read.ts";
import { decodeCheckpoint } from "../../lib/recipe/checkpoint_file.ts";
import { call, command } from "../helpers/command.ts";
import { inFolder } from "../helpers/folder.ts";

const SCRIPT = "lib/terminal/stylize.ts";
const content = "notebooks/images/content/eilean-donan.jpg";
const style = "notebooks/images/style/church-at-auvers.jpg";
/** For tiles that are small. */
const shallow = "--style-layers relu1_1,relu2_1 --layer-weights 1,1 --content-layers relu2_1"
  .split(" ");
const start = [content, style, "--engine", "native", "--quiet", ...shallow];

/** The first size is too small for tiles. */
const RUNS: Record<string, string> = {
  "coarse to fine, adam, averaged": "--size 72 --sizes 20,72 -n 3,3 --tile 16 --average 0.9",
  "lbfgs": "--preset gatys --size 48 -n 4 --optimizer lbfgs --weighting constant --tile 16",
  "the tutorial's, adaptive weights": "--preset tutorial --size 48 -n 4 --tile 16",
};

for (const [name, settings] of Object.entries(RUNS)) {
  Deno.test(`1, 2 and 3 jobs paint the same bytes: ${name}`, () =>
    inFolder(async (folder) => {
      const paint = async (jobs: number) => {
        const out = join(folder, `${jobs}.png`);
        const args = [...start, ...settings.split(" "), "--jobs", String(jobs), "--out", out];
        const { code, said } = await call(SCRIPT, args);
        assertEquals(code, 0, said);
        return await Deno.readFile(out);
      };
      const alone = await paint(1);
      assertEquals(await paint(2), alone);
      assertEquals(await paint(3), alone);
    }));
}

Deno.test("two jobs stop with a picture, and one goes on from what they leave", () =>
  inFolder(async (folder) => {
    const [whole, out, state] = ["whole.png", "mixed.png", "state"].map((name) =>
      join(folder, name)
    ) as [string, string, string];
    const run = [...start, ..."--preset gatys --size 72 -n 30 --tile 16".split(" ")];
    assertEquals((await call(SCRIPT, [...run, "--out", whole])).code, 0);
    const keep = ["--checkpoint", state, "--checkpoint-every", "1i", "--out", out];
    const child = command(SCRIPT, [...run, ...keep, "--jobs", "2"]).spawn();
    const output = child.output();
    while (await Deno.stat(state).catch(() => undefined) === undefined) {
      await new Promise((done) => setTimeout(done, 20));
    }
    child.kill("SIGINT");
    assertEquals((await output).code, 130);
    assertEquals((await readPicture(out)).width, 72);
    assert(decodeCheckpoint(await Deno.readFile(state)).checkpoint.iteration < 30);
    const { code, said } = await call(SCRIPT, [...run, ...keep, "--resume", state]);
    assertEquals(code, 0, said);
    assertEquals(await Deno.readFile(out), await Deno.readFile(whole));
  }));

Deno.test("what cannot be shared is said before the run", async () => {
  for (
    const [flags, reason] of [
      ["--jobs 0", "--jobs must be a positive integer"],
      ["--jobs 65", "--jobs must be at most 64"],
      ["--jobs 2 --estimate", "leave --jobs out"],
      ["--jobs 2 --tile none", "it needs tiles"],
      ["--jobs 2 --measure sliced", "no function of sums over positions"],
    ] as const
  ) {
    const { code, err } = await call(SCRIPT, [
      ...[content, style, "--out", "not-written.png", "--size", "48", "--engine", "native"],
      ...flags.split(" "),
    ]);
    assertEquals(code, 2);
    assertStringIncludes(err, reason);
  }
});
