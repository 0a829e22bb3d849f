/**
 * Help in a notebook: what a function takes, from its own documentation. The text comes from a table that
 * `deno task help` makes of the doc comments.
 *
 * @module
 */
import { cannot, describe, nearest } from "../base/check.ts";
import { escapeXml } from "../base/words.ts";
import entries from "./help.json" with { type: "json" };
import { type Html, htmlFigure } from "./html.ts";
import { table } from "./table.ts";

/** An option of a function, or one of the things that it takes before its options. */
export type HelpOption = {
  name: string;
  type: string;
  /** Empty where there is none. */
  default: string;
  /** What it is. */
  line: string;
  positional?: true;
};

/** What is known of a function. */
export type HelpEntry = { call: string; line: string; options: HelpOption[] };

const HELP = entries as unknown as Record<string, HelpEntry>;

/**
 * What a function or preset of the library takes: each option with its type, its default and a line. As
 * the last line of a cell: `help(stylize)`. Without an argument it lists all functions.
 *
 * @param what a function of the library, or its name
 *
 * @throws {RangeError} when the library has no such function.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { adam, help } from "stylebook";
 *
 * assertStringIncludes(help(adam).text, "stepSize");
 * ```
 */
// deno-lint-ignore no-explicit-any -- any function may be asked about
export function help(what?: string | ((...args: any[]) => unknown)): Html {
  if (what === undefined) return listAll();
  const name = typeof what === "function" ? what.name : what;
  const entry = Object.hasOwn(HELP, name) ? HELP[name] : undefined;
  if (!entry) {
    const near = typeof name === "string" ? nearest(name, Object.keys(HELP)) : undefined;
    const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
    const rule = `it must be a function of the library${hint}: help() lists them`;
    throw new RangeError(cannot("help", rule, describe(name)));
  }
  const { call, line, options } = entry;
  const rows: Record<string, string>[] = options.map((
    { name, type, default: value, line, positional },
  ) => ({
    [positional ? "takes" : "option"]: name,
    type,
    ...(!positional && { default: value }),
    "what it is": line,
  }));
  const taken = rows.filter((row) => "takes" in row);
  const optional = rows.filter((row) => "option" in row);
  const tables = [taken, optional].filter((rows) => rows.length > 0).map((rows) => table(rows));
  return htmlFigure(
    `<p><code>${escapeXml(call)}</code><br>${escapeXml(line)}</p>` +
      tables.map(({ html }) => html).join(""),
    [call, line, ...tables.map(({ text }) => text)].join("\n"),
  );
}

function listAll(): Html {
  const { html, text } = table(
    Object.entries(HELP).map(([name, { line }]) => ({ function: name, "what it does": line })),
  );
  return htmlFigure(`<p>More of each: <code>help(stylize)</code></p>${html}`, text);
}
