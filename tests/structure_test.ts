/**
 * What holds of the code as a whole: imports point one way, files stay short, everything public is
 * documented.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { posix } from "node:path";

const root = new URL("../", import.meta.url);

/** From the ground up: a file imports only from rooms before its own, or from its own room. */
const ROOMS = [
  "base",
  "picture",
  "network",
  "engine",
  "loss",
  "optimizers",
  "run",
  "recipe",
  "display",
  "terminal",
  "mod.ts",
];

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* filesBelow(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

const files = [...filesBelow("lib/")];
const read = (file: string) => Deno.readTextFileSync(new URL(file, root));

const roomOf = (file: string): number => ROOMS.indexOf(file.split("/")[1]!);

Deno.test("lib/ holds the ten rooms and mod.ts, and nothing else", () => {
  const entries = [...Deno.readDirSync(new URL("lib/", root))].map(({ name }) => name);
  assertEquals(entries.sort(), ROOMS.toSorted());
});

Deno.test("imports point one way", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const [, path] of read(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      const target = posix.join(posix.dirname(file), path!);
      if (roomOf(target) > roomOf(file)) wrong.push(`${file} -> ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("README's map has a line for each room, in the order of the imports", () => {
  const rooms = [...read("README.md").matchAll(/^\| `lib\/(\w+)\/?(?:\.ts)?`/gm)].map(([, name]) =>
    name
  );
  assertEquals(rooms, ROOMS.map((room) => room.replace(".ts", "")));
});

Deno.test("nothing that notebooks import comes from JSR", () => {
  const fromJsr = files.filter((file) => /^import [^;]*"@std\//m.test(read(file)));
  assertEquals(fromJsr, []);
});

Deno.test("the library has no top-level await, with which Deno 2.8 never ends loading", () => {
  const waiting = files.filter((file) => /^(const .* = |for |if .*)?await /m.test(read(file)));
  assertEquals(waiting, []);
});

Deno.test("files have at most 250 lines", () => {
  const long = files.map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
    .filter(({ lines }) => lines > 250);
  assertEquals(long, []);
});

Deno.test("everything public is documented, and every module explains itself", async () => {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "lib/mod.ts"],
    cwd: root,
    stderr: "null",
  }).output();
  assert(success, "deno doc must succeed");
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const symbols = Object.values<{ symbols?: DocNode[] }>(nodes).flatMap(({ symbols = [] }) =>
    symbols
  );
  assert(symbols.length > 50, `found ${symbols.length} exports`);
  const bare = symbols.filter(({ declarations }) => !declarations.some(({ jsDoc }) => jsDoc?.doc));
  assertEquals(bare.map(({ name }) => name), []);
  assertEquals(files.filter((file) => !read(file).includes("@module")), []);
});

type DocNode = { name: string; declarations: { jsDoc?: { doc?: string } }[] };
