/**
 * The line that the tutorial prints.
 *
 * @module
 */

/** Two digits and a two-digit exponent, as Python's `{:.2e}` writes numbers. */
function scientific(value: number): string {
  return value.toExponential(2).replace(/e([+-])(\d)$/, "e$10$2");
}

/**
 * The adjustments of the losses in the tutorial's words.
 *
 * @param adjustments by the name of the loss: numbers, or the values that a frame gives
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adjustmentLine } from "stylebook";
 *
 * assertEquals(
 *   adjustmentLine({ content: 5.18e-11, style: 2.14e-29, denoise: 5.61e-6 }),
 *   "Weight Adj. for Content: 5.18e-11, Style: 2.14e-29, Denoise: 5.61e-06",
 * );
 * ```
 */
export function adjustmentLine(
  adjustments: Record<string, number | { adjustment: number }>,
): string {
  const parts = Object.entries(adjustments).map(([name, value]) => {
    const number = typeof value === "number" ? value : value.adjustment;
    return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${scientific(number)}`;
  });
  return `Weight Adj. for ${parts.join(", ")}`;
}
