import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { bytesInWords, bytesOf, freeMemory } from "../../lib/base/memory.ts";
import { inFolder } from "../helpers/folder.ts";

Deno.test("bytesOf() reads numbers and texts with a unit", () => {
  assertEquals(["2GB", "1.5 GB", "800mb", "7B", 123].map((each) => bytesOf(each)), [
    2e9,
    1.5e9,
    8e8,
    7,
    123,
  ]);
  for (const wrong of ["2", "GB", "-1GB", "2 apples", 0, -5, NaN, undefined]) {
    assertThrows(() => bytesOf(wrong), RangeError, "such as 2GB");
  }
});

Deno.test("bytesInWords() says megabytes below one gigabyte", () => {
  assertEquals([8.5e8, 9.999e8, 2.14e9].map(bytesInWords), ["850 MB", "1.0 GB", "2.1 GB"]);
});

Deno.test("freeMemory() is what the container leaves, of both versions", () =>
  inFolder((folder) => {
    const write = (name: string, text: string) => Deno.writeTextFileSync(join(folder, name), text);
    const machine = freeMemory(folder)!; // no limits there
    assert(machine > 1e8);
    write("memory.max", "max\n");
    assertEquals(freeMemory(folder)! > 1e8, true);
    Deno.mkdirSync(join(folder, "memory"));
    write("memory/memory.limit_in_bytes", "9000000\n");
    write("memory/memory.usage_in_bytes", "5000000\n");
    assertEquals(freeMemory(folder), 4e6);
    write("memory.max", "8000000\n");
    write("memory.current", "6000000\n");
    write("memory.stat", "anon 1\ninactive_file 1000000\n");
    // 8 MB less what is used but for cached files: 8 - (6 - 1) = 3.
    assertEquals(freeMemory(folder), 3e6);
    write("memory.current", "9000000\n");
    assertEquals(freeMemory(folder), 0);
    return Promise.resolve();
  }));
