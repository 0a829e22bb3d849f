/** Help in a notebook: the table is that of the doc comments, and what it says of a function. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as stylebook from "../../lib/mod.ts";
import { DISPLAY } from "../../lib/display/publish.ts";
import { run } from "../helpers/notebook_helper.ts";

const { gatys, help, stylize, tutorial } = stylebook;

Deno.test("help.json is what the doc comments say", async () => {
  const { code, said } = await run("help_table.ts", ["--check"]);
  assertEquals(code, 0, said);
});

Deno.test("help() of a function names each option with type, default and a line", () => {
  const { text, html } = help(stylize);
  assertStringIncludes(text, "await stylize(network, options)");
  for (const name of ["content", "weighting", "sizes", "resume", "readEvery", "onFrame"]) {
    assert(new RegExp(`^${name} `, "m").test(text), name);
  }
  assert(/^weighting +"adaptive" \| "constant" +adaptive +How losses/m.test(text), text);
  assertStringIncludes(html, "<code>await stylize(network, options)</code>");
  assertEquals(Object.keys(help("adam")[DISPLAY]()), ["text/html", "text/plain"]);
});

Deno.test("help() of a preset has the preset's own values as defaults", () => {
  assert(/^styleWeight +number +500 /m.test(help(gatys).text));
  assert(/^inputScale +number +255 /m.test(help(tutorial).text));
});

Deno.test("help() lists every exported function, and names the nearest to a mistyped one", () => {
  const functions = Object.entries(stylebook).filter(([, value]) =>
    typeof value === "function" && !/^class /.test(String(value))
  ).map(([name]) => name);
  const { text } = help();
  assertEquals(functions.filter((name) => !new RegExp(`^${name} `, "m").test(text)), []);
  assertThrows(() => help("stylise"), RangeError, "did you mean stylize?");
  assertThrows(() => help(() => 1), RangeError, "must be a function of the library");
});
