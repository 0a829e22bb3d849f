import { assert, assertEquals, assertThrows } from "@std/assert";
import { basename, isAbsolute } from "node:path";
import { flagOf, OLD_FLAGS } from "../../lib/recipe/flags.ts";
import { PICTURE_SETTINGS } from "../../lib/recipe/settings.ts";
import { UsageError } from "../../lib/terminal/command.ts";
import { FLAGS_OF_SETTINGS, HELP, OTHER_FLAGS, readRequest } from "../../lib/terminal/options.ts";

Deno.test("flags, settings and the help text list the same names", () => {
  const settings = Object.keys(PICTURE_SETTINGS).map(flagOf);
  assertEquals(Object.keys(FLAGS_OF_SETTINGS), settings);
  const inHelp = [...HELP.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(([, name]) => name);
  assertEquals(inHelp, [...settings, ...Object.keys(OTHER_FLAGS)]);
});

Deno.test("the help names the choices and the defaults", () => {
  for (const text of ["gram-normalized", "(512)", "(quick: 16)", "native", "Exit codes", "143"]) {
    assert(HELP.includes(text), text);
  }
  for (const old of Object.keys(OLD_FLAGS)) assert(HELP.includes(`--${old}`), old);
});

Deno.test("readRequest() gives typed settings, absolute places, and nothing that was not typed", () => {
  const request = readRequest(
    ["a.jpg", "b.jpg", "-o", "c.png", "--style-weight", "20", "-n", "7", "--save-every", "5"],
  );
  assertEquals(request.settings, { styleWeight: 20, iterations: 7 });
  assertEquals(request.saveEvery, 5);
  for (const place of [request.content!, ...request.styles, request.out!]) {
    assert(isAbsolute(place));
  }
  assertEquals(request.styles.length, 1);
  const { weights, start, trace, engine, quiet } = request;
  assertEquals([weights, start, trace, engine, quiet], [
    undefined,
    undefined,
    undefined,
    undefined,
    false,
  ]);
});

Deno.test("the first word is CONTENT, all others are styles; with --texture all are", () => {
  const names = (places: (string | undefined)[]) => places.map((place) => place && basename(place));
  const several = readRequest([
    "a",
    "b",
    "c",
    "--style-weights",
    ".7,.3",
    "--style-blend",
    "terms",
  ]);
  assertEquals(names([several.content, ...several.styles]), ["a", "b", "c"]);
  assertEquals(several.settings, { styleWeights: [0.7, 0.3], styleBlend: "terms" });
  const texture = readRequest(["b", "--texture", "--seamless"]);
  assertEquals(names([texture.content, ...texture.styles]), [undefined, "b"]);
  assertEquals(texture.settings, { seamless: true });
});

Deno.test("--style-regions may be given once for each style", () => {
  const flags = [
    "--content-regions",
    "m.png",
    "--style-regions",
    "x.png",
    "--style-regions",
    "y.png",
  ];
  const { contentRegions, styleRegions } = readRequest(flags);
  assertEquals([contentRegions!, ...styleRegions].map((place) => basename(place)), [
    "m.png",
    "x.png",
    "y.png",
  ]);
  assertEquals(readRequest([]).styleRegions, []);
});

Deno.test("readRequest() understands the flags of old", () => {
  const { settings, engine } = readRequest(
    ["--init", "style", "--gram", "mean", "--backend", "cpu"],
  );
  assertEquals([settings, engine], [{ start: "style", measure: "gram-mean" }, "cpu"]);
});

Deno.test("--start is one of the starts, or a picture", () => {
  assertEquals(readRequest(["--start", "noise"]).settings, { start: "noise" });
  const { settings, start } = readRequest(["--start", "photo.png"]);
  assertEquals(settings, {});
  assert(start?.endsWith("photo.png"));
});

const WRONG: [string[], string][] = [
  [["a", ...new Array(21).fill("b")], "at most 20 styles"],
  [["--style-weights", "-1,2"], "--style-weights must be a number of at least 0"],
  [["--style-blend", "stir"], "--style-blend must be one of targets, terms"],
  [["--seamless=yes"], "--seamless takes no text"],
  [["--content-regions", "a.png", "--content-regions", "b.png"], "must be given once"],
  [["--gram", "mean", "--measure", "gram"], "--measure must be given once"],
  [["--gram", "median"], "sum, mean, normalized"],
  [["--save-every", "0"], "--save-every must be a positive integer"],
  [["--engine", "tpu"], "--engine must be one of auto"],
  [["--network", "vgg11"], "--network must be one of vgg16"],
  [["--seed", "1.5"], "--seed must be a whole number"],
  [["--seed", "4294967296"], "--seed must be a whole number"],
  [["--out", ""], "a path must be given"],
  [["--iterations", "0"], "--iterations must be a whole number"],
];
for (const [args, message] of WRONG) {
  Deno.test(`stylize ${args.join(" ")} is wrong usage`, () => {
    assertThrows(() => readRequest(args), UsageError, message);
  });
}
