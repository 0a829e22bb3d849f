/**
 * The notebooks: what is committed, what a run at a tiny size shows, and the tools that execute and
 * check them.
 *
 * Runs alone: it sets the project's `.venv` up, and checks cells beside the notebooks.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basename, join } from "node:path";
import { setUp } from "../../notebooks/tools/environment.ts";
import {
  type Cell,
  listNotebooks,
  type Notebook,
  readNotebook,
  sourceOf,
} from "../../notebooks/tools/notebook_files.ts";
import { ROOT } from "../helpers/command.ts";
import { inFolder } from "../helpers/folder.ts";
import { inTurn } from "../schedule.ts";
import { notebook, run } from "../helpers/notebook_helper.ts";

/** Enough to draw every picture and curve, in seconds. */
const TINY = { STYLEBOOK_SIZE: "64", STYLEBOOK_ITERATIONS: "4" };

const ready = await setUp({ log: console.log }).then(() => true, (error: Error) => {
  if (Deno.env.has("CI")) throw error;
  console.log(`skipped: the tests that execute notebooks: ${error.message}`);
  return false;
});

function codeCells({ cells }: Notebook): Cell[] {
  return cells.filter((cell) => cell.cell_type === "code" && sourceOf(cell).trim() !== "");
}

/** The kinds of a cell's outputs, each once: `stream`, `text/plain`, … */
function kinds({ outputs = [] }: Cell): string[] {
  // Whether a file is smaller than what is asked for, and a line says so, depends on the size.
  const all = outputs.filter((output) => !/is enlarged from/.test(JSON.stringify(output)))
    .flatMap(({ output_type, data }) => data ? Object.keys(data) : [output_type]);
  // A picture is shown as JPEG or as PNG, whichever is smaller.
  return [...new Set(all.map((kind) => kind.replace(/image\/(jpeg|png)/, "picture")))].sort();
}

/** How many notebooks run at the same time: much of the time a kernel computes on one core. */
const JOBS = Math.min(2, navigator.hardwareConcurrency);

