import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readPicture } from "../../lib/picture/read.ts";
import { readRecipe, type Recipe } from "../../lib/recipe/recipe.ts";
import { createSaver } from "../../lib/terminal/saving.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";
import { noisePicture } from "../helpers/stub.ts";

const file = { path: "x.png", sha256: "0".repeat(64) };
const recipe: Omit<Recipe, "version"> = {
  engine: "cpu",
  files: { content: file, style: file },
  settings: { preset: "gatys", styleWeight: 3 },
};
const picture = noisePicture(6, 4);

Deno.test("a picture is written with its recipe, and on the way as well", () =>
  inFolder(async (folder) => {
    const out = join(folder, "mixed.png");
    const said: string[] = [];
    const saver = createSaver(out, recipe, (line) => said.push(line));
    await saver.onTheWay(noisePicture(6, 4, 2), 5);
    assertEquals((await readRecipe(out)).settings.iterations, 5);
    assertEquals(await saver.finish(picture, 9), true);
    const { settings } = await readRecipe(out);
    assertEquals([settings.iterations, settings.styleWeight], [9, 3]);
    assertEquals(await readPicture(out), picture);
    assertEquals([said, namesIn(folder)], [[], ["mixed.png"]]);
  }));

Deno.test("the picture of a run that diverged goes beside, and the old one stays", () =>
  inFolder(async (folder) => {
    const out = join(folder, "mixed.jpg");
    await Deno.writeTextFile(out, "yesterday's");
    const said: string[] = [];
    await createSaver(out, recipe, (line) => said.push(line)).rescue(picture, 12, "diverged");
    assertEquals(namesIn(folder), ["mixed.diverged-at-12.jpg", "mixed.jpg"]);
    assertEquals(await Deno.readTextFile(out), "yesterday's");
    assertStringIncludes(said[0]!, "mixed.diverged-at-12.jpg");
  }));

Deno.test("a picture that cannot be written is written somewhere else, which is named", () =>
  inFolder(async (folder) => {
    const before = Deno.env.get("INIT_CWD");
    try {
      Deno.env.set("INIT_CWD", folder);
      const said: string[] = [];
      const saver = createSaver(join(folder, "gone", "mixed.png"), recipe, (l) => said.push(l));
      await saver.onTheWay(picture, 3);
      await saver.onTheWay(picture, 6);
      assertEquals(said.length, 1);
      assertStringIncludes(said[0]!, "the run goes on");
      assertEquals(await saver.finish(picture, 9), false);
      const [name] = namesIn(folder);
      assert(/^mixed\.rescued-[0-9a-f]{8}\.png$/.test(name!), name);
      assertStringIncludes(said[1]!, `the picture was written to ${join(folder, name!)}`);
      assertEquals(await readPicture(join(folder, name!)), picture);
    } finally {
      if (before === undefined) Deno.env.delete("INIT_CWD");
      else Deno.env.set("INIT_CWD", before);
    }
  }));
