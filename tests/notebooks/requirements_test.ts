/**
 * The Python packages are named one by one, with the hashes of their files, so that what is installed is
 * what was tried.
 */
import { assert, assertEquals } from "@std/assert";
import { KERNEL_DENO } from "../../notebooks/tools/kernel.ts";

const root = new URL("../../", import.meta.url);
const linesOf = (file: string) =>
  Deno.readTextFileSync(new URL(file, root)).replaceAll("\\\n", "").split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));

const LOCKED: [wanted: string, locked: string][] = [
  ["notebooks/tools/requirements.in", "notebooks/tools/requirements.txt"],
  ["notebooks/tools/deno.in", "notebooks/tools/deno.txt"],
  ["experiments/requirements.in", "experiments/requirements.txt"],
];

for (const [wanted, locked] of LOCKED) {
  Deno.test(`${locked} names exact versions and their hashes, among them all of ${wanted}`, () => {
    const lines = linesOf(locked);
    for (const line of lines) {
      // name==version, perhaps ; for which systems, then hashes
      assert(/^[\w.-]+==[\w.]+( ; [^-]*[^ ])?( +--hash=sha256:[0-9a-f]{64})+$/.test(line), line);
    }
    const pinned = new Set(lines.map((line) => line.split(" ")[0]));
    assertEquals(linesOf(wanted).filter((line) => !pinned.has(line)), []);
  });
}

Deno.test("the Deno that is locked is the one of the kernel", () => {
  assertEquals(linesOf("notebooks/tools/deno.in"), [`deno==${KERNEL_DENO}`]);
});
