import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { encodePicture, writePicture } from "../../lib/picture/write.ts";
import {
  findIngredient,
  ingredientOf,
  makeRecipe,
  openFile,
  readRecipe,
  type Recipe,
  recipeMetadata,
} from "../../lib/recipe/recipe.ts";
import { DEFAULTS } from "../../lib/recipe/settings.ts";
import { codeVersion, VERSION } from "../../lib/recipe/version.ts";
import { inFolder } from "../helpers/folder.ts";
import { noisePicture } from "../helpers/stub.ts";

const sha256 = "0123456789abcdef".repeat(4);
const recipe: Recipe = {
  version: "1",
  engine: "native",
  files: { content: { path: "Schloß ☂.jpg", sha256 }, style: { path: "b.jpg", sha256 } },
  settings: { size: 48, preset: "gatys", styleLayers: ["relu1_1", "relu2_1"], styleWeight: 0.1 },
};

/** Reads back a PNG file that holds this text as its recipe. */
async function readBack(text: string): Promise<Recipe> {
  let found: Recipe | undefined;
  const ascii = text.replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  await inFolder(async (folder) => {
    const path = join(folder, "mixed.png");
    await writePicture(noisePicture(4, 4), path, { metadata: { Stylebook: ascii } });
    found = await readRecipe(path);
  });
  return found!;
}

Deno.test("a recipe comes back from the PNG file as it went in, whatever its letters", async () => {
  assertEquals(await readBack(recipeMetadata(recipe).Stylebook!), recipe);
});

Deno.test("a recipe that was written as flags is read as settings", async () => {
  const { content, style } = recipe.files;
  const old = {
    ...recipe,
    files: { content, style, init: content },
    settings: { size: "48", "style-size": "48", gram: "mean", "style-layers": "relu1_1,relu2_1" },
  };
  const { settings, files } = await readBack(JSON.stringify(old));
  assertEquals(settings, { size: 48, measure: "gram-mean", styleLayers: ["relu1_1", "relu2_1"] });
  assertEquals(files, { content, style, start: content });
});

Deno.test("makeRecipe() fills in what was left out, and says the iterations that were done", async () => {
  const preset = "gatys";
  const settings = { preset, styleWeight: 2, iterations: 90, seconds: 5 } as const;
  const made = await makeRecipe({ ...recipe, settings, iterations: 7 });
  assertEquals(made.settings, { ...DEFAULTS, preset, styleWeight: 2, iterations: 7 });
  assertEquals(made.version, await codeVersion());
});

Deno.test("readRecipe() says what is wrong with a file", () =>
  inFolder(async (folder) => {
    const bare = join(folder, "bare.png");
    await writePicture(noisePicture(4, 4), bare);
    await assertRejects(() => readRecipe(bare), Error, "must hold its settings");
    const jpeg = join(folder, "mixed.jpg");
    await writePicture(noisePicture(4, 4), jpeg);
    await assertRejects(() => readRecipe(jpeg), Error, "must be a PNG file");
    const cut = join(folder, "cut.png");
    const metadata = recipeMetadata(recipe);
    const bytes = encodePicture(noisePicture(4, 4), "png", { metadata });
    await Deno.writeFile(cut, bytes.slice(0, 60));
    await assertRejects(() => readRecipe(cut), Error, "must hold its settings");
  }));

const change = (changes: Record<string, unknown>) => JSON.stringify({ ...recipe, ...changes });
const content = (changes: Record<string, unknown>) =>
  change({
    files: { ...recipe.files, content: { ...recipe.files.content, ...changes } },
  });
