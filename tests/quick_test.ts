import { assert, assertEquals } from "@std/assert";
import { inGroups, isCostly, isQuick } from "./quick.ts";

const tests = new URL("./", import.meta.url);
const quick = (name: string) => isQuick(new URL(name, tests), tests);

Deno.test("a source that starts a process, loads a network or says so is costly", () => {
  // In two pieces, or this file would be costly itself.
  for (const call of ["new Deno" + ".Command(", "await loadVgg16" + "()", "entry.load" + "({})"]) {
    assert(isCostly(`const x = ${call}`), call);
  }
  assert(isCostly("// Not quick: it runs to the end."));
  assert(!isCostly("const text = await Deno.readTextFile(path); // loads nothing"));
});

Deno.test("a test is as slow as its helpers", () => {
  assert(quick("recipe/settings_test.ts"));
  assert(!quick("terminal/stylize_test.ts"), "it calls a script through tests/helpers/command.ts");
  assert(!quick("loss/parity_test.ts"), "it loads VGG-16");
});

Deno.test("inGroups() deals out every file once", () => {
  const files = ["quick.ts", "quick_test.ts", "run.ts"].map((name) => new URL(name, tests));
  const groups = inGroups(files, 2);
  assertEquals(groups.length, 2);
  assertEquals(groups.flat().map(({ href }) => href).sort(), files.map(({ href }) => href).sort());
});
