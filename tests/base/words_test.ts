import { assertEquals } from "@std/assert";
import { alignColumns, clock, duration, escapeXml, shortNumber } from "../../lib/base/words.ts";

Deno.test("shortNumber() keeps three digits, whole numbers in full, and says what is no number", () => {
  assertEquals(
    [0, 0.25, 1200, 123456, 12345.6, 5.18e-11, 4.7e28, 2.5e7, NaN, Infinity, -Infinity, -2].map((
      value,
    ) => shortNumber(value)),
    ["0", "0.25", "1200", "123456", "12300", "5.18e-11", "4.7e28", "2.5e7", "NaN", "∞", "−∞", "-2"],
  );
  assertEquals([Math.PI, 0.00012345, 98765.4].map((value) => shortNumber(value, 2)), [
    "3.1",
    "1.2e-4",
    "99000",
  ]);
});

Deno.test("clock() shows minutes and seconds, hours where there are some", () => {
  assertEquals(
    [0, 59.4, 59.6, 81, 3599.6, 3661, 360_000, NaN, Infinity, -3].map(clock),
    ["0:00", "0:59", "1:00", "1:21", "1:00:00", "1:01:01", "100:00:00", "?", "?", "0:00"],
  );
});

Deno.test("duration() has a unit: seconds below a minute, then the clock", () => {
  assertEquals([0, 0.0421, 8.349, 59.4, 59.6, 81, 3599.4, 3599.6, 7389].map(duration), [
    "0 s",
    "0.042 s",
    "8.3 s",
    "59 s",
    "1:00 min",
    "1:21 min",
    "59:59 min",
    "1:00:00 h",
    "2:03:09 h",
  ]);
});

Deno.test("alignColumns() sets the first column left and the others right, or as asked", () => {
  assertEquals(alignColumns([["a", "12"], ["long", "3"]]), "a     12\nlong   3");
  assertEquals(alignColumns([["a", "12"], ["b"]], ["right", "left"]), "a  12\nb");
});

Deno.test("escapeXml() writes the four characters out", () => {
  assertEquals(escapeXml(`<a b="c">&amp;`), "&lt;a b=&quot;c&quot;&gt;&amp;amp;");
});
