/**
 * Tables of numbers, in the three forms that viewers of notebooks understand.
 *
 * @module
 */
import { DISPLAY, type Figure } from "./publish.ts";
import { alignColumns, escapeXml, shortNumber } from "../base/words.ts";

/** A table: shown as the last line of a cell or by `await show(table)`. */
export type Table = Figure & { readonly html: string; readonly markdown: string };

/** How a {@link table} writes its numbers. */
export type TableOptions = {
  /** Significant digits. */
  digits?: number;
};

/**
 * Rows of named values as a table; the columns are all names that occur, in the order of their first use.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { table } from "./table.ts";
 *
 * const { text } = table([{ layer: "relu1_1", share: 0.123456 }], { digits: 2 });
 * assertEquals(text, "layer    share\nrelu1_1   0.12");
 * ```
 */
export function table(
  rows: readonly Record<string, string | number | undefined>[],
  options: TableOptions = {},
): Table {
  const { digits = 3 } = options;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  // A column is set to the right if it holds numbers only.
  const numeric = columns.map((column) => rows.every((row) => typeof row[column] !== "string"));
  const cells = rows.map((row) =>
    columns.map((column) => {
      const value = row[column] ?? "";
      return typeof value === "number" ? shortNumber(value, digits) : value;
    })
  );

  // Both ways to say it: GitHub drops styles, JupyterLab overrules the attribute.
  const side = (i: number) => numeric[i] ? "right" : "left";
  const htmlRow = (row: string[], tag: string) =>
    "<tr>" + row.map((cell, i) =>
      `<${tag} align="${side(i)}" style="text-align: ${side(i)}">${escapeXml(cell)}</${tag}>`
    ).join("") + "</tr>";
  const html = `<table><thead>${htmlRow(columns, "th")}</thead><tbody>` +
    cells.map((row) => htmlRow(row, "td")).join("") + "</tbody></table>";

  const markdownRow = (row: string[]) =>
    `| ${row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  const rule = columns.map((_, i) => numeric[i] ? "---:" : ":---");
  const markdown = [columns, rule, ...cells].map(markdownRow).join("\n");

  const text = alignColumns([columns, ...cells], columns.map((_, i) => side(i)));
  const bundle = { "text/html": html, "text/markdown": markdown, "text/plain": text };
  return { html, markdown, text, [DISPLAY]: () => bundle };
}
