/**
 * Resampling, rows first, then columns: each new pixel is a weighted mean of the old pixels around its
 * centre. The weights are a kernel of the distance x between the centres, where x counts new pixels when
 * a picture shrinks, so that every old pixel takes part and nothing flickers (antialiasing), and old
 * pixels when it grows. The kernels are those of Pillow's `Image.resize`.
 *
 * @module
 */

/** A kernel: its weight at a distance, which is 0 from `support` on. Weights are scaled to sum to 1. */
export type Kernel = { readonly support: number; weight(x: number): number };

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The a of Keys' cubic convolution (1981, eq. 8): -1/2 is exact for quadratics, as Pillow takes it. */
const CUBIC = -0.5;

/** Kernels by name, from the sharpest to the plainest. */
export const KERNELS = {
  /** sinc(x) sinc(x / 3), the sinc windowed by its own middle: sharp, with faint halos at edges. */
  lanczos: { support: 3, weight: (x: number): number => sinc(x) * sinc(x / 3) },
  /** Keys' cubic convolution: a little softer, with fainter halos. */
  bicubic: {
    support: 2,
    weight: (x: number): number => {
      const d = Math.abs(x);
      return d < 1
        ? ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1
        : ((d - 5) * d + 8) * d * CUBIC - 4 * CUBIC;
    },
  },
  /** A triangle, 1 - |x|: soft, without halos. */
  bilinear: { support: 1, weight: (x: number): number => 1 - Math.abs(x) },
  /** Every pixel within half a pixel alike: plain means when it shrinks, squares when it grows. */
  box: { support: 0.5, weight: (x: number): number => x > -0.5 && x <= 0.5 ? 1 : 0 },
} as const satisfies Record<string, Kernel>;

/** One line's recipe: new pixel i is the sum of `weights[i][k]` times old pixel `first[i] + k`. */
type Taps = { first: number[]; weights: Float64Array[] };

/** How many old pixels a kernel may reach beyond the border. */
const reachOf = (from: number, to: number, { support }: Kernel) =>
  Math.ceil(support * Math.max(1, from / to)) + 1;

/**
 * The taps for a line of `from` pixels that becomes one of `to`; the weights of each sum to 1.
 *
 * @param beyond how many pixels there are before and after the line that count as well
 */
function createTaps(from: number, to: number, kernel: Kernel, beyond = 0): Taps {
  const step = from / to; // old pixels per new pixel
  const stretch = Math.max(1, step);
  const support = kernel.support * stretch;
  const taps: Taps = { first: [], weights: [] };
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * step;
    const first = Math.max(-beyond, Math.floor(centre - support + 0.5));
    const end = Math.min(from + beyond, Math.floor(centre + support + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_, k) => {
      const x = (first + k + 0.5 - centre) / stretch;
      return Math.abs(x) <= kernel.support ? kernel.weight(x) : 0;
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    taps.first.push(first + beyond);
    taps.weights.push(weights.map((weight) => weight / sum));
  }
  return taps;
}

/** Sharp kernels undershoot and overshoot at edges; after either direction the range is restored. */
const clip = (value: number) => value < 0 ? 0 : value > 255 ? 255 : value;

type Values = Float32Array | Uint8Array;

function resampleRows(source: Values, height: number, { first, weights }: Taps, from: number) {
  const to = first.length;
  const result = new Float32Array(height * to * 3);
  for (let y = 0, target = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      const w = weights[x]!;
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0, i = (y * from + first[x]!) * 3; k < w.length; k++, i += 3) {
        red += w[k]! * source[i]!;
        green += w[k]! * source[i + 1]!;
        blue += w[k]! * source[i + 2]!;
      }
      result[target++] = clip(red);
      result[target++] = clip(green);
      result[target++] = clip(blue);
    }
  }
  return result;
}

function resampleColumns(source: Values, rowLength: number, { first, weights }: Taps) {
  const to = first.length;
  const result = new Float32Array(to * rowLength);
  const row = new Float64Array(rowLength);
  for (let y = 0; y < to; y++) {
    row.fill(0);
    weights[y]!.forEach((weight, k) => {
      const start = (first[y]! + k) * rowLength;
      for (let i = 0; i < rowLength; i++) row[i]! += weight * source[start + i]!;
    });
    for (let i = 0; i < rowLength; i++) result[y * rowLength + i] = clip(row[i]!);
  }
  return result;
}

/**
 * RGB values (interleaved, row by row, 0–255) of one size in another one.
 *
 * The same method as Pillow's `Image.resize`, which also clips after either direction, but values are not
 * rounded to whole levels.
 *
 * @param circular whether the picture goes on beyond its border at the far side, as one that tiles
 */
export function resample(
  data: Values,
  [width, height]: readonly [number, number],
  [toWidth, toHeight]: readonly [number, number],
  kernel: Kernel,
  circular = false,
): Float32Array {
  if (circular) return resampleCircular(data, [width, height], [toWidth, toHeight], kernel);
  const rows = toWidth === width
    ? data
    : resampleRows(data, height, createTaps(width, toWidth, kernel), width);
  if (toHeight !== height) {
    return resampleColumns(rows, toWidth * 3, createTaps(height, toHeight, kernel));
  }
  return rows instanceof Float32Array ? rows : new Float32Array(rows);
}

/** Each line goes round: what a kernel sees of it beyond the border is put there first. */
function resampleCircular(
  data: Values,
  [width, height]: readonly [number, number],
  [toWidth, toHeight]: readonly [number, number],
  kernel: Kernel,
): Float32Array {
  const round = (i: number, length: number) => ((i % length) + length) % length;
  const [beside, above] = [reachOf(width, toWidth, kernel), reachOf(height, toHeight, kernel)];
  const wide = width + 2 * beside;
  const wider = new Float32Array(wide * height * 3);
  for (let y = 0, target = 0; y < height; y++) {
    for (let x = -beside; x < width + beside; x++) {
      const from = 3 * (y * width + round(x, width));
      for (let c = 0; c < 3; c++) wider[target++] = data[from + c]!;
    }
  }
  const rows = resampleRows(wider, height, createTaps(width, toWidth, kernel, beside), wide);
  const length = toWidth * 3;
  const taller = new Float32Array(length * (height + 2 * above));
  for (let y = -above; y < height + above; y++) {
    const from = round(y, height) * length;
    taller.set(rows.subarray(from, from + length), (y + above) * length);
  }
  return resampleColumns(taller, length, createTaps(height, toHeight, kernel, above));
}
