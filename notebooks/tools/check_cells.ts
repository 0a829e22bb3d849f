/**
 * Type check, lint and format of the notebooks' code cells, which `deno check` and `deno lint` do not
 * read. (`deno fmt --check` of 2.8.1 calls every cell unformatted that does not end in a newline.)
 *
 * The cells of a notebook are joined into `.NAME.check.ts` beside it for as long as the check takes;
 * what is found is reported by cell and line. Cells are numbered as a fresh "Run All" numbers them.
 * `notebooks/deno.json` lets an index be taken for a hit there: cells are for reading.
 *
 *     deno run -A notebooks/tools/check_cells.ts [--fix] [NOTEBOOK…]
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { writeWhole } from "../../lib/base/files.ts";
import { ROOT } from "./environment.ts";
import { type Cell, findNotebook, listNotebooks, type Notebook } from "./notebook_files.ts";
import { readNotebook, shown, sourceOf } from "./notebook_files.ts";

/** A notebook while it is checked. */
type Draft = {
  path: string;
  notebook: Notebook;
  cells: Cell[];
  /** All cells in one file, and each in its own. */
  joined: string;
  single: string[];
  /** The first line of each cell in the joined file, from 1. */
  starts: number[];
};

function draft(path: string): Draft {
  const notebook = readNotebook(path);
  const cells = notebook.cells.filter((cell) => cell.cell_type === "code" && sourceOf(cell).trim());
  const stem = join(dirname(path), `.${basename(path, ".ipynb")}`);
  const starts: number[] = [];
  let line = 1;
  for (const cell of cells) {
    starts.push(line);
    line += sourceOf(cell).split("\n").length;
  }
  const single = cells.map((_, i) => `${stem}.${i + 1}.check.ts`);
  return { path, notebook, cells, joined: `${stem}.check.ts`, single, starts };
}

function write({ cells, joined, single }: Draft): void {
  const sources = cells.map((cell) => sourceOf(cell) + "\n");
  Deno.writeTextFileSync(joined, sources.join("") + "export {};\n");
  single.forEach((file, i) => Deno.writeTextFileSync(file, sources[i]!));
}

function erase({ joined, single }: Draft): void {
  for (const file of [joined, ...single]) {
    try {
      Deno.removeSync(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Puts the formatted cells back into the notebook; says whether that changed anything. */
async function takeOver({ path, notebook, cells, single }: Draft): Promise<boolean> {
  let changed = false;
  cells.forEach((cell, i) => {
    const formatted = Deno.readTextFileSync(single[i]!).replace(/\n$/, "");
    if (formatted === sourceOf(cell)) return;
    cell.source = formatted.split(/(?<=\n)/);
    changed = true;
  });
  if (changed) {
    await writeWhole(path, JSON.stringify(notebook, null, 1) + "\n", `write ${shown(path)}`);
  }
  return changed;
}

/** Runs Deno over temporary files; nothing, or what it said, by notebook, cell and line. */
async function ask(args: string[], files: string[], drafts: Draft[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, ...files],
    cwd: ROOT,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
  }).output();
  if (success) return "";
  const decoder = new TextDecoder();
  let text = decoder.decode(stdout) + decoder.decode(stderr);
  for (const { path, joined, single, starts } of drafts) {
    const place = (cell: number) => `${shown(path)}, code cell ${cell}`;
    for (const [i, file] of single.entries()) {
      text = text.replaceAll(file, place(i + 1));
    }
    for (const name of [new URL(`file://${encodeURI(joined)}`).href, joined, shown(joined)]) {
      const parts = text.split(`${name}:`);
      text = parts[0] + parts.slice(1).map((rest) => {
        const line = Number(rest.match(/^\d+/)?.[0] ?? 1);
        const cell = starts.findLastIndex((start) => start <= line);
        return `${place(cell + 1)}, line ` + rest.replace(/^\d+/, `${line - starts[cell]! + 1}`);
      }).join("");
      text = text.replaceAll(name, shown(path));
    }
  }
  return text.trim();
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: { fix: { type: "boolean", default: false } },
  });
  const paths = positionals.length > 0 ? positionals.map(findNotebook) : listNotebooks();
  const drafts = paths.map(draft).filter(({ cells }) => cells.length > 0);
  if (drafts.length === 0) {
    console.log("No notebook to check");
    return 0;
  }
  const problems: string[] = [];
  const tidy = () => drafts.forEach(erase);
  Deno.addSignalListener("SIGINT", () => {
    tidy();
    Deno.exit(130);
  });
  try {
    drafts.forEach(write);
    const joined = drafts.map((each) => each.joined);
    const single = drafts.flatMap((each) => each.single);
    const format = values.fix ? ["fmt", "--quiet"] : ["fmt", "--check"];
    problems.push(
      ...await Promise.all([
        ask(["check", "--quiet"], joined, drafts),
        ask(["lint", "--quiet"], joined, drafts),
        ask(format, single, drafts),
      ]),
    );
    if (values.fix) {
      for (const each of drafts) {
        if (await takeOver(each)) console.log(`Formatted ${shown(each.path)}`);
      }
    }
  } finally {
    tidy();
  }
  const found = problems.filter((text) => text !== "");
  if (found.length === 0) {
    const count = drafts.reduce((sum, { cells }) => sum + cells.length, 0);
    console.log(`Checked ${count} code cells of ${drafts.length} notebooks`);
    return 0;
  }
  console.error(found.join("\n\n"));
  if (/TS2451|TS2300|already been declared/.test(found.join("\n"))) {
    console.error("\nA name may be declared or imported only once over all cells of a notebook.");
  }
  if (problems[2] !== "") console.error("\nTo format the cells, run this again with --fix.");
  return 1;
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(2);
}
