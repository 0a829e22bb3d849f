import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
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
