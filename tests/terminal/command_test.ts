import { assertEquals, assertThrows } from "@std/assert";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  flagHelp,
  parseCommand,
  placeOf,
  printable,
  usage,
  UsageError,
} from "../../lib/terminal/command.ts";

const FLAGS = {
  out: { short: "o", value: "FILE", help: "where" },
  "style-weight": { value: "X", help: "how much" },
  quiet: { short: "q", help: "nothing" },
};

Deno.test("parseCommand() tells flags, switches and words apart", () => {
  const { values, words } = parseCommand(["a", "-o", "x", "b", "--style-weight=2", "-q"], FLAGS);
  assertEquals(values, { out: "x", "style-weight": "2", quiet: "true" });
  assertEquals(words, ["a", "b"]);
});

Deno.test("parseCommand() takes a negative number for a text, and what follows -- for words", () => {
  const { values, words } = parseCommand(["--style-weight", "-1", "--", "--out"], FLAGS);
  assertEquals([values, words], [{ "style-weight": "-1" }, ["--out"]]);
});

const WRONG: [string[], string][] = [
  [["--colour"], "there is no such flag"],
  [["--style-wieght", "2"], "did you mean --style-weight?"],
  [["--__proto__", "2"], "there is no such flag"],
  [["-z"], "there is no such flag"],
  [["--out"], "--out needs a text"],
  [["--quiet=yes"], "--quiet takes no text"],
  [["--out", "a", "-o", "b"], "--out must be given once"],
];
for (const [args, message] of WRONG) {
  Deno.test(`parseCommand() of ${args.join(" ")} says what is wrong`, () => {
    assertThrows(() => parseCommand(args, FLAGS), UsageError, message);
  });
}

Deno.test("flagHelp() has a line a flag, with its letter and what stands for its text", () => {
  assertEquals(flagHelp(FLAGS).split("\n").map((line) => line.trim().split(/\s{2,}/)), [
    ["--out, -o FILE", "where"],
    ["--style-weight X", "how much"],
    ["--quiet, -q", "nothing"],
  ]);
});

Deno.test("placeOf() counts paths from where the command was called", () => {
  const before = Deno.env.get("INIT_CWD");
  try {
    const folder = resolve("/some/where");
    Deno.env.set("INIT_CWD", folder);
    assertEquals(placeOf("a/b.png"), resolve(folder, "a/b.png"));
    assertEquals(placeOf(folder), folder);
    assertEquals(
      placeOf(pathToFileURL(resolve(folder, "c d.png")).href),
      resolve(folder, "c d.png"),
    );
    assertEquals(placeOf("https://x.example/a.png"), "https://x.example/a.png");
    assertThrows(() => placeOf(" "), UsageError, "a path must be given");
    assertThrows(() => placeOf("file://host%20/x"), UsageError);
  } finally {
    if (before === undefined) Deno.env.delete("INIT_CWD");
    else Deno.env.set("INIT_CWD", before);
  }
});

Deno.test("printable() writes out what would act on a terminal, and leaves letters and lines", () => {
  assertEquals(printable("Schloß ☂\n\ta"), "Schloß ☂\n\ta");
  assertEquals(printable("\x1b[2J\r\x9b\u202e"), "\\u001b[2J\\u000d\\u009b\\u202e");
});

Deno.test("usage() makes a usage error of what a check throws", () => {
  assertEquals(usage(() => 3), 3);
  const check = () => {
    throw new RangeError("too much");
  };
  assertThrows(() => usage(check), UsageError, "too much");
});
