/**
 * What holds of the code as a whole: imports point one way, files stay short, everything public is
 * documented.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { posix } from "node:path";

const root = new URL("../", import.meta.url);

/** From the ground up: a file imports only from lines above its own, or from its own line. */
const FLOORS = [
  ["check", "kernel", "random", "version"],
  ["picture", "picture/*"],
  ["backends/*", "backends/native/*"],
  ["backend"],
  ["formats/*"],
  ["weights", "download"],
  ["architecture"],
  ["network"],
  ["load"],
  ["vgg", "inception"],
  ["networks"],
  ["losses"],
  ["objective"],
  ["optimizers/*"],
  ["targets"],
  ["start"],
  ["frames"],
  ["stylize"],
  ["presets", "trace", "convert", "recipe"],
  ["cli_options"],
  ["cli_recipe"],
  ["display/*"],
  ["display"],
  ["mod", "cli"],
];

/** Type imports that may point the other way: data that an engine is handed. */
const TYPES_ONLY = [["backends/native/", "network"], ["backends/native/", "architecture"]];

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* filesBelow(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

const files = [...filesBelow("lib/")];
const read = (file: string) => Deno.readTextFileSync(new URL(file, root));

function floorOf(file: string): number {
  const name = file.replace(/^lib\//, "").replace(/\.ts$/, "");
  const folder = `${posix.dirname(name)}/*`;
  return FLOORS.findIndex((floor) => floor.includes(name) || floor.includes(folder));
}

Deno.test("every file of lib has its floor", () => {
  assertEquals(files.filter((file) => floorOf(file) < 0), []);
});

Deno.test("imports point one way", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (
      const [, type, path] of read(file).matchAll(/^(?:im|ex)port (type )?[^;]*?"(\.[^"]+)"/gm)
    ) {
      const target = posix.join(posix.dirname(file), path);
      const excused = type &&
        TYPES_ONLY.some(([from, to]) =>
          file.startsWith(`lib/${from}`) && target === `lib/${to}.ts`
        );
      if (floorOf(target) > floorOf(file) && !excused) wrong.push(`${file} -> ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("only mod.ts and the command import the displays", () => {
  const users = files.filter((file) =>
    !file.startsWith("lib/display") && /from "\.{1,2}\/display/.test(read(file))
  );
  assertEquals(users.filter((file) => !["lib/mod.ts", "lib/cli.ts"].includes(file)), []);
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