const HOSTILE: [string, string, string][] = [
  ["torn JSON", '{"version": "1", "files": {', "must be whole"],
  ["no object", "null", "the version in its settings must be a word"],
  ["letters that act on a terminal", change({ version: "\x1b[2J" }), '"\\u001b[2J"'],
  ["an engine that is an object", change({ engine: {} }), "the engine in its settings"],
  ["a place to write to", change({ settings: { out: "/etc/passwd" } }), '"out"'],
  ["a log to write", change({ settings: { size: 48, trace: "~/.bashrc" } }), '"trace"'],
  ["weights from anywhere", change({ settings: { weights: "http://x" } }), '"weights"'],
  ["flags as text", change({ settings: { size: "48", out: "x.png" } }), '"out"'],
  ["settings that are text", change({ settings: "abc" }), "must be an object"],
  ["a number that is none", change({ settings: { size: {} } }), "size must be a whole number"],
  ["a file of another kind", change({ files: { ...recipe.files, trace: {} } }), '"trace"'],
  ["a style that nobody counts to", change({ files: { ...recipe.files, style99: {} } }), "style99"],
  ["a style that is the first", change({ files: { ...recipe.files, style1: {} } }), "style1"],
  ["no style", change({ files: { content: recipe.files.content } }), "must name its style file"],
  ["files that are a list", change({ files: [] }), "must name its style file"],
  ["a hash that is none", content({ sha256: "abc" }), "64 hexadecimal digits"],
  ["a hash that is missing", content({ sha256: undefined }), "64 hexadecimal digits"],
  ["a path that is a number", content({ path: 7 }), "the path of its content file"],
  ["another machine's path", content({ path: "\\\\evil\\share\\x" }), "the path of its content"],
];
for (const [what, text, message] of HOSTILE) {
  Deno.test(`readRecipe() refuses ${what}`, async () => {
    const error = await assertRejects(() => readBack(text), Error, message);
    assertStringIncludes(error.message, "mixed.png");
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f\x7f-\x9f]/.test(error.message), error.message);
  });
}

Deno.test("an ingredient is found from the picture's folder, and must be unchanged", () =>
  inFolder(async (folder) => {
    const source = join(folder, "photo.png");
    const picture = join(folder, "results", "mixed.png");
    await Deno.mkdir(join(folder, "results"));
    await writePicture(noisePicture(4, 4), source);
    const found = ingredientOf(await openFile(source), picture);
    assertEquals(found.path, "../photo.png");
    const files = { content: found, style: found };
    const find = () => findIngredient({ ...recipe, files }, "content", picture);
    assertEquals((await find()).place, source);
    await writePicture(noisePicture(4, 4, 2), source);
    await assertRejects(find, Error, "give CONTENT and STYLE");
    await Deno.remove(source);
    await assertRejects(find, Error, "has moved");
  }));

Deno.test("files on the web are fetched from the picture's own server, from others if asked to", async () => {
  const asked: string[] = [];
  const answer = (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return new Response(Uint8Array.of(1, 2, 3));
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  try {
    const { hash } = { hash: (await openFile(`http://127.0.0.1:${server.addr.port}/x`)).sha256 };
    const base = `http://127.0.0.1:${server.addr.port}`;
    const of = (path: string): Recipe => {
      const file = { path, sha256: hash };
      return { ...recipe, files: { content: file, style: file } };
    };
    asked.length = 0;
    const away = () => findIngredient(of(`${base}/a.png`), "content", "mixed.png");
    await assertRejects(away, Error, "fetched only with --fetch");
    const near = () => findIngredient(of("//other.example/a.png".slice(1)), "content", `${base}/m`);
    assertEquals((await near()).place, `${base}/other.example/a.png`);
    const elsewhere = of("http://127.0.0.1:1/a.png");
    await assertRejects(() => findIngredient(elsewhere, "style", `${base}/m`), Error, "--fetch");
    const local = of("file:///etc/hostname");
    await assertRejects(() => findIngredient(local, "style", `${base}/m`), Error, "an address");
    assertEquals(asked, ["/other.example/a.png"]);
    const fetched = await findIngredient(of(`${base}/a.png`), "content", "m.png", { fetch: true });
    assertEquals(fetched.bytes, Uint8Array.of(1, 2, 3));
  } finally {
    await server.shutdown();
  }
});

Deno.test("the version is that of deno.json, and of the code the hash stays the same", async () => {
  const root = new URL("../../", import.meta.url);
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  assertEquals(VERSION, version);
  const first = await codeVersion();
  assert(/^\d+\.\d+\.\d+\+[0-9a-f]{8}$/.test(first), first);
  assertEquals(await codeVersion(), first);
});
