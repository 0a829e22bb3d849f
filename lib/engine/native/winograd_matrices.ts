/**
 * The numbers of Winograd's convolutions: F(4x4, 3x3), 4x4 results of a 3x3 filter from a 6x6 tile of
 * the input with 36 multiplications instead of 144, and F(2x2, 3x3) with 16 instead of 36, whose
 * transformed filters take less than half the memory.
 *
 * Along one axis, the product of two polynomials is known from its values at some points and its
 * highest coefficient ("the point infinity"); a convolution is the transpose of that product:
 * `y = Aᵀ ((G g) · (Bᵀ d))`. In two dimensions the three matrices apply from both sides.
 *
 * Sources: Winograd 1980, "Arithmetic complexity of computations"; Lavin, Gray 2015
 * (arXiv 1509.09308). The points are among the most accurate ones in Barabasz, Anderson, Soodhalter,
 * Gregg 2018 (arXiv 1803.10986).
 *
 * @module
 */
/** Results per tile along an axis. */
export type Tile = 4 | 2;
export const TILES: readonly Tile[] = [4, 2];

/** Numbers read per tile along an axis: the results and what a 3x3 filter reaches beyond them. */
export const reachOf = (tile: number) => tile + 2;

const POINTS: Record<Tile, readonly number[]> = {
  4: [0, 1, -1, 2, -1 / 2, Infinity],
  2: [0, 1, -1, Infinity],
};

type Triple<T = number> = [T, T, T];

/** Transforms along one axis. */
export type WinogradMatrices = {
  /** Of the input: `Bᵀ [6, 6]`. */
  readonly input: number[][];
  /** Of the filter: `G [6, 3]`. */
  readonly filter: Triple[];
  /** Of the products: `Aᵀ [4, 6]`. */
  readonly output: number[][];
};

/** The matrices of the forward convolution. */
export const FORWARD: Record<Tile, WinogradMatrices> = {
  4: winogradMatrices(POINTS[4]),
  2: winogradMatrices(POINTS[2]),
};

/**
 * The matrices of the gradient, the convolution with the filter turned by 180 degrees: a polynomial
 * with its coefficients in reverse order has at `1 / p` the value of the original at `p`, up to a
 * factor that the scaling of `filter` takes away. So the transformed filters of `FORWARD` serve here
 * as they are.
 */
export const TURNED: Record<Tile, WinogradMatrices> = {
  4: winogradMatrices(POINTS[4].map((point) => 1 / point)),
  2: winogradMatrices(POINTS[2].map((point) => 1 / point)),
};

/** Builds the matrices for some points, one of them infinity. */
export function winogradMatrices(points: readonly number[]): WinogradMatrices {
  const finite = points.filter(Number.isFinite);
  const tile = points.length - 2;
  const input: number[][] = [];
  const filter: Triple[] = [];
  for (const point of points) {
    const others = finite.filter((other) => other !== point);
    const coefficients = others.reduce(timesLinear, [1]);
    if (point === 0 || !Number.isFinite(point)) {
      const value = others.reduce((product, other) => product * (point - other), 1);
      const scale = point === 0 ? 1 / value : 1;
      input.push(padded(coefficients.map((c) => c * scale), points.length));
      filter.push(point === 0 ? [1, 0, 0] : [0, 0, 1]);
      continue;
    }
    // Scaled to be the same for p and 1/p; the powers of two keep the input's matrix exact.
    const value = others.reduce((product, other) => product * (point - other), 1);
    const scale = Math.abs(point) === 1 ? 1 / Math.abs(value) : 4 / 15;
    const factor = Math.round(1024 * Math.abs(point) / (value * scale)) / 1024;
    input.push(padded(coefficients.map((c) => c * factor), points.length));
    filter.push([scale / Math.abs(point), Math.sign(point) * scale, Math.abs(point) * scale]);
  }
  const output = Array.from(
    { length: tile },
    (_, power) =>
      points.map((point) => Number.isFinite(point) ? point ** power : Number(power === tile - 1)),
  );
  return { input, filter, output };
}

/** Coefficients, lowest first, of a polynomial times `x - root`. */
function timesLinear(coefficients: number[], root: number): number[] {
  return [0, ...coefficients].map((c, i) => c - root * (coefficients[i] ?? 0));
}

function padded(coefficients: number[], length: number): number[] {
  return [...coefficients, ...Array(length - coefficients.length).fill(0)];
}
