import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { meanDifference } from "../../lib/picture/edit.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { decodeCheckpoint } from "../../lib/recipe/checkpoint_file.ts";
import { everyOf } from "../../lib/terminal/checkpoints.ts";
import { call, command } from "../helpers/command.ts";
import { inFolder } from "../helpers/folder.ts";

const SCRIPT = "lib/terminal/stylize.ts";
const content = "notebooks/images/content/eilean-donan.jpg";
const style = "notebooks/images/style/church-at-auvers.jpg";
const settings = ["--size", "48", "--sizes", "26,36,48", "--iterations", "4,3,3"];
const start = [content, style, ...settings, "--engine", "native", "--quiet"];

Deno.test("everyOf() reads seconds and iterations", () => {
  assertEquals([undefined, "5", "5s", "0.5s", "5i"].map(everyOf), [
    { seconds: 60 },
    { seconds: 5 },
    { seconds: 5 },
    { seconds: 0.5 },
    { iterations: 5 },
  ]);
  for (const wrong of ["", "i", "0i", "1.5i", "-3s", "5m"]) {
    assertThrows(() => everyOf(wrong), RangeError, "--checkpoint-every");
  }
});

/** How many iterations the checkpoint at a path has seen; 0 where there is none that is whole. */
async function iterationsAt(path: string): Promise<number> {
  try {
    return decodeCheckpoint(await Deno.readFile(path)).checkpoint.iteration;
  } catch {
    return 0;
  }
}

Deno.test("a run that is killed at any time goes on to the bytes of the one that was not", () =>
  inFolder(async (folder) => {
    const [whole, out, state] = ["whole.png", "mixed.png", "state"].map((name) =>
      join(folder, name)
    ) as [string, string, string];
    assertEquals((await call(SCRIPT, [...start, "--out", whole])).code, 0);
    const keep = ["--out", out, "--checkpoint", state, "--checkpoint-every", "1i"];
    let resume: string[] = [];
    // In the middle of the first size, and of the third; at random: killed_test.ts.
    for (const least of [2, 8]) {
      const child = command(SCRIPT, [...start, ...keep, ...resume]).spawn();
      const output = child.output();
      while (await iterationsAt(state) < least) await new Promise((done) => setTimeout(done, 5));
      child.kill("SIGKILL");
      await output;
      assert(await iterationsAt(state) < 10 || await iterationsAt(`${state}.previous`) < 10);
      resume = ["--resume", state];
    }
    const { code, said } = await call(SCRIPT, [...start, ...keep, ...resume]);
    assertEquals(code, 0, said);
    assertEquals(await Deno.readFile(out), await Deno.readFile(whole));

    // What is another run is refused by name.
    const other = [...start, "--out", out, ...resume, "--style-weight", "7"];
    const refused = await call(SCRIPT, other);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.err, "its styleWeight must be 7: current value is ");
    const swapped = [style, style, ...start.slice(2), "--out", out, ...resume];
    assertStringIncludes((await call(SCRIPT, swapped)).err, "its content must be");
  }));

Deno.test("a branch goes on with other weights, and its picture is made again byte for byte", () =>
  inFolder(async (folder) => {
    const [whole, state, same, light, again] = ["w.png", "state", "s.png", "l.png", "a.png"].map(
      (name) => join(folder, name),
    ) as [string, string, string, string, string];
    const keep = ["--checkpoint", state, "--checkpoint-every", "6i"];
    assertEquals((await call(SCRIPT, [...start, "--out", whole, ...keep])).code, 0);
    const left = await Deno.readFile(state);
    const branch = [...start, "--branch", state];
    const unchanged = await call(SCRIPT, [...branch, "--out", same]);
    assertEquals(unchanged.code, 0, unchanged.said);
    assertEquals((await readPicture(same)).data, (await readPicture(whole)).data);

    const steps = branch.map((word) => word === "4,3,3" ? "4,3,5" : word);
    const other = [...steps, "--style-weight", "0.01"];
    const { code, said } = await call(SCRIPT, [...other, "--out", light]);
    assertEquals(code, 0, said);
    assert(meanDifference(await readPicture(light), await readPicture(whole)) > 1);
    assertEquals((await call(SCRIPT, ["--from", light, "--out", again, "--quiet"])).code, 0);
    assertEquals(await Deno.readFile(again), await Deno.readFile(light));

    // What is no weight and no step is another run.
    const measured = await call(SCRIPT, [...branch, "--out", same, "--measure", "gram"]);
    assertEquals(measured.code, 2);
    assertStringIncludes(measured.err, 'its measure must be "gram"');
    assertStringIncludes(measured.err, "a branch may have other --content-weight");
    const onto = await call(SCRIPT, [...branch, "--out", same, "--checkpoint", state]);
    assertEquals(onto.code, 2);
    assertStringIncludes(onto.err, "--checkpoint");
    assertEquals(await Deno.readFile(state), left);
  }));