/** The notebooks at a tiny size, run twice, by their names; begun with the first test that asks. */
type Run = { code: number; said: string; path: string };
let runs: Map<string, PromiseWithResolvers<Run>> | undefined;
const folder = Deno.makeTempDirSync({ prefix: "stylebook-notebooks-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

function runOf(name: string): Promise<Run> {
  if (runs === undefined) {
    const all = listNotebooks();
    runs = new Map(all.map((path) => [basename(path), Promise.withResolvers<Run>()]));
    inTurn(all, { jobs: JOBS, alone: () => false }, async (path) => {
      const { code, said } = await run(
        "run_notebooks.ts",
        [path, "--again", "--output", folder],
        TINY,
      );
      runs!.get(basename(path))!.resolve({ code, said, path: join(folder, basename(path)) });
    });
  }
  return runs.get(name)!.promise;
}

for (const path of listNotebooks()) {
  const name = basename(path);

  Deno.test(`${name} is committed with the outputs of one whole run`, () => {
    const text = Deno.readTextFileSync(path);
    assert(text.length < 1_500_000, `${text.length} bytes`);
    const { metadata } = readNotebook(path);
    assertEquals((metadata.kernelspec as { name: string }).name, "deno");
    const cells = codeCells(readNotebook(path));
    assertEquals(cells.map((cell) => cell.execution_count), cells.map((_, i) => i + 1));
    for (const cell of cells) {
      assert(!kinds(cell).includes("error"), `An error: ${sourceOf(cell)}`);
      for (const { output_type, data = {} } of cell.outputs ?? []) {
        if (output_type !== "execute_result") continue;
        // A value without a display of its own, such as an assignment's, is printed with all its arrays.
        const isRaw = Object.keys(data).join() === "text/plain";
        const { length } = [data["text/plain"]].flat().join("");
        assert(!isRaw || length < 2000, `A raw value of ${length} characters: ${sourceOf(cell)}`);
      }
      const shown = JSON.stringify(cell.outputs ?? []);
      const paths = shown.match(/file:\/\/\/|\/home\/|\/Users\/|\/root\/|\/tmp\/|[A-Z]:\\\\Users/g);
      assertEquals(paths, null, `A path of one machine in the outputs of: ${sourceOf(cell)}`);
    }
  });

  Deno.test({
    name: `${name} at a tiny size shows what it shows at full size, and each cell runs again`,
    ignore: !ready,
    // The next one runs meanwhile.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const { code, said, path: ran } = await runOf(name);
      assertEquals(code, 0, said);
      console.log(said.trim());
      const tiny = codeCells(readNotebook(ran));
      codeCells(readNotebook(path)).forEach((cell, i) => {
        assertEquals(kinds(tiny[i]!), kinds(cell), `Outputs of: ${sourceOf(cell)}`);
      });
    },
  });
}

Deno.test({
  name: "run_notebooks writes a notebook in place, the same at every run",
  ignore: !ready,
  fn: () =>
    inFolder(async (folder) => {
      const path = join(folder, "good.ipynb");
      const place = `console.log(${JSON.stringify(join(ROOT, "lib"))}, Deno.cwd());`;
      Deno.writeTextFileSync(path, notebook([place, "await Promise.resolve(7)"]));
      const first = await run("run_notebooks.ts", [path]);
      assertEquals(first.code, 0, first.said);
      assertMatch(first.said, /good: 2 code cells, \d+\.\d s, \d+ kB/);
      const text = Deno.readTextFileSync(path);
      const { cells, metadata } = readNotebook(path);
      assertEquals(cells.map((cell) => cell.execution_count), [1, 2]);
      assertStringIncludes(JSON.stringify(cells[0]!.outputs), '"lib ');
      assertStringIncludes(JSON.stringify(cells[1]!.outputs), "7");
      assertEquals(Object.keys(metadata).sort(), ["kernelspec", "language_info"]);
      assert(!text.includes("iopub"), "Times of execution were kept");
      assertEquals((await run("run_notebooks.ts", [path])).code, 0);
      assertEquals(Deno.readTextFileSync(path), text);
    }),
});

Deno.test({
  name: "run_notebooks keeps the old file when a cell fails, and goes on with the others",
  ignore: !ready,
  fn: () =>
    inFolder(async (folder) => {
      const sources = {
        throws: ["1", "throw new TypeError('no such layer')"],
        syntax: ["const a = ;"],
        dies: ["Deno.exit(1)"],
        large: ["console.log('x'.repeat(1_600_000))"],
        good: ["1"],
      };
      const paths = Object.entries(sources).map(([name, cells]) => {
        Deno.writeTextFileSync(join(folder, `${name}.ipynb`), notebook(cells));
        return join(folder, `${name}.ipynb`);
      });
      const { code, said } = await run("run_notebooks.ts", paths);
      assertEquals(code, 1, said);
      assertMatch(said, /throws: code cell 2 failed after .*: TypeError: no such layer/);
      assertMatch(said, /syntax: code cell 1 failed after .*: SyntaxError: Expression expected/);
      assertMatch(said, /dies: code cell 1 failed after .*: the kernel died/);
      assertMatch(said, /large: 160\d kB is over the limit of 1500 kB \(cell 1 160\d kB\)/);
      assertStringIncludes(
        said,
        "Failed: throws.ipynb, syntax.ipynb, dies.ipynb, large.ipynb",
      );
      for (const [name, cells] of Object.entries(sources)) {
        const now = Deno.readTextFileSync(join(folder, `${name}.ipynb`));
        assertEquals(now === notebook(cells), name !== "good", name);
      }
      assertEquals([...Deno.readDirSync(folder)].length, paths.length); // nothing is left beside
    }),
});

Deno.test("check_cells reports types, lint and format by cell and line, and leaves no file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "bad.ipynb");
    const cells = ["const size = 3;", "", 'console.log(size);\nconst name: number = "x"', "name;"];
    Deno.writeTextFileSync(path, notebook(cells));
    const { code, said } = await run("check_cells.ts", [path]);
    assertEquals(code, 1);
    assertMatch(said, /TS2322[^]*bad\.ipynb, code cell 2, line 2:7/);
    assertMatch(said, /from .*bad\.ipynb, code cell 2/);
    assertStringIncludes(said, "--fix");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["bad.ipynb"]);

    const twice = ["const size = 3;\nsize;", "const size = 4;\nsize;"];
    Deno.writeTextFileSync(path, notebook(twice));
    assertStringIncludes((await run("check_cells.ts", [path])).said, "only once over all cells");
  }));

