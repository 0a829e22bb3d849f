/**
 * The walks of `CONTRIBUTING.md`, done to the letter in a copy of the project: the files that it shows are
 * written, its lines are added where it says, and its commands are called.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { ROOT } from "./helpers/command.ts";
import { inFolder } from "./helpers/folder.ts";

const text = (await Deno.readTextFile(join(ROOT, "CONTRIBUTING.md"))).replaceAll("\r", "");

/** What stands below a heading. */
function walk(heading: string): string {
  const [, after] = text.split(`\n## ${heading}\n`);
  assert(after !== undefined, `CONTRIBUTING.md has no heading "${heading}"`);
  return after.split("\n## ")[0]!;
}

/** Folders and files that a project consists of; weights are linked, as they are large. */
async function copyProject(folder: string): Promise<void> {
  const copy = async (path: string): Promise<void> => {
    const [from, to] = [join(ROOT, path), join(folder, path)];
    if (!(await Deno.stat(from)).isDirectory) {
      await Deno.mkdir(dirname(to), { recursive: true });
      if (path.endsWith(".safetensors")) return await Deno.symlink(from, to);
      return await Deno.copyFile(from, to);
    }
    for await (const { name } of Deno.readDir(from)) await copy(join(path, name));
  };
  for (const path of ["lib", "tests", "notebooks/tools", "notebooks/images"]) await copy(path);
  const files = ["deno.json", "deno.lock", "notebooks/deno.json", "README.md"];
  for (const path of files) await copy(path);
}

/** Writes the files that a walk shows, and adds its lines after the ones that it shows before them. */
async function follow(folder: string, walk: string): Promise<string[]> {
  const written: string[] = [];
  for (const [, path, code] of walk.matchAll(/^`([\w/.]+)`:\n\n```\w+\n([\s\S]*?)\n```$/gm)) {
    await Deno.mkdir(dirname(join(folder, path!)), { recursive: true });
    await Deno.writeTextFile(join(folder, path!), `${code}\n`);
    written.push(path!);
  }
  for (const [, path, diff] of walk.matchAll(/^In `([\w/.]+)`:\n\n```diff\n([\s\S]*?)\n```$/gm)) {
    let source = await Deno.readTextFile(join(folder, path!));
    let before = "";
    for (const line of diff!.split("\n")) {
      const code = line.slice(1);
      if (line.startsWith("+")) {
        assertStringIncludes(source, `${before}\n`, `${path} has changed: mend CONTRIBUTING.md`);
        source = source.replace(`${before}\n`, () => `${before}\n${code}\n`);
      }
      before = code;
    }
    await Deno.writeTextFile(join(folder, path!), source);
    written.push(path!);
  }
  return written;
}

async function deno(folder: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: folder, STYLEBOOK_TEST_ENGINES: "native" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, `deno ${args.join(" ")}: ${said}`);
  return said;
}

/** The commands of a walk that begin with some words, without the first of them; `\` goes on. */
const commandsOf = (walk: string, start: string): string[][] =>
  [...walk.matchAll(/```sh\n([\s\S]*?)\n```/g)]
    .flatMap(([, lines]) => lines!.replaceAll(/\\\n\s*/g, "").split("\n"))
    .filter((line) => line.startsWith(start)).map((line) => line.split(/\s+/).slice(1));

for (const heading of ["Add a measure of style", "Add a network"]) {
  Deno.test(`the walk "${heading}" leads there`, () =>
    inFolder(async (folder) => {
      await copyProject(folder);
      const written = await follow(folder, walk(heading));
      assertEquals(written.length, 3, written.join());
      await deno(folder, ["fmt", "--check", ...written]);
      const commands = commandsOf(walk(heading), "deno task");
      const test = commands.find(([, task]) => task === "test")!;
      const said = await deno(folder, ["task", "--quiet", "test", "--no-check", test[2]!]);
      assert(/[1-9]\d* passed, 0 failed/.test(said), said);
      const paint = commands.find((words) => words.includes("--out"))!;
      const quickly = paint.map((word, i) => paint[i - 1] === "-n" ? "1" : word);
      await deno(folder, quickly);
      assert((await Deno.stat(join(folder, paint.at(-1)!))).size > 1000);
    }));
}

Deno.test("the notebook of the walk is one, and its cells type-check", () =>
  inFolder(async (folder) => {
    await copyProject(folder);
    const [path] = await follow(folder, walk("Add a notebook"));
    const { cells, nbformat } = JSON.parse(await Deno.readTextFile(join(folder, path!)));
    assertEquals([cells.length, nbformat], [3, 4]);
    await deno(folder, ["run", "-A", "--quiet", "notebooks/tools/check_cells.ts", "50"]);
  }));
