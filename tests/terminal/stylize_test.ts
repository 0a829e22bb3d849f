import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readPicture } from "../../lib/picture/picture.ts";
import { TRACE_COLUMNS } from "../../lib/terminal/trace.ts";
import { call, command, inFolder, namesIn } from "../helpers/command.ts";

const content = "notebooks/images/content/eilean-donan.jpg";
const style = "notebooks/images/style/church-at-auvers.jpg";

const stylize = (...args: string[]) => call("lib/terminal/stylize.ts", args);

Deno.test("stylize --help shows every flag, with examples", async () => {
  const { code, out } = await stylize("--help");
  assertEquals(code, 0);
  for (const flag of ["--preset", "--style-size", "--trace", "--seed", "Examples:", "Exit codes"]) {
    assertStringIncludes(out, flag);
  }
});

Deno.test("stylize --list-layers lists the network's layers", async () => {
  const { code, out } = await stylize("--list-layers");
  assertEquals(code, 0);
  assertEquals(out.trim().split("\n").length, 13);
});

const WRONG: [string, string[], string][] = [
  ["no pictures", [], "without CONTENT, STYLE and --out FILE"],
  ["an unknown flag", [content, style, "--out", "x.png", "--colour"], "--colour"],
  ["an unknown preset", [content, style, "--out", "x.png", "--preset", "monet"], "tutorialFixed"],
  ["an unknown layer", [content, style, "--out", "x.png", "--style-layers", "relu9"], "relu5_3"],
  ["an unknown optimizer", [content, style, "--out", "x.png", "--optimizer", "magic"], "adam"],
  ["an unknown backend", [content, style, "--out", "x.png", "--backend", "tpu"], "native"],
  ["a size that is no number", [content, style, "--out", "x.png", "--size", "big"], "--size"],
  ["no iterations", [content, style, "--out", "x.png", "-n", "0"], "--iterations"],
  [
    "a negative weight",
    [content, style, "--out", "x.png", "--style-weight", "-1"],
    "--style-weight",
  ],
];
for (const [what, args, message] of WRONG) {
  Deno.test(`stylize with ${what} exits with 2 and says why`, async () => {
    const { code, err } = await stylize(...args);
    assertEquals(code, 2);
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
    const numbers = rows[2].split(",").map(Number);
    assertEquals(numbers[0], 2);
    assert(numbers.every(Number.isFinite));
    assert(Math.abs(numbers[1] * numbers[4] - 1) < 1e-5, "adjustment = 1 / loss");
  }));

Deno.test({
  name: "Ctrl-C ends stylize with 130 and the picture so far",
  ignore: Deno.build.os === "windows", // no such signal there
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "mixed.png");
      const trace = join(folder, "trace.csv");
      const args = [content, style, "--out", out, "--size", "64", "-n", "5000", "--trace", trace];
      const child = command("lib/terminal/stylize.ts", args).spawn();
      // The trace grows once the run is on its way.
      for (let i = 0; i < 600; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const size = await Deno.stat(`${trace}.partial`).then((file) => file.size, () => 0);
        if (size > 500) break;
      }
      child.kill("SIGINT");
      const { code } = await child.output();
      assertEquals(code, 130);
      assertEquals(namesIn(folder), ["mixed.png", "trace.csv"]);
      assertEquals((await readPicture(out)).width, 64);
    }),
});
