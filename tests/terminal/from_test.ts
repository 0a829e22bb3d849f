/**
 * `stylize --from`: pictures that are made again.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { encodePicture, writePicture } from "../../lib/picture/write.ts";
import { ingredientOf, openFile, readRecipe, recipeMetadata } from "../../lib/recipe/recipe.ts";
import { call, ROOT } from "../helpers/command.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";
import { noisePicture } from "../helpers/stub.ts";

const content = join(ROOT, "notebooks/images/content/eilean-donan.jpg");
const style = join(ROOT, "notebooks/images/style/church-at-auvers.jpg");

const stylize = (...args: string[]) => call("lib/terminal/stylize.ts", args);

/** What a recipe at `out` says of the two pictures. */
const filesFor = async (out: string) => ({
  content: ingredientOf(await openFile(content), out),
  style: ingredientOf(await openFile(style), out),
});

Deno.test("stylize --from makes the same file again, byte for byte", () =>
  inFolder(async (folder) => {
    const [first, second, third] = ["a.png", "b.png", "c.png"].map((name) => join(folder, name));
    const flags = ["--size", "48", "-n", "3", "--seed", "7", "--init", "noise", "--gram", "mean"];
    const inputs = [content, style].map((path) => pathToFileURL(path).href);
    const made = await stylize(...inputs, "--out", first!, "--style-weight", "0.01", ...flags);
    assertEquals(made.code, 0, made.err);
    const again = await stylize("--from", first!, "--out", second!);
    assertEquals(again.code, 0, again.err);
    assert(!again.out.includes("may differ"), again.out);
    assertEquals(await Deno.readFile(second!), await Deno.readFile(first!));
    // What is typed goes before what is remembered; the style follows the size.
    const other = await stylize("--from", first!, "--out", third!, "--seed", "8", "--size", "40");
    assertEquals(other.code, 0, other.err);
    const { settings } = await readRecipe(third!);
    assertEquals([settings.seed, settings.measure, settings.size], [8, "gram-mean", 40]);
    assertEquals(settings.styleSize, undefined);
    assert(String(await Deno.readFile(third!)) !== String(await Deno.readFile(first!)));
  }));

Deno.test("a picture to start from is remembered by its hash", () =>
  inFolder(async (folder) => {
    const [start, first, second] = ["s.png", "a.png", "b.png"].map((name) => join(folder, name));
    await writePicture(noisePicture(40, 30), start!);
    const flags = ["--size", "48", "-n", "1", "--start", start!];
    const made = await stylize(content, style, "--out", first!, ...flags);
    assertEquals(made.code, 0, made.err);
    const again = await stylize("--from", first!, "--out", second!);
    assertEquals(again.code, 0, again.err);
    assertEquals(await Deno.readFile(second!), await Deno.readFile(first!));
    await writePicture(noisePicture(40, 30, 2), start!);
    const changed = await stylize("--from", first!, "--out", second!);
    assertEquals(changed.code, 1);
    assertStringIncludes(changed.err, "give --start");
  }));

Deno.test("stylize --from says when another version or engine made the picture", () =>
  inFolder(async (folder) => {
    const old = join(folder, "old.png");
    const settings = { preset: "gatys" as const, size: 48, iterations: 1 };
    const files = await filesFor(old);
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

Deno.test("a recipe writes to no place, and says so before anything is done", () =>
  inFolder(async (folder) => {
    const evil = join(folder, "evil.png");
    const [victim, out] = [join(folder, "victim.txt"), join(folder, "out.png")];
    await Deno.writeTextFile(victim, "precious");
    const files = await filesFor(evil);
    const json = { version: "1", engine: "cpu", files, settings: { size: 32, trace: victim, out } };
    const metadata = { Stylebook: JSON.stringify(json) };
    await writePicture(noisePicture(4, 4), evil, { metadata });
    const { code, err } = await stylize("--from", evil, "--out", join(folder, "new.png"));
    assertEquals(code, 1);
    assertStringIncludes(err, '"trace"');
    assertEquals(await Deno.readTextFile(victim), "precious");
    assertEquals(namesIn(folder), ["evil.png", "victim.txt"]);
  }));

Deno.test("stylize --from an address finds the files beside it", () =>
  inFolder(async (folder) => {
    const [first, second] = [join(folder, "a.png"), join(folder, "b.png")];
    const served: Record<string, Uint8Array<ArrayBuffer>> = {
      "/c.png": encodePicture(noisePicture(40, 30), "png") as Uint8Array<ArrayBuffer>,
      "/s.png": encodePicture(noisePicture(32, 32, 2), "png") as Uint8Array<ArrayBuffer>,
    };
    for (const [name, bytes] of Object.entries(served)) {
      await Deno.writeFile(join(folder, name.slice(1)), bytes);
    }
    const inputs = [join(folder, "c.png"), join(folder, "s.png")];
    const made = await stylize(...inputs, "--out", first, "--size", "40", "-n", "1");
    assertEquals(made.code, 0, made.err);
    served["/a.png"] = await Deno.readFile(first);
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      const bytes = served[new URL(request.url).pathname];
      return bytes ? new Response(bytes) : new Response("", { status: 404 });
    });
    try {
      const from = `http://127.0.0.1:${server.addr.port}/a.png`;
      const again = await stylize("--from", from, "--out", second);
      assertEquals(again.code, 0, again.err);
      const { files } = await readRecipe(second);
      assertEquals(files.content!.path, `http://127.0.0.1:${server.addr.port}/c.png`);
    } finally {
      await server.shutdown();
    }
  }));
