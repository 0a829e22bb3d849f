/**
 * Lanczos resampling, rows first, then columns: each new pixel is a weighted mean of the old pixels
 * around its centre, with the weights of a windowed sinc,
 *
 *     w(x) = sinc(x) sinc(x / 3) for |x| < 3,   sinc(x) = sin(π x) / (π x)
 *
 * where x counts new pixels when a picture shrinks, so that every old pixel takes part and nothing
 * flickers (antialiasing), and old pixels when it grows.
 *
 * @module
 */

/** One line's recipe: new pixel i is the sum of `weights[i][k]` times old pixel `first[i] + k`. */
type Taps = { first: number[]; weights: Float64Array[] };

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= 3) return 0;
  const t = Math.PI * x;
  return 3 * Math.sin(t) * Math.sin(t / 3) / (t * t);
}

/** The taps for a line of `from` pixels that becomes one of `to`; the weights of each sum to 1. */
function createTaps(from: number, to: number): Taps {
  const step = from / to; // old pixels per new pixel
  const stretch = Math.max(1, step);
  const taps: Taps = { first: [], weights: [] };
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - 3 * stretch + 0.5));
    const end = Math.min(from, Math.floor(centre + 3 * stretch + 0.5));
    const weights = Float64Array.from(
      { length: end - first },
      (_, k) => lanczos((first + k + 0.5 - centre) / stretch),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    taps.first.push(first);
    taps.weights.push(weights.map((weight) => weight / sum));
  }
  return taps;
}

/** Lanczos undershoots and overshoots at edges; after either direction the range is restored. */
const clip = (value: number) => value < 0 ? 0 : value > 255 ? 255 : value;

type Values = Float32Array | Uint8Array;

function resampleRows(source: Values, height: number, from: number, to: number) {
  const { first, weights } = createTaps(from, to);
  const result = new Float32Array(height * to * 3);
  for (let y = 0, target = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      const w = weights[x];
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0, i = (y * from + first[x]) * 3; k < w.length; k++, i += 3) {
        red += w[k] * source[i];
        green += w[k] * source[i + 1];
        blue += w[k] * source[i + 2];
      }
      result[target++] = clip(red);
      result[target++] = clip(green);
      result[target++] = clip(blue);
    }
  }
  return result;
}

function resampleColumns(source: Values, rowLength: number, from: number, to: number) {
  const { first, weights } = createTaps(from, to);
  const result = new Float32Array(to * rowLength);
  const row = new Float64Array(rowLength);
  for (let y = 0; y < to; y++) {
    row.fill(0);
    weights[y].forEach((weight, k) => {
      const start = (first[y] + k) * rowLength;
      for (let i = 0; i < rowLength; i++) row[i] += weight * source[start + i];
    });
    for (let i = 0; i < rowLength; i++) result[y * rowLength + i] = clip(row[i]);
  }
  return result;
}

/**
 * RGB values (interleaved, row by row, 0–255) of one size in another one.
 *
 * The same method as Pillow's `Image.resize(size, Image.LANCZOS)`, which also clips after either
 * direction, but values are not rounded to whole levels.
 */
export function resampleLanczos(
  data: Values,
  [width, height]: readonly [number, number],
  [toWidth, toHeight]: readonly [number, number],
): Float32Array {
  const rows = toWidth === width ? data : resampleRows(data, height, width, toWidth);
  if (toHeight !== height) return resampleColumns(rows, toWidth * 3, height, toHeight);
  return rows instanceof Float32Array ? rows : new Float32Array(rows);
}
