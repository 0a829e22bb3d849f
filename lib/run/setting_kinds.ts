/**
 * What the value of a setting may be, and the check that it is.
 *
 * @module
 */
import { cannot, checkOneOf, describe } from "../base/check.ts";
import { bytesOf } from "../base/memory.ts";

/** What a setting may be, and a line for people. */
export type SettingKind =
  & { help: string }
  & (
    | {
      kind: "number";
      least?: number;
      above?: number;
      most?: number;
      whole?: boolean;
      /** What may stand instead. */
      words?: readonly string[];
    }
    /** A number of bytes, or a text such as `2GB`. */
    | { kind: "bytes" }
    /** A list of numbers; unless `list`, a single one stands for all. */
    | { kind: "numbers"; least?: number; above?: number; whole?: boolean; list?: boolean }
    | { kind: "switch" }
    | { kind: "choice"; choices: readonly (string | number)[] }
    | { kind: "layers" }
  );

/** Throws unless a value is of the kind; `name` is how the message calls it. */
export function checkSetting(what: string, name: string, value: unknown, kind: SettingKind): void {
  if (kind.kind === "choice") return checkOneOf(what, name, value, kind.choices as unknown[]);
  if (kind.kind === "switch") {
    if (typeof value === "boolean") return;
    throw new TypeError(cannot(what, `${name} must be true or false`, describe(value)));
  }
  if (kind.kind === "layers") {
    const fits = Array.isArray(value) && value.length > 0 &&
      value.every((layer) => typeof layer === "string" && layer !== "");
    if (fits) return;
    throw new TypeError(cannot(what, `${name} must be a list of layers`, describe(value)));
  }
  if (kind.kind === "numbers") {
    if (Array.isArray(value) ? value.length === 0 : kind.list) {
      throw new TypeError(cannot(what, `${name} must be a list of numbers`, describe(value)));
    }
    for (const each of [value].flat()) {
      checkSetting(what, name, each, { ...kind, kind: "number" });
    }
    return;
  }
  if (kind.kind === "bytes") return void bytesOf(value, what, name);
  const { least = -Infinity, above = -Infinity, most = Infinity, whole = false, words = [] } = kind;
  if (words.includes(value as string)) return;
  const rules = [
    `${name} must be a ${whole ? "whole " : ""}number`,
    ...(least > -Infinity ? [`of at least ${least}`] : []),
    ...(above > -Infinity ? [`above ${above}`] : []),
    ...(most < Infinity ? [`of at most ${most}`] : []),
  ];
  const problem = cannot(what, rules.join(" "), describe(value));
  if (typeof value !== "number") throw new TypeError(problem);
  const fits = Number.isFinite(value) && value >= least && value > above && value <= most &&
    (!whole || Number.isSafeInteger(value));
  if (!fits) throw new RangeError(problem);
}
