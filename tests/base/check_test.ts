import { assertEquals, assertThrows } from "@std/assert";
import {
  cannot,
  checkInRange,
  checkNonNegative,
  checkNoPromise,
  checkOneOf,
  checkOptions,
  checkPositive,
  checkPositiveInteger,
  checkShape,
  describe,
  nearest,
} from "../../lib/base/check.ts";

Deno.test("cannot() words an error: what, rule, value", () => {
  assertEquals(
    cannot("use Adam", "stepSize must be a positive number", describe(-5)),
    "Cannot use Adam as stepSize must be a positive number: current value is -5",
  );
});

Deno.test("describe() shows strings in quotes, arrays in brackets, objects by class", () => {
  assertEquals(describe("a\n"), '"a\\n"');
  assertEquals(describe([1, [2, "b"]]), '[1, [2, "b"]]');
  assertEquals(describe(new Map()), "an object of class Map");
  assertEquals(describe(Object.create(null)), "an object of class Object");
  assertEquals(describe(() => 1), "a function");
  assertEquals([undefined, null, NaN, true].map(describe), ["undefined", "null", "NaN", "true"]);
  assertEquals(describe("x".repeat(1000)).length, 203); // 200, an ellipsis, two quotes
});

Deno.test("checkPositiveInteger() takes 1, 2, 3 and nothing else", () => {
  for (const value of [1, 2, 1000]) checkPositiveInteger("run", "iterations", value);
  for (const value of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(
      () => checkPositiveInteger("run", "iterations", value),
      RangeError,
      `Cannot run as iterations must be a positive integer: current value is ${value}`,
    );
  }
  for (const value of ["3", undefined, null, 3n]) {
    assertThrows(() => checkPositiveInteger("run", "iterations", value), TypeError, "Cannot run");
  }
});

Deno.test("checkPositive() and checkNonNegative() differ at 0 only", () => {
  checkPositive("run", "stepSize", 1e-300);
  checkNonNegative("run", "weight", 0);
  assertThrows(() => checkPositive("run", "stepSize", 0), RangeError, "a positive number");
  for (const value of [-1e-300, NaN, Infinity]) {
    assertThrows(() => checkPositive("run", "stepSize", value), RangeError);
    assertThrows(() => checkNonNegative("run", "weight", value), RangeError, "not negative");
  }
  assertThrows(() => checkNonNegative("run", "weight", "1"), TypeError, 'current value is "1"');
});

Deno.test("checkInRange() includes both ends", () => {
  for (const value of [1, 50.5, 100]) checkInRange("write", "quality", value, 1, 100);
  for (const value of [0.99, 101, NaN]) {
    assertThrows(
      () => checkInRange("write", "quality", value, 1, 100),
      RangeError,
      "quality must be a number from 1 to 100",
    );
  }
});

Deno.test("checkOneOf() lists the choices", () => {
  const choices = ["noise", "content"] as const;
  const value: string = "noise";
  checkOneOf("start", "init", value, choices);
  const narrowed: "noise" | "content" = value; // the type is narrowed as well
  assertEquals(narrowed, "noise");
  assertThrows(
    () => checkOneOf("start", "init", "noize", choices),
    RangeError,
    'Cannot start as init must be one of noise, content: current value is "noize"',
  );
});

Deno.test("checkShape() takes null for any size", () => {
  checkShape("show", "the tensor", [1, 7, 9, 3], [1, null, null, 3]);
  for (const shape of [[7, 9, 3], [1, 7, 9, 4], [2, 7, 9, 3]]) {
    assertThrows(
      () => checkShape("show", "the tensor", shape, [1, null, null, 3]),
      RangeError,
      "Cannot show as the shape of the tensor must be [1, ?, ?, 3]: current value is [",
    );
  }
});

Deno.test("nearest() finds what a mistyped name was meant to be, and nothing where it is far", () => {
  const words = ["maxSize", "size", "iterations", "stepSize", "onFrame"];
  assertEquals(
    ["max_size", "iteration", "stepsize", "step-size", "onframe", "sise", "itertaions"].map((
      name,
    ) => nearest(name, words)),
    ["maxSize", "iterations", "stepSize", "stepSize", "onFrame", "size", "iterations"],
  );
  assertEquals(["colour", "x", ""].map((name) => nearest(name, words)), Array(3).fill(undefined));
  assertEquals(nearest("size", []), undefined);
});

Deno.test("checkOptions() takes known options and none, and names the nearest of an unknown one", () => {
  const known = ["maxSize", "iterations"];
  for (const options of [undefined, {}, { maxSize: 3 }, { iterations: undefined }]) {
    checkOptions("run", options, known);
  }
  assertThrows(
    () => checkOptions("run", { maxSize: 3, iteration: 60 }, known),
    TypeError,
    "Cannot run as its options must be among maxSize, iterations (did you mean iterations?): " +
      'current value is "iteration"',
  );
  const far = assertThrows(() => checkOptions("run", { colour: 1 }, known), TypeError) as Error;
  assertEquals(
    far.message,
    'Cannot run as its options must be among maxSize, iterations: current value is "colour"',
  );
  assertThrows(() => checkOptions("run", { a: 1 }, []), TypeError, "its options must be left out");
  for (const options of [null, 3, "maxSize", [1]]) {
    assertThrows(() => checkOptions("run", options, known), TypeError, "must be an object");
  }
  assertThrows(
    () => checkOptions("run", Promise.resolve({}), known),
    TypeError,
    "the options must be there, not promised (did you forget `await`?)",
  );
});

Deno.test("checkNoPromise() asks for the await that is missing", () => {
  for (const value of [undefined, null, 3, {}, { then: 3 }]) checkNoPromise("run", "it", value);
  assertThrows(
    () => checkNoPromise("make a tensor", "the picture", Promise.resolve(1)),
    TypeError,
    "Cannot make a tensor as the picture must be there, not promised (did you forget `await`?): " +
      "current value is an object of class Promise",
  );
});