Deno.test("check_cells --fix formats the cells and touches nothing else", () =>
  inFolder(async (folder) => {
    const path = join(folder, "loose.ipynb");
    Deno.writeTextFileSync(path, notebook(["const size=3", "size"]) + "\n");
    assertEquals((await run("check_cells.ts", ["--fix", path])).code, 0);
    assertEquals(Deno.readTextFileSync(path), notebook(["const size = 3;", "size;"]) + "\n");
    const { code, said } = await run("check_cells.ts", [path]);
    assertEquals(code, 0, said);
  }));

Deno.test("run_notebooks --restore brings a notebook back as it was committed", () =>
  inFolder(async (folder) => {
    const git = async (...args: string[]) => {
      const who = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
      const { success, stderr } = await new Deno.Command("git", {
        args: [...who, ...args],
        cwd: folder,
      }).output();
      assert(success, new TextDecoder().decode(stderr));
    };
    const path = join(folder, "mine.ipynb");
    Deno.writeTextFileSync(path, notebook(["1"]));
    const lost = await run("run_notebooks.ts", ["--restore", path]);
    assertEquals(lost.code, 1, "it is in no repository");
    assertStringIncludes(lost.said, "Cannot restore");
    await git("init", "--quiet");
    await git("add", ".");
    await git("commit", "--quiet", "--message", "first");
    Deno.writeTextFileSync(path, notebook(["2"]));
    const { code, said } = await run("run_notebooks.ts", ["--restore", path]);
    assertEquals(code, 0, said);
    assertStringIncludes(said, "Restored");
    assertEquals(Deno.readTextFileSync(path), notebook(["1"]));
    assertEquals((await run("run_notebooks.ts", ["--restore", path])).said, "");
  }));

Deno.test("every notebook links to the ones before and after it and to the contents, and each link leads somewhere", () => {
  const paths = listNotebooks();
  const contents = Deno.readTextFileSync(join(ROOT, "notebooks", "README.md"));
  paths.forEach((path, i) => {
    const name = basename(path);
    assertStringIncludes(contents, `](${name})`);
    const cells = readNotebook(path).cells.filter(({ cell_type }) => cell_type === "markdown");
    const wanted = [
      "README.md",
      ...[paths[i - 1], paths[i + 1]].flatMap((path) => path === undefined ? [] : basename(path)),
    ];
    for (const cell of [cells[0]!, cells.at(-1)!]) {
      for (const target of wanted) {
        assert(sourceOf(cell).includes(`](${target})`), `${name} has no link to ${target}`);
      }
    }
    const text = cells.map(sourceOf).join("\n");
    for (const [, target] of text.matchAll(/(?:\]\(|href=")(?!http|#)([^)"#]+)/g)) {
      Deno.statSync(join(ROOT, "notebooks", target!));
    }
  });
});

Deno.test({
  name: "run_notebooks --again runs the cells a second time, and says which of them cannot",
  ignore: !ready,
  fn: () =>
    inFolder(async (folder) => {
      const good = join(folder, "good.ipynb");
      const spent = join(folder, "spent.ipynb");
      Deno.writeTextFileSync(good, notebook(["const n = 7;", "n"]));
      const once = "if (globalThis.spent) throw new Error('gone');\nglobalThis.spent = true;";
      Deno.writeTextFileSync(spent, notebook(["1", once]));
      const { code, said } = await run("run_notebooks.ts", ["--again", good, spent]);
      assertEquals(code, 1, said);
      assertMatch(said, /good: 2 code cells twice, /);
      assertMatch(said, /spent: code cell 2, run again, failed after .*: Error: gone/);
      const cells = readNotebook(good).cells;
      assertEquals(cells.map((cell) => cell.execution_count), [1, 2]);
    }),
});
