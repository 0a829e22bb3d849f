import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import "../../lib/engine/engine.ts"; // keeps TensorFlow.js from printing its banner
import { call } from "../helpers/command.ts";

const SCRIPT = "lib/terminal/judge.ts";
const FOLDER = fileURLToPath(new URL("../golden/", import.meta.url));
const [CONTENT, STYLE] = ["coffee-45x61.png", "cafe-terrace-52x38.png"];
/** The user stands where the pictures are. */
const env = { INIT_CWD: FOLDER };

Deno.test("judge prints a line a picture, of the content image style 1, patch 1, content 0", async () => {
  const { code, out, err } = await call(
    SCRIPT,
    [CONTENT, STYLE, CONTENT, "harvest-40x41.png"],
    env,
  );
  assertEquals(code, 0, err);
  const [head, first, second, ...more] = out.trim().split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(more, []);
  assertEquals(head!.slice(0, 6), ["picture", "style", "patch", "content", "edges", "grain"]);
  assertEquals(head!.slice(6), ["relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"]);
  assertEquals(first!.slice(0, 5), [CONTENT, "1.000", "1.000", "0.000", "0.000"]);
  assertEquals(second![0], "harvest-40x41.png");
});

Deno.test("judge --json prints numbers, goes on after a missing picture, and fails", async () => {
  const args = ["--json", CONTENT, STYLE, "missing.png", CONTENT];
  const { code, out, err } = await call(SCRIPT, args, env);
  assertEquals(code, 1);
  assertStringIncludes(err, "missing.png: Cannot read the picture");
  const rows = JSON.parse(out);
  assertEquals(rows.length, 1);
  assertEquals(rows[0].picture, CONTENT);
  assertAlmostEquals(rows[0].layers.relu3_3, 1, 1e-6);
  assert(rows[0].grain > -5 && rows[0].grain < 5);
});

Deno.test("judge says how it is called, and refuses other calls", async () => {
  const help = await call(SCRIPT, ["--help"]);
  assertEquals(help.code, 0);
  assertStringIncludes(help.out, "Usage: deno task judge CONTENT STYLE PICTURE…");
  for (const args of [[], [CONTENT, STYLE], ["--size", "3", CONTENT, STYLE, CONTENT]]) {
    const { code, err } = await call(SCRIPT, args, env);
    assertEquals(code, 2, err);
    assertStringIncludes(err, "Try: deno task judge --help");
  }
  const missing = await call(SCRIPT, ["missing.png", STYLE, CONTENT], env);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.err, "missing.png");
});
