/**
 * Guards for arguments, and the one place that words errors. A notebook cell is not type-checked, so
 * a wrong value must be found here, and the message must say what was being done, which rule was
 * broken and what was given:
 *
 *     Cannot use Adam as stepSize must be a positive number: current value is -5
 *
 * A value of the wrong type gives a `TypeError`, a wrong value of the right type a `RangeError`.
 *
 * @module
 */

/**
 * The text of an error: `Cannot <what> as <rule>: current value is <value>`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   cannot("run", "iterations must be a positive integer", describe(0)),
 *   "Cannot run as iterations must be a positive integer: current value is 0",
 * );
 * ```
 */
export function cannot(what: string, rule: string, value: string): string {
  return `Cannot ${what} as ${rule}: current value is ${value}`;
}

/** A value as an error shows it: strings in quotes, arrays in brackets, objects by their class. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  }
  if (Array.isArray(value)) return `[${value.map(describe).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `an object of class ${value.constructor?.name ?? "Object"}`;
  }
  return typeof value === "function" ? "a function" : String(value);
}

function checkNumber(what: string, rule: string, value: unknown, holds: (v: number) => boolean) {
  if (typeof value !== "number") throw new TypeError(cannot(what, rule, describe(value)));
  if (!holds(value)) throw new RangeError(cannot(what, rule, describe(value)));
}

/** Throws unless `value` is 1, 2, 3, … */
export function checkPositiveInteger(
  what: string,
  name: string,
  value: unknown,
): asserts value is number {
  const rule = `${name} must be a positive integer`;
  checkNumber(what, rule, value, (v) => Number.isSafeInteger(v) && v > 0);
}

/** Throws unless `value` is a finite number above 0. */
export function checkPositive(what: string, name: string, value: unknown): asserts value is number {
  const rule = `${name} must be a positive number`;
  checkNumber(what, rule, value, (v) => Number.isFinite(v) && v > 0);
}

/** Throws unless `value` is a finite number, 0 or above. */
export function checkNonNegative(
  what: string,
  name: string,
  value: unknown,
): asserts value is number {
  const rule = `${name} must be a number that is not negative`;
  checkNumber(what, rule, value, (v) => Number.isFinite(v) && v >= 0);
}

/** Throws unless `value` is a number from `min` to `max`, both included. */
export function checkInRange(
  what: string,
  name: string,
  value: unknown,
  min: number,
  max: number,
): asserts value is number {
  const rule = `${name} must be a number from ${min} to ${max}`;
  checkNumber(what, rule, value, (v) => v >= min && v <= max);
}

/** Throws unless `value` is one of `choices`; the message lists them. */
export function checkOneOf<T>(
  what: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): asserts value is T {
  if ((choices as readonly unknown[]).includes(value)) return;
  const rule = `${name} must be one of ${choices.join(", ")}`;
  throw new RangeError(cannot(what, rule, describe(value)));
}

/**
 * Throws unless `shape` is `expected`, where a `null` in `expected` stands for any size; the message
 * writes it as `?`.
 */
export function checkShape(
  what: string,
  name: string,
  shape: readonly number[],
  expected: readonly (number | null)[],
): void {
  const fits = shape.length === expected.length &&
    expected.every((size, i) => size === null || size === shape[i]);
  if (fits) return;
  const wanted = expected.map((size) => size ?? "?").join(", ");
  throw new RangeError(cannot(what, `the shape of ${name} must be [${wanted}]`, describe(shape)));
}

/**
 * Throws unless every key of `options` is in `known`: a mistyped option would be passed over in
 * silence otherwise. The message names the known option that is nearest. No options at all are fine.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkOptions } from "./check.ts";
 *
 * assertThrows(
 *   () => checkOptions("read a picture", { max_size: 300 }, ["maxSize", "size"]),
 *   TypeError,
 *   "Cannot read a picture as its options must be among maxSize, size (did you mean maxSize?): " +
 *     'current value is "max_size"',
 * );
 * ```
 *
 * @throws TypeError
 */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  checkNoPromise(what, "the options", options);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(cannot(what, "its options must be an object", describe(options)));
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
    const rule = known.length > 0 ? `be among ${known.join(", ")}` : "be left out";
    throw new TypeError(cannot(what, `its options must ${rule}${hint}`, describe(key)));
  }
}

/** Throws if `value` is a promise, as it is where an `await` is missing. */
export function checkNoPromise(what: string, name: string, value: unknown): void {
  if (typeof (value as PromiseLike<unknown> | null | undefined)?.then !== "function") return;
  const rule = `${name} must be there, not promised (did you forget \`await\`?)`;
  throw new TypeError(cannot(what, rule, describe(value)));
}

/**
 * The word of `words` that `name` is probably meant to be: the one fewest edits away, letter case, `_`
 * and `-` left aside; none if more than a third of the letters would have to change.
 */
export function nearest(name: string, words: readonly string[]): string | undefined {
  const plain = (word: string) => word.toLowerCase().replaceAll(/[_-]/g, "");
  let [best, fewest]: [string | undefined, number] = [undefined, Infinity];
  for (const word of words) {
    const edits = editDistance(plain(name), plain(word));
    const most = Math.ceil(Math.max(plain(name).length, plain(word).length) / 3);
    if (edits < fewest && edits <= most) [best, fewest] = [word, edits];
  }
  return best;
}

/** How many letters must be put in, left out or replaced to turn `a` into `b` (Levenshtein, 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
