/**
 * Which matrix products are put off (`deferral.ts`), and which have a first factor that is mostly 0.
 *
 * @module
 */
import type { FewNumbers } from "./deferral.ts";
import type { MatMulOptions } from "./operations.ts";

/** Smaller products are not worth putting off. */
const FEWEST_DEFERRED = 65536;

type Factors = Omit<MatMulOptions, "y">;

/** Such a matrix has at most so many numbers a row on average. */
const NUMBERS_A_ROW = 2;

/**
 * The first factor of a product if it has few numbers, as the blends between two rows of pixels have, or a
 * single column; undefined too where looking through it would not be worth it.
 */
export function fewNumbers({ a, b, transposeA, transposeB }: Factors): FewNumbers | undefined {
  if (a.dims.length !== 2 || b.dims.length !== 2 || transposeB) return undefined;
  // Not a Gram matrix: of features under a mask, half of which may be 0 in a row, it would look through all.
  if (a.data === b.data) return undefined;
  const [height, width] = a.dims as [number, number];
  const [rows, inner] = transposeA ? [width, height] : [height, width];
  if (inner > 1 && a.data.length > 2 * b.data.length) return undefined;
  const [down, right] = transposeA ? [1, width] : [width, 1];
  const most = NUMBERS_A_ROW * rows;
  if (hasMore(a.data, most)) return undefined;
  const starts = new Int32Array(rows + 1);
  const [places, factors] = [new Int32Array(most), new Float32Array(most)];
  let count = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < inner; x++) {
      const factor = a.data[y * down + x * right]!;
      if (factor === 0) continue;
      places[count] = x;
      factors[count++] = factor;
    }
    starts[y + 1] = count;
  }
  return { starts, places, factors };
}

/** Whether more than so many numbers are not 0: read one after the other, as most matrices have them soon. */
function hasMore(numbers: Float32Array, most: number): boolean {
  let left = most;
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] !== 0 && left-- === 0) return true;
  }
  return false;
}

/**
 * Whether a product is put off: if it takes much more memory than its second factor, such as the
 * gradient of a Gram matrix, `F (dG + dGᵀ)`, or of features that were blended between pixels. The network's
 * gradient needs that of its last layer first, and by the time it reaches the first layers it has given most
 * features back.
 */
export function suitsDeferring(
  { a, b, transposeA, transposeB }: Factors,
  size: number,
  few: FewNumbers | undefined,
): boolean {
  const plain = a.dims.length === 2 && b.dims.length === 2 && !transposeA && !transposeB;
  return (plain || !!few) && size >= FEWEST_DEFERRED && size >= 4 * b.data.length;
}
