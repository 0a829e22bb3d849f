/**
 * `stylize` with several styles, masks, and pictures that tile.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { Picture } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { writePicture } from "../../lib/picture/write.ts";
import { readRecipe } from "../../lib/recipe/recipe.ts";
import { call, ROOT } from "../helpers/command.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";

const images = join(ROOT, "notebooks/images");
const content = join(images, "content/eilean-donan.jpg");
const [church, cafe] = ["church-at-auvers", "cafe-terrace"].map((name) =>
  join(images, `style/${name}.jpg`)
) as [string, string];

const stylize = (...args: string[]) => call("lib/terminal/stylize.ts", args);
const quick = ["--preset", "gatys", "--size", "48", "-n", "1"];
const layers = ["--style-layers", "relu1_1,relu2_1", "--content-layers", "relu2_1"];

const RED = [255, 0, 0];
const BLUE = [0, 0, 255];

/** A mask in a size: the left part of one colour, the rest of another. */
async function writeMask(path: string, like: string, colors = [RED, BLUE], left = 0.5) {
  const { width, height } = await readPicture(like);
  await writePicture(mask(Math.round(width / 4), Math.round(height / 4), colors, left), path);
}

function mask(width: number, height: number, [a, b]: number[][], left = 0.5): Picture {
  const data = new Float32Array(3 * width * height);
  for (let i = 0; i < width * height; i++) data.set((i % width < left * width ? a : b)!, 3 * i);
  return { width, height, data };
}

async function again(first: string, second: string): Promise<void> {
  const { code, err } = await stylize("--from", first, "--out", second);
  assertEquals(code, 0, err);
  assertEquals(await Deno.readFile(second), await Deno.readFile(first));
}

Deno.test("several styles are mixed by --style-weights, and --from makes the file again", () =>
  inFolder(async (folder) => {
    const [first, second, third] = ["a.png", "b.png", "c.png"].map((name) => join(folder, name));
    const flags = ["--style-weights", ".7,.3", ...quick];
    const made = await stylize(content, church, cafe, "--out", first!, ...flags);
    assertEquals(made.code, 0, made.err);
    const { files, settings } = await readRecipe(first!);
    assertEquals(Object.keys(files), ["content", "style", "style2"]);
    assert(files.style2!.path.endsWith("cafe-terrace.jpg"));
    assertEquals(settings.styleWeights, [0.7, 0.3]);
    await again(first!, second!);
    // Other styles have other weights.
    const other = await stylize("--from", first!, content, cafe, "--out", third!);
    assertEquals(other.code, 0, other.err);
    const recipe = await readRecipe(third!);
    assertEquals([Object.keys(recipe.files), recipe.settings.styleWeights], [
      ["content", "style"],
      undefined,
    ]);
  }));

Deno.test("regions are painted from masks, which --from finds by their hashes", () =>
  inFolder(async (folder) => {
    const path = (name: string) => join(folder, name);
    await writeMask(path("castle.png"), content);
    await writePicture(mask(1, 1, [RED]), path("red.png"));
    await writePicture(mask(1, 1, [BLUE], 1), path("blue.png"));
    const masks = ["castle.png", "red.png", "blue.png"].map(path);
    const flags = ["--content-regions", masks[0]!, "--style-regions", masks[1]!];
    const more = ["--style-regions", masks[2]!, ...quick, ...layers];
    const made = await stylize(content, church, cafe, "--out", path("a.png"), ...flags, ...more);
    assertEquals(made.code, 0, made.err);
    const { files } = await readRecipe(path("a.png"));
    assertEquals(
      [files.contentRegions, files.styleRegions, files.styleRegions2].map((file) => file!.path),
      ["castle.png", "red.png", "blue.png"],
    );
    await again(path("a.png"), path("b.png"));
    await writePicture(mask(1, 1, [RED]), path("blue.png"));
    const changed = await stylize("--from", path("a.png"), "--out", path("c.png"));
    assertEquals(changed.code, 1);
    assertStringIncludes(changed.err, "give --style-regions");
  }));

