/**
 * What the commands have in common: flags and their help, wrong usage, paths as the user means them,
 * signals, and how a command ends.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cannot, describe, nearest } from "../base/check.ts";

/** The command was typed wrongly. */
export class UsageError extends Error {}

/**
 * A flag: its help, the letter that stands for it, what stands for its text (none: a switch), and whether it
 * may be given several times.
 */
export type Flag = { help: string; short?: string; value?: string; many?: boolean };

/** What was typed: the texts of the flags that were given, and the words that belong to none. */
export type Typed<Name extends string> = {
  values: Partial<Record<Name, string>>;
  /** All texts of the flags that may be given several times, in order. */
  lists: Partial<Record<Name, string[]>>;
  words: string[];
};

/**
 * Flags and words of a command line; a switch that is given has the text `true`.
 *
 * @throws {UsageError} for an unknown flag, one without its text, or one given twice.
 */
export function parseCommand<Name extends string>(
  args: readonly string[],
  flags: Readonly<Record<Name, Flag>>,
): Typed<Name> {
  const known = flags as Readonly<Record<string, Flag>>;
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { short, value }]) => [name, {
      type: value === undefined ? "boolean" as const : "string" as const,
      ...(short && { short }),
    }]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const flag = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!flag) {
      const near = nearest(name, Object.keys(known));
      const hint = near === undefined ? "" : ` (did you mean --${near}?)`;
      throw new UsageError(cannot("run", `there is no such flag${hint}`, describe(rawName)));
    }
    if (Object.hasOwn(values, name) && !flag.many) {
      throw new UsageError(cannot("run", `--${name} must be given once`, "given again"));
    }
    const isSwitch = flag.value === undefined;
    if (isSwitch !== (value === undefined)) {
      const rule = isSwitch ? `--${name} takes no text` : `--${name} needs a text`;
      throw new UsageError(cannot("run", rule, isSwitch ? describe(value) : "none"));
    }
    values[name] = value ?? "true";
    if (flag.many) lists[name] = [...lists[name] ?? [], values[name]!];
  }
  return {
    values: values as Partial<Record<Name, string>>,
    lists: lists as Partial<Record<Name, string[]>>,
    words,
  };
}

/** The lines of help on flags, one each. */
export function flagHelp(flags: Readonly<Record<string, Flag>>): string {
  return Object.entries(flags).map(([name, { short, value = "", help }]) =>
    `  ${`--${name}${short ? `, -${short}` : ""} ${value}`.padEnd(26)} ${help}`.trimEnd()
  ).join("\n");
}

/** Runs a check whose failure means that the command was typed wrongly. @throws {UsageError} */
export function usage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** As {@linkcode usage}, for a check that takes time. @throws {UsageError} */
export async function usageOf<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/**
 * A place as the user means it: an address on the web stays as it is, a path counts from where the command
 * was called (`deno task` runs it in the project's root and says so in `INIT_CWD`).
 *
 * @throws {UsageError} for an empty text, or a `file:` address that is none.
 */
export function placeOf(text: string): string {
  if (/^https?:/i.test(text)) return text;
  if (text.trim() === "") {
    throw new UsageError(cannot("run", "a path must be given", describe(text)));
  }
  const path = /^file:/i.test(text) ? usage(() => fileURLToPath(text)) : text;
  return resolve(Deno.env.get("INIT_CWD") || Deno.cwd(), path);
}

/** The exit codes, for the help of a command. */
export const EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong usage; stopped 130 (Ctrl-C), " +
  "143 (kill), 129 (closed terminal)";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Whether the command is to stop, and the exit code by which it says so. */
export type Stop = { signal: AbortSignal; code(): number | undefined };

/** Turns Ctrl-C, `kill` and a closed terminal into a request to stop; a second Ctrl-C ends at once. */
export function stopOnSignals(): Stop {
  const abort = new AbortController();
  let code: number | undefined;
  for (const [name, itsCode] of Object.entries(SIGNALS) as [Deno.Signal, number][]) {
    try {
      Deno.addSignalListener(name, () => {
        if (code !== undefined && name === "SIGINT") Deno.exit(itsCode);
        code ??= itsCode;
        abort.abort();
      });
    } catch {
      // Windows has no SIGTERM.
    }
  }
  return { signal: abort.signal, code: () => code };
}

/** A text with the characters that would act on a terminal written out as `\u001b`. */
export const printable = (text: string): string =>
  text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const textOf = (error: unknown) => error instanceof Error ? error.message : String(error);

/** What is said where a permission is missing: which task has it. */
function permissionText(name: string, error: unknown): string | undefined {
  if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  const advice = error.message.includes("net access")
    ? `deno task ${name}:web may reach every server; or fetch the file first`
    : error.message.includes("run access")
    ? `deno task ${name}:jobs may start further processes`
    : "give the permission to deno run";
  return `Cannot run as a permission is missing: ${error.message.split(",")[0]}\n${advice}`;
}

/**
 * Runs a command to its exit code: what it throws becomes a line on the error output and 1, or 2 with a
 * hint at `--help` where the usage was wrong.
 */
export async function exitCodeOf(name: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    console.error(printable(permissionText(name, error) ?? textOf(error)));
    if (!(error instanceof UsageError)) return 1;
    console.error(`Try: deno task ${name} --help`);
    return 2;
  }
}
