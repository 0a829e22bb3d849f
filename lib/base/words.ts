/**
 * Numbers, times and lines of text, as the displays print them.
 *
 * @module
 */

/**
 * A number in about `digits` significant digits: whole numbers up to a million in full, very large and
 * very small ones as `4.13e-28`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shortNumber } from "./words.ts";
 *
 * assertEquals([0.25, 1200, 5.18e-11, 4.7e28].map((value) => shortNumber(value)), [
 *   "0.25",
 *   "1200",
 *   "5.18e-11",
 *   "4.7e28",
 * ]);
 * ```
 */
export function shortNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e6 && Number.isInteger(value)) return String(value);
  const rounded = Number(value.toPrecision(digits));
  if (size >= 1e-3 && size < 1e6) return String(rounded);
  return String(rounded.toExponential()).replace("e+", "e");
}

/** Seconds as a clock shows them, `1:21` or `2:03:09`; `?` where they are not known. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const two = (part: number) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/** How long something took, with its unit: `0.42 s`, `8.3 s`, `1:21 min`, `2:03:09 h`. */
export function duration(seconds: number): string {
  if (seconds < 59.5) return `${shortNumber(seconds, 2)} s`;
  return `${clock(seconds)} ${seconds < 3599.5 ? "min" : "h"}`;
}

/** The text with the characters that XML and HTML keep for themselves written out. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/**
 * Rows of cells as lines of text in columns; without `sides` the first column is set to the left and the
 * others to the right.
 */
export function alignColumns(rows: string[][], sides: ("left" | "right")[] = ["left"]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, i) =>
      sides[i] === "left" ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
    )
      .join("  ").trimEnd()
  ).join("\n");
}
