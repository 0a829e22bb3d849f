import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readPicture } from "../../lib/picture/read.ts";
import { HELP } from "../../lib/terminal/options.ts";
import { TRACE_COLUMNS } from "../../lib/terminal/trace.ts";
import { NETWORKS } from "../../lib/network/networks.ts";
import { readRecipe } from "../../lib/recipe/recipe.ts";
import { call, command, ROOT } from "../helpers/command.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";

const content = "notebooks/images/content/eilean-donan.jpg";
const style = "notebooks/images/style/church-at-auvers.jpg";

const SCRIPT = "lib/terminal/stylize.ts";
const stylize = (...args: string[]) => call(SCRIPT, args);

Deno.test("stylize --help prints the help and ends with 0", async () => {
  const { code, out } = await stylize("--help");
  assertEquals([code, out.trim()], [0, HELP.trim()]);
});

Deno.test("--list-layers and errors name the layers of the network that was asked for", async () => {
  for (const [name, { architecture }] of Object.entries(NETWORKS)) {
    const { code, out } = await stylize("--network", name, "--list-layers");
    assertEquals([code, out.trim().split("\n")], [0, [...architecture.layers]]);
  }
  const flags = "a b --out c.png --network vgg19 --style-layers relu1_9";
  const { code, err } = await stylize(...flags.split(" "));
  assertEquals(code, 2);
  assertStringIncludes(err, "relu5_4");
});

const files = [content, style, "--out", "x.png"];
const WRONG: [string, string[], string, Record<string, string>?][] = [
  ["no pictures", [], "without CONTENT, STYLE and --out FILE"],
  ["no style", [content, "--out", "x.png"], "without CONTENT, STYLE and --out FILE"],
  ["an unknown flag", [...files, "--colour"], "--colour"],
  ["an unknown preset", [...files, "--preset", "monet"], "tutorialFixed"],
  ["an extension that no picture has", [content, style, "--out", "x.gif"], "its extension"],
  ["a file in two roles", [content, style, "--out", content], "must be different files"],
  ["a size too small for the layers", [...files, "--size", "8"], "give a larger --size"],
  ["a style too small", [...files, "--style-size", "8", "--size", "64"], "--style-size"],
  [
    "L-BFGS and adaptive weights",
    [...files, "--optimizer", "lbfgs", "--weighting", "adaptive"],
    "",
  ],
  ["an engine that is none", files, "STYLEBOOK_ENGINE", { STYLEBOOK_ENGINE: "tpu" }],
  ["an engine of old that is none", files, "STYLEBOOK_BACKEND", { STYLEBOOK_BACKEND: "tpu" }],
  ["threads that are no number", files, "STYLEBOOK_THREADS", { STYLEBOOK_THREADS: "abc" }],
];
for (const [what, args, message, env] of WRONG) {
  Deno.test(`stylize with ${what} exits with 2 and says why`, async () => {
    const { code, err } = await call(SCRIPT, args, env);
    assertEquals(code, 2, err);
    assertStringIncludes(err, message);
    assertStringIncludes(err, "--help");
  });
}

Deno.test("stylize finds a missing output folder before the run", async () => {
  const { code, err } = await stylize(content, style, "--out", "no/such/folder/x.png");
  assertEquals(code, 1);
  assertStringIncludes(err, "folder must exist");
});

Deno.test("stylize finds a trace that cannot be written before the run", () =>
  inFolder(async (folder) => {
    const out = join(folder, "mixed.png");
    const { code, err } = await stylize(content, style, "--out", out, "--trace", "no/such/t.csv");
    assertEquals(code, 1);
    assertStringIncludes(err, "no/such/t.csv");
    assertEquals(namesIn(folder), []);
  }));

Deno.test("stylize names a content picture that is missing", () =>
  inFolder(async (folder) => {
    const files = ["--out", join(folder, "x.png"), "--trace", join(folder, "t.csv")];
    const { code, err } = await stylize("nowhere.jpg", style, ...files);
    assertEquals(code, 1);
    assertStringIncludes(err, "nowhere.jpg");
    assertEquals(namesIn(folder), []);
  }));

