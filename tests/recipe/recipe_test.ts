import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { encodePicture, writePicture } from "../../lib/picture/picture.ts";
import { findIngredient, ingredient, readRecipe, recipeMetadata } from "../../lib/recipe/recipe.ts";
import { codeVersion, VERSION } from "../../lib/recipe/version.ts";
import { call, inFolder } from "../helpers/command.ts";
import { noisePicture } from "../helpers/stub.ts";

const root = new URL("../../", import.meta.url);
const content = "notebooks/images/content/eilean-donan.jpg";
const style = "notebooks/images/style/church-at-auvers.jpg";

const stylize = (...args: string[]) => call("lib/terminal/stylize.ts", args);

const recipe = {
  version: "1",
  engine: "native",
  files: { content: { path: "Schloß ☂.jpg", sha256: "a" }, style: { path: "b.jpg", sha256: "c" } },
  settings: { size: "48", preset: "gatys" },
};

Deno.test("a recipe comes back from the PNG file as it went in, whatever its letters", () =>
  inFolder(async (folder) => {
    const path = join(folder, "mixed.png");
    await writePicture(noisePicture(4, 4), path, { metadata: recipeMetadata(recipe) });
    assertEquals(await readRecipe(path), recipe);
  }));

Deno.test("readRecipe() says what is wrong with a file", () =>
  inFolder(async (folder) => {
    const bare = join(folder, "bare.png");
    await writePicture(noisePicture(4, 4), bare);
    await assertRejects(() => readRecipe(bare), Error, "must hold its settings");
    const jpeg = join(folder, "mixed.jpg");
    await writePicture(noisePicture(4, 4), jpeg);
    await assertRejects(() => readRecipe(jpeg), Error, "must be a PNG file");
    const torn = join(folder, "torn.png");
    const metadata = { Stylebook: '{"version": "1", "files": {' };
    await Deno.writeFile(torn, encodePicture(noisePicture(4, 4), "png", { metadata }));
    await assertRejects(() => readRecipe(torn), Error, "must be whole");
  }));

Deno.test("an ingredient is found from the picture's folder, and must be unchanged", () =>
  inFolder(async (folder) => {
    const source = join(folder, "photo.png");
    const picture = join(folder, "results", "mixed.png");
    await Deno.mkdir(join(folder, "results"));
    await writePicture(noisePicture(4, 4), source);
    const { ingredient: found } = await ingredient(source, picture);
    assertEquals(found.path, "../photo.png");
    const files = { content: found, style: found };
    assertEquals(await findIngredient({ ...recipe, files }, "content", picture), source);
    await writePicture(noisePicture(4, 4, 2), source);
    const again = () => findIngredient({ ...recipe, files }, "content", picture);
    await assertRejects(again, Error, "give CONTENT and STYLE");
    await Deno.remove(source);
    await assertRejects(again, Error, "has moved");
  }));

Deno.test("stylize --from makes the same file again, byte for byte", () =>
  inFolder(async (folder) => {
    const [first, second, third] = ["a.png", "b.png", "c.png"].map((name) => join(folder, name));
    const flags = ["--size", "48", "-n", "3", "--seed", "7", "--init", "noise", "--gram", "mean"];
    const made = await stylize(content, style, "--out", first, "--style-weight", "0.01", ...flags);
    assertEquals(made.code, 0, made.err);
    const again = await stylize("--from", first, "--out", second);
    assertEquals(again.code, 0, again.err);
    assert(!again.out.includes("may differ"), again.out);
    assertEquals(await Deno.readFile(second), await Deno.readFile(first));
    // What is typed goes before what is remembered.
    const other = await stylize("--from", first, "--out", third, "--seed", "8");
    assertEquals(other.code, 0, other.err);
    const { settings } = await readRecipe(third);
    assertEquals([settings.seed, settings.gram], ["8", "mean"]);
    assert(String(await Deno.readFile(third)) !== String(await Deno.readFile(first)));
  }));

Deno.test("stylize --from says when another version or engine made the picture", () =>
  inFolder(async (folder) => {
    const old = join(folder, "old.png");
    const files = {
      content: (await ingredient(new URL(content, root).pathname, old)).ingredient,
      style: (await ingredient(new URL(style, root).pathname, old)).ingredient,
    };
    const settings = { preset: "gatys", size: "48", iterations: "1" };
    const metadata = recipeMetadata({ version: "0.0.1", engine: "abacus", files, settings });
    await writePicture(noisePicture(4, 4), old, { metadata });
    const { code, out, err } = await stylize("--from", old, "--out", join(folder, "new.png"));
    assertEquals(code, 0, err);
    assertStringIncludes(out, "Made by version 0.0.1");
    assertStringIncludes(out, "engine abacus, which is not at hand");
  }));

Deno.test("stylize --from a file without settings fails before the run", async () => {
  const { code, err } = await stylize("--from", content, "--out", "x.png");
  assertEquals(code, 1);
  assertStringIncludes(err, "it must be a PNG file");
});

Deno.test("the version is that of deno.json, and of the code the hash stays the same", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  assertEquals(VERSION, version);
  const first = await codeVersion();
  assert(/^\d+\.\d+\.\d+\+[0-9a-f]{8}$/.test(first), first);
  assertEquals(await codeVersion(), first);
});