Deno.test("--texture --seamless makes a texture of whole tiles, again with --from", () =>
  inFolder(async (folder) => {
    const [first, second] = [join(folder, "a.png"), join(folder, "b.png")];
    const flags = ["--preset", "quick", "--size", "72", "--sizes", "0.5,1", "-n", "1"];
    const made = await stylize(church, "--texture", "--seamless", "--out", first, ...flags);
    assertEquals(made.code, 0, made.err);
    const { files, settings } = await readRecipe(first);
    assertEquals([Object.keys(files), settings.seamless], [["style"], true]);
    const { width, height } = await readPicture(first);
    // From 57x72: three poolings lie before relu4_1, the deepest layer of `quick`.
    assertEquals([width, height], [56, 72]);
    await again(first, second);
  }));

/** Each is refused with 2 before the network is read, and nothing is written. */
const WRONG: [string, (path: (name: string) => string) => string[], string][] = [
  ["weights that are all 0", () => [cafe, "--style-weights", "0,0"], "must be above 0"],
  ["a negative weight", () => [cafe, "--style-weights=1,-1"], "--style-weights must be a number"],
  ["a weight too few", () => [cafe, "--style-weights", "1"], "for each of the 2 styles"],
  ["a mask without the other", (path) => ["--content-regions", path("c.png")], "need each other"],
  ["the other alone", (path) => ["--style-regions", path("s.png")], "need each other"],
  [
    "a colour that one mask has",
    (path) => ["--content-regions", path("c.png"), "--style-regions", path("red.png")],
    "#0000ff is only in that of the content",
  ],
  [
    "a mask of another shape",
    (path) => ["--content-regions", path("square.png"), "--style-regions", path("s.png")],
    "the mask must have the proportions of its picture",
  ],
  [
    "a region without a position at the deepest layer",
    (path) => ["--content-regions", path("thin.png"), "--style-regions", path("s.png")],
    "the region #ff0000 of the content must cover at least one position of relu5_1",
  ],
  [
    "a mask for one of two styles",
    (path) => [cafe, "--content-regions", path("c.png"), "--style-regions", path("s.png")],
    "a mask for each of the 2 styles",
  ],
  [
    "regions and a measure that does not add up",
    (path) => [
      ...["--content-regions", path("c.png"), "--style-regions", path("s.png")],
      ...["--measure", "sliced"],
    ],
    "must be a function of sums",
  ],
  ["several styles by nearest neighbours", () => [cafe, "--preset", "nnst"], "further styles"],
  ["a seamless picture turned", () => ["--seamless", "--stroke-angle", "30"], "does not tile"],
  ["a seamless picture with zeros", () => ["--seamless", "--padding", "zeros"], "be circular"],
];
for (const [what, flags, message] of WRONG) {
  Deno.test(`stylize with ${what} exits with 2 and says why`, () =>
    inFolder(async (folder) => {
      const path = (name: string) => join(folder, name);
      await writeMask(path("c.png"), content);
      await writeMask(path("thin.png"), content, [RED, BLUE], 0.02);
      await writeMask(path("s.png"), church);
      await writePicture(mask(64, 64, [RED, BLUE]), path("square.png"));
      await writePicture(mask(8, 8, [RED, RED]), path("red.png"));
      const settings = ["--preset", "gatys", "--size", "96", "-n", "1"];
      const typed = flags(path);
      const own = typed.includes("--preset") ? settings.slice(2) : settings;
      const { code, err } = await stylize(content, church, ...typed, ...own, "-o", path("x.png"));
      assertEquals(code, 2, err);
      assertStringIncludes(err, message);
      assert(!namesIn(folder).includes("x.png"));
    }));
}

const TEXTURES: [string, string[], string][] = [
  ["without a style", [], "without STYLE and --out FILE"],
  ["that keeps colours of no content", [church, "--keep-color", "lightness"], "needs a content"],
  ["from a content", [church, "--start", "recolored"], "must not need a content"],
  ["by nearest neighbours", [church, "--preset", "nnst"], "its method needs a content"],
];
for (const [what, args, message] of TEXTURES) {
  Deno.test(`stylize --texture ${what} exits with 2 and says why`, async () => {
    const { code, err } = await stylize(...args, "--texture", "--out", "x.png", "--size", "64");
    assertEquals(code, 2, err);
    assertStringIncludes(err, message);
  });
}
