import { assertEquals, assertThrows } from "@std/assert";
import {
  flagOf,
  OLD_FLAGS,
  SETTING_FLAGS,
  settingsOfFlags,
  todaysFlag,
} from "../../lib/recipe/flags.ts";
import { PICTURE_SETTINGS, SETTING_NAMES } from "../../lib/recipe/settings.ts";

/** A text, and the value that it says, for every kind of setting. */
const SAMPLES = {
  number: ({ most = 7 }: { most?: number }) => [`${Math.min(7, most)}`, Math.min(7, most)],
  numbers: () => ["3,5", [3, 5]],
  choice: ({ choices }: { choices: readonly (string | number)[] }) => [
    `${choices.at(-1)}`,
    choices.at(-1),
  ],
  switch: () => ["true", true],
  bytes: () => ["1.5GB", "1.5GB"],
  layers: () => ["relu1_1,relu3_1", ["relu1_1", "relu3_1"]],
} as Record<string, (kind: unknown) => [string, unknown]>;

for (const name of SETTING_NAMES) {
  Deno.test(`--${flagOf(name)} is the setting ${name}`, () => {
    assertEquals(SETTING_FLAGS[flagOf(name)], name);
    const kind = PICTURE_SETTINGS[name];
    const [text, value] = SAMPLES[kind.kind]!(kind);
    assertEquals(settingsOfFlags({ [flagOf(name)]: text }), { [name]: value });
  });
}

Deno.test("flagOf() writes capitals as a dash and a small letter", () => {
  assertEquals(["size", "styleWeight", "inputScale"].map(flagOf), [
    "size",
    "style-weight",
    "input-scale",
  ]);
});

Deno.test("a single number is itself, or a list where there must be one", () => {
  assertEquals(settingsOfFlags({ iterations: "7" }), { iterations: 7 });
  assertEquals(settingsOfFlags({ sizes: "1" }), { sizes: [1] });
});

Deno.test("older flags become today's", () => {
  assertEquals(Object.keys(OLD_FLAGS).sort(), ["backend", "gram", "init"]);
  assertEquals(todaysFlag("init", "content"), ["start", "content"]);
  assertEquals(todaysFlag("backend", "cpu"), ["engine", "cpu"]);
  assertEquals(todaysFlag("preset", "wasserstein"), ["preset", "crowsonkb"]);
  assertEquals(todaysFlag("preset", "constructor"), ["preset", "constructor"]);
  assertEquals(
    ["sum", "mean", "normalized"].map((text) => todaysFlag("gram", text)),
    [["measure", "gram"], ["measure", "gram-mean"], ["measure", "gram-normalized"]],
  );
  assertThrows(() => todaysFlag("gram", "constructor"), RangeError, "sum, mean, normalized");
  for (const [old, flag] of Object.entries(OLD_FLAGS)) {
    if (old !== "backend") assertEquals(flag in SETTING_FLAGS, true, flag);
  }
});

const WRONG: [string, string, string][] = [
  ["size", "big", '--size must be a whole number of at least 1: current value is "big"'],
  ["size", "", '--size must be a whole number of at least 1: current value is ""'],
  ["size", "1e400", "--size must be a whole number"],
  ["style-weight", "-1", "--style-weight must be a number of at least 0: current value is -1"],
  ["style-weight", "NaN", "--style-weight must be a number"],
  ["optimizer", "magic", "--optimizer must be one of gradient-descent, adam"],
  ["style-layers", "relu1_1,", "--style-layers must be a list of layers"],
  ["sizes", "1,x", "--sizes must be a number above 0"],
  ["seamless", "yes", "--seamless must be true or false"],
  ["style-weights", "1,-1", "--style-weights must be a number of at least 0: current value is -1"],
  ["colour", "red", "its options must be among"],
];
for (const [flag, text, message] of WRONG) {
  Deno.test(`--${flag} "${text}" is refused by name`, () => {
    assertThrows(() => settingsOfFlags({ [flag]: text }), Error, message);
  });
}