Deno.test("stylize writes the picture and a trace with a row per iteration", () =>
  inFolder(async (folder) => {
    const [out, trace] = [join(folder, "mixed.png"), join(folder, "trace.csv")];
    const settings = ["--size", "32", "-n", "3", "--preset", "tutorial"];
    const run = await stylize(content, style, "--out", out, "--trace", trace, ...settings);
    assertEquals(run.code, 0, run.err);
    assertStringIncludes(run.out, "Engine: ");
    assertEquals(namesIn(folder), ["mixed.png", "trace.csv"]);
    const { width, height } = await readPicture(out);
    assertEquals([width, height], [32, 21]);
    const [header, ...rows] = (await Deno.readTextFile(trace)).trim().split("\n");
    assertEquals(header, TRACE_COLUMNS.join(","));
    assertEquals(
      header,
      "iteration,content_loss,style_loss,denoise_loss,content_adjustment,style_adjustment," +
        "denoise_adjustment,seconds",
    );
    assertEquals(rows.length, 3);
    const numbers = rows[2]!.split(",").map(Number);
    assertEquals(numbers[0], 2);
    assert(numbers.every(Number.isFinite));
    assert(Math.abs(numbers[1]! * numbers[4]! - 1) < 1e-5, "adjustment = 1 / loss");
  }));

Deno.test("stylize counts relative paths from where it is called", () =>
  inFolder(async (folder) => {
    await Deno.copyFile(join(ROOT, content), join(folder, "photo.jpg"));
    await Deno.mkdir(join(folder, "sub"));
    const args = ["../photo.jpg", join(ROOT, style), "--out", "a.png", "--size", "32", "-n", "1"];
    const { code, err } = await call(SCRIPT, args, { INIT_CWD: join(folder, "sub") });
    assertEquals(code, 0, err);
    assertEquals(namesIn(join(folder, "sub")), ["a.png"]);
    assertEquals(
      (await readRecipe(join(folder, "sub", "a.png"))).files.content!.path,
      "../photo.jpg",
    );
  }));

Deno.test("a run that diverges ends with 1, and leaves the picture of yesterday alone", () =>
  inFolder(async (folder) => {
    const out = join(folder, "mixed.png");
    await Deno.writeTextFile(out, "yesterday's");
    const flags = ["--size", "32", "-n", "3", "--content-weight", "1e99"];
    const { code, err } = await stylize(content, style, "--out", out, ...flags);
    assertEquals(code, 1, err);
    assertStringIncludes(err, "must be finite");
    assertEquals(await Deno.readTextFile(out), "yesterday's");
    const [beside] = namesIn(folder);
    assert(/^mixed\.diverged-at-\d+\.png$/.test(beside!), beside);
    assertStringIncludes(err, beside!);
  }));

/** Starts a run that would go on for long, and waits until its first picture has been saved. */
async function startLong(folder: string): Promise<Deno.ChildProcess> {
  const out = join(folder, "mixed.png");
  const files = ["--out", out, "--trace", join(folder, "trace.csv"), "--save-every", "2"];
  const child = command(SCRIPT, [
    content,
    style,
    ...files,
    "--preset",
    "gatys",
    "--size",
    "64",
    "-n",
    "5000",
  ]).spawn();
  for (let i = 0; i < 600 && !namesIn(folder).includes("mixed.png"); i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return child;
}

for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `${signal} ends stylize with ${expected} and the picture so far`,
    ignore: Deno.build.os === "windows", // no such signals there
    fn: () =>
      inFolder(async (folder) => {
        const child = await startLong(folder);
        const saved = (await readRecipe(join(folder, "mixed.png"))).settings.iterations as number;
        assertEquals(saved % 2, 0, "saved after every second iteration");
        await new Promise((resolve) => setTimeout(resolve, 500));
        child.kill(signal);
        const { code } = await child.output();
        assertEquals(code, expected);
        assertEquals(namesIn(folder), ["mixed.png", "trace.csv"]);
        assertEquals((await readPicture(join(folder, "mixed.png"))).width, 64);
        const rows = (await Deno.readTextFile(join(folder, "trace.csv"))).trim().split("\n");
        const { settings } = await readRecipe(join(folder, "mixed.png"));
        assertEquals(rows.length - 1, settings.iterations);
        assert(rows.length - 1 >= saved);
      }),
  });
}
