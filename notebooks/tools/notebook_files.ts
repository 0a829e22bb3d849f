/**
 * Finds notebooks by name and reads their cells.
 *
 * @module
 */
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import { ROOT } from "./environment.ts";

/** A cell as the file holds it, as far as the tools need it. */
export type Cell = {
  id?: string;
  cell_type: "code" | "markdown" | "raw";
  source: string | string[];
  execution_count?: number | null;
  outputs?: Output[];
};

/** An output of a code cell. */
export type Output = {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  data?: Record<string, unknown>;
  text?: string | string[];
};

/** A notebook file. */
export type Notebook = { cells: Cell[]; metadata: Record<string, unknown>; nbformat: number };

/** Full paths of all notebooks of the project, in order. */
export function listNotebooks(): string[] {
  const folder = join(ROOT, "notebooks");
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => name.endsWith(".ipynb") && !name.startsWith("."))
    .map(({ name }) => join(folder, name))
    .sort();
}

/**
 * Full path of a notebook given by path (from the folder that the user is in, or from the project) or
 * by the start of its name: `04` is `notebooks/04_….ipynb`.
 *
 * @throws {Error} when there is none, or more than one; the message lists what there is
 */
export function findNotebook(name: string): string {
  // `deno task` changes to the project's folder; INIT_CWD is where the user typed the command.
  for (const folder of [Deno.env.get("INIT_CWD"), Deno.cwd(), ROOT]) {
    if (folder === undefined) continue;
    const path = resolve(folder, name);
    if (path.endsWith(".ipynb") && isFile(path)) return path;
  }
  const notebooks = listNotebooks();
  const found = isAbsolute(name) ? [] : notebooks.filter((path) => basename(path).startsWith(name));
  const [only] = found;
  if (only && found.length === 1) return only;
  const names = (found.length > 1 ? found : notebooks).map((path) => basename(path)).join(", ");
  throw new Error(
    `Cannot choose a notebook as the name must fit exactly one: current value is "${name}"` +
      ` (there ${names.includes(",") ? "are" : "is"} ${names || "none"})`,
  );
}

/** Reads and parses a notebook. */
export function readNotebook(path: string): Notebook {
  return JSON.parse(Deno.readTextFileSync(path));
}

/** The source of a cell as one string. */
export function sourceOf({ source }: Cell): string {
  return typeof source === "string" ? source : source.join("");
}

/** The path as shown to the user: from the project's folder where it lies inside. */
export function shown(path: string): string {
  const inside = relative(ROOT, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
