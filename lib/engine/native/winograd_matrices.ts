/**
 * The numbers of Winograd's convolution F(4x4, 3x3): 4x4 results of a 3x3 filter from a 6x6 tile of
 * the input, with 36 multiplications instead of 144.
 *
 * Along one axis, the product of two polynomials is known from its values at five points and its
 * highest coefficient ("the point infinity"); a convolution is the transpose of that product:
 * `y = Aᵀ ((G g) · (Bᵀ d))`. In two dimensions the three matrices apply from both sides.
 *
 * Sources: Winograd 1980, "Arithmetic complexity of computations"; Lavin, Gray 2015
 * (arXiv 1509.09308). The points are among the most accurate ones in Barabasz, Anderson, Soodhalter,
 * Gregg 2018 (arXiv 1803.10986).
 *
 * @module
 */
import { partsOf } from "./lanes.ts";
import type { FilterShape } from "./layout.ts";
import type { Operations } from "./operations.ts";

/** Results per tile along an axis. */
export const TILE = 4;
/** Numbers read per tile along an axis: the results and what a 3x3 filter reaches beyond them. */
export const REACH = 6;

const POINTS = [0, 1, -1, 2, -1 / 2, Infinity];

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
export const FORWARD: WinogradMatrices = winogradMatrices(POINTS);

/**
 * The matrices of the gradient, the convolution with the filter turned by 180 degrees: a polynomial
 * with its coefficients in reverse order has at `1 / p` the value of the original at `p`, up to a
 * factor that the scaling of `filter` takes away. So the transformed filters of `FORWARD` serve here
 * as they are.
 */
export const TURNED: WinogradMatrices = winogradMatrices(POINTS.map((point) => 1 / point));

/** Builds the matrices for six points, one of them infinity. */
export function winogradMatrices(points: readonly number[]): WinogradMatrices {
  const finite = points.filter(Number.isFinite);
  const input: number[][] = [];
  const filter: Triple[] = [];
  for (const point of points) {
    const others = finite.filter((other) => other !== point);
    const coefficients = others.reduce(timesLinear, [1]);
    if (point === 0 || !Number.isFinite(point)) {
      const value = others.reduce((product, other) => product * (point - other), 1);
      const scale = point === 0 ? 1 / value : 1;
      input.push(padded(coefficients.map((c) => c * scale)));
      filter.push(point === 0 ? [1, 0, 0] : [0, 0, 1]);
      continue;
    }
    // Scaled to be the same for p and 1/p; the powers of two keep the input's matrix exact.
    const scale = Math.abs(point) === 1 ? 1 / 3 : 4 / 15;
    const value = others.reduce((product, other) => product * (point - other), 1);
    const factor = Math.round(1024 * Math.abs(point) / (value * scale)) / 1024;
    input.push(padded(coefficients.map((c) => c * factor)));
    filter.push([scale / Math.abs(point), Math.sign(point) * scale, Math.abs(point) * scale]);
  }
  const output = Array.from(
    { length: TILE },
    (_, power) =>
      points.map((point) => Number.isFinite(point) ? point ** power : Number(power === TILE - 1)),
  );
  return { input, filter, output };
}

/** Coefficients, lowest first, of a polynomial times `x - root`. */
function timesLinear(coefficients: number[], root: number): number[] {
  return [0, ...coefficients].map((c, i) => c - root * (coefficients[i] ?? 0));
}

function padded(coefficients: number[]): number[] {
  return [...coefficients, ...Array(REACH - coefficients.length).fill(0)];
}

/** So many output channels are transformed at a time: what is in between stays in the cache. */
const CHANNELS = 8;

/** Some output channels of a filter `[3, 3, in, out]`, and where they go: `[36, out, in]`. */
export type FilterTask = {
  readonly data: Float32Array | Int32Array;
  readonly shape: FilterShape;
  readonly result: Float32Array;
  readonly firstChannel: number;
  readonly endChannel: number;
};

/**
 * Transforms a 3x3 filter `[3, 3, in, out]` to `G g Gᵀ`, one matrix `[out, in]` for each of the 36
 * positions in a tile: `[36, out, in]`.
 */
export function transformFilter(
  operations: Operations,
  data: Float32Array | Int32Array | Uint8Array,
  shape: FilterShape,
): Float32Array {
  const [, , inChannels, outChannels] = shape;
  const result = new Float32Array(REACH * REACH * inChannels * outChannels);
  const numbers = data instanceof Uint8Array ? Float32Array.from(data) : data;
  const tasks = partsOf(Math.ceil(outChannels / CHANNELS), operations.parts).map(
    ([first, end]): FilterTask => ({
      data: numbers,
      shape,
      result,
      firstChannel: first * CHANNELS,
      endChannel: Math.min(end * CHANNELS, outChannels),
    }),
  );
  operations.share("transformFilter", transformChannels, tasks);
  return result;
}

/** Transforms some output channels. */
export function transformChannels({ unit }: Operations, task: FilterTask): void {
  const { data, shape: [, , inChannels, outChannels], result, firstChannel, endChannel } = task;
  const size = inChannels * outChannels;
  for (let first = firstChannel; first < endChannel; first += CHANNELS) {
    const channels = Math.min(CHANNELS, endChannel - first);
    const length = channels * inChannels; // a multiple of four: see `suitsWinograd`
    const [turned, transformed] = unit.reserve([9 * length, REACH * REACH * length]);
    for (let place = 0; place < 9; place++) {
      for (let i = 0; i < inChannels; i++) {
        const from = place * size + i * outChannels + first;
        const to = place * length + i;
        for (let o = 0; o < channels; o++) turned.values[to + o * inChannels] = data[from + o]!;
      }
    }
    unit.call.filter(turned.address, 4 * length, transformed.address);
    for (let plane = 0; plane < REACH * REACH; plane++) {
      const values = transformed.values.subarray(plane * length, (plane + 1) * length);
      result.set(values, plane * size + first * inChannels);
    }
  }
}
