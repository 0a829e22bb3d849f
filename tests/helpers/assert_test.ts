import { assertThrows } from "@std/assert";
import { assertAllClose } from "./assert.ts";

Deno.test("assertAllClose() is relative: a millionth passes at any size", () => {
  assertAllClose([1.000001e-29, 5.000001e28], [1e-29, 5e28], { rtol: 1e-5 });
  assertThrows(() => assertAllClose([1.1e-29], [1e-29], { rtol: 1e-2 }), Error, "1.00e-1");
});

Deno.test("assertAllClose() names the worst index and both values", () => {
  // Differences 0.1, 0.5 and 0.2 relative to 1, 2 and 1: 10 %, 25 % and 20 %.
  assertThrows(
    () => assertAllClose([1.1, 2.5, 1.2, 1], [1, 2, 1, 1], { rtol: 0.01 }),
    Error,
    "3 of 4 values differ; worst at 1: 2.5 instead of 2, relative difference 2.50e-1",
  );
});

Deno.test("assertAllClose() refuses NaN and infinities, equal ones too", () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const scale of ["element", "rms"] as const) {
      const options = { rtol: 1, scale };
      assertThrows(
        () => assertAllClose([0, bad], [0, bad], options),
        Error,
        "Value 1 is not finite",
      );
      assertThrows(() => assertAllClose([0, bad], [0, 1], options), Error, `${bad} where 1`);
      assertThrows(() => assertAllClose([0, 1], [0, bad], options), Error, `1 where ${bad}`);
    }
  }
});

Deno.test("assertAllClose() wants an expected 0 exactly, unless atol or rms allow more", () => {
  assertAllClose([0, -0], [0, 0], { rtol: 1e-6 });
  assertThrows(() => assertAllClose([1e-9, 1], [0, 1], { rtol: 1e-3 }), Error, "worst at 0");
  assertAllClose([1e-9, 1], [0, 1], { rtol: 1e-3, atol: 1e-8 });
  // rms of (0, 1) is 0.707: 1e-9 is far below a thousandth of it.
  assertAllClose([1e-9, 1], [0, 1], { rtol: 1e-3, scale: "rms" });
});

Deno.test("assertAllClose() by rms still finds one wrong value among many", () => {
  const expected = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const actual = expected.slice();
  assertAllClose(actual, expected, { rtol: 1e-6, scale: "rms" });
  actual[500]! += 0.01; // the rms of a sine is 0.707: relative difference 1.41e-2
  assertThrows(
    () => assertAllClose(actual, expected, { rtol: 1e-3, scale: "rms" }),
    Error,
    "1 of 1000 values differ; worst at 500",
  );
});

Deno.test("assertAllClose() compares lengths first", () => {
  assertThrows(() => assertAllClose([1], [1, 2], { rtol: 1 }), Error, "Expected 2 values, got 1");
  assertAllClose([], [], { rtol: 0 });
});
