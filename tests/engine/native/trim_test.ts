import { assert } from "@std/assert";
import { trimMemory } from "../../../lib/engine/native/trim.ts";

const glibc = Deno.build.os === "linux" && Deno.build.env !== "musl";
if (!glibc) console.log("skipped: memory goes back with glibc alone");

Deno.test({
  name: "trimMemory() gives free memory back to the system, also between what is in use",
  ignore: !glibc,
  fn() {
    // Too small to be given back one by one; the last one holds the rest in place.
    const arrays = Array.from({ length: 800 }, () => new Uint8Array(100_000).fill(1));
    const last = arrays.pop()!;
    for (const { buffer } of arrays) buffer.transfer(0);
    const before = Deno.memoryUsage().rss;
    trimMemory();
    const after = Deno.memoryUsage().rss;
    assert(before - after > 40e6, `${before} bytes before, ${after} after`);
    assert(last[99_999] === 1);
  },
});

Deno.test("trimMemory() does nothing where no library may be loaded", async () => {
  const url = new URL("../../../lib/engine/native/trim.ts", import.meta.url).href;
  const code = `import { trimMemory } from "${url}"; trimMemory(); console.log("done");`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--allow-read",
      "--deny-ffi",
      `data:text/typescript,${encodeURIComponent(code)}`,
    ],
  }).output();
  assert(new TextDecoder().decode(stdout) === "done\n");
});
