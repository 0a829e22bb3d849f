/**
 * Colours as people see them: OKLab has an axis for lightness and two for colour (from green to red,
 * from blue to yellow), and equal distances look about equally large (Björn Ottosson 2020, A perceptual
 * color space for image processing). Exchanging the last two changes a picture's colours and leaves its
 * shapes: that is the last step of style transfer by nearest neighbours.
 *
 * @module
 */
import { cannot, checkNonNegative, describe } from "../base/check.ts";
import { momentsOf, mongeMap } from "./moments.ts";
import { checkPicture, type Picture } from "./picture.ts";
import { resizePicture } from "./resize.ts";

type Triple = readonly [number, number, number];

// Ottosson 2020, with the matrices as revised on 25 January 2021.
const TO_CONES: readonly Triple[] = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_LAB: readonly Triple[] = [
  [0.2104542553, 0.7936177850, -0.0040720468],
  [1.9779984951, -2.4285922050, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.8086757660],
];
const FROM_LAB: readonly Triple[] = [
  [1, 0.3963377774, 0.2158037573],
  [1, -0.1055613458, -0.0638541728],
  [1, -0.0894841775, -1.2914855480],
];
const FROM_CONES: readonly Triple[] = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.7076147010],
];

/** Light of a level on the scale 0–255: sRGB, IEC 61966-2-1. */
function linear(level: number): number {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** The level, 0–255, of an amount of light; what is too dark or too bright is clipped. */
function level(light: number): number {
  if (light <= 0) return 0;
  const value = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.min(255, 255 * value);
}

function eachColor(
  values: Float32Array,
  before: (value: number) => number,
  first: readonly Triple[],
  between: (value: number) => number,
  second: readonly Triple[],
  after: (value: number) => number,
): Float32Array {
  const result = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 3) {
    const [r, g, b] = [before(values[at]!), before(values[at + 1]!), before(values[at + 2]!)];
    const [l, m, s] = first.map(([x, y, z]) => between(x * r + y * g + z * b)) as unknown as Triple;
    for (let i = 0; i < 3; i++) {
      const [x, y, z] = second[i]!;
      result[at + i] = after(x * l + y * m + z * s);
    }
  }
  return result;
}

const same = (value: number) => value;

/**
 * The colours of a picture in OKLab: `L, a, b` interleaved, L in 0–1, a and b within about ±0.4.
 *
 * @example
 * ```ts
 * import { toOklab } from "stylebook";
 *
 * const white = { width: 1, height: 1, data: Float32Array.of(255, 255, 255) };
 * const [lightness = NaN] = toOklab(white);
 * if (!(Math.abs(lightness - 1) < 1e-5)) throw new Error("white has lightness 1");
 * ```
 */
export function toOklab(picture: Picture): Float32Array {
  checkPicture("turn a picture into OKLab", picture);
  return eachColor(picture.data, linear, TO_CONES, Math.cbrt, TO_LAB, same);
}

/** The picture with these colours in OKLab; colours that a screen cannot show are clipped. */
export function fromOklab(values: Float32Array, size: { width: number; height: number }): Picture {
  const { width, height } = size;
  const data = eachColor(values, same, FROM_LAB, (x) => x * x * x, FROM_CONES, level);
  const picture = { width, height, data };
  checkPicture("make a picture of OKLab", picture);
  return picture;
}

/** Settings of {@linkcode paintColors}. */
export type PaintColorsOptions = {
  /**
   * Radius in pixels within which the colours follow the edges of the lightness; 0 for none.
   *
   * @default {4}
   */
  radius?: number;
  /** What counts as an edge: a deviation of the lightness, 0–1. @default {0.05} */
  edge?: number;
};

/**
 * The last step of style transfer by nearest neighbours (Kolkin et al. 2022, arXiv 2203.13215): the
 * lightness of the painted picture, with the content's two colour channels in OKLab, mapped to the style's
 * mean and covariance and smoothed along the lightness. Cures spots of wrong colour; also takes away
 * colours that the painting mixed on purpose.
 *
 * Differs from the paper: the smoothing is a guided filter (He, Sun, Tang 2010, eq. 5 to 8) instead of a
 * bilateral one, as its cost does not grow with the radius.
 *
 * @throws {RangeError} for a radius or edge below 0.
 */
export function paintColors(
  { painted, content, style }: { painted: Picture; content: Picture; style: Picture },
  { radius = 4, edge = 0.05 }: PaintColorsOptions = {},
): Picture {
  const what = "paint the colours";
  checkNonNegative(what, "radius", radius);
  checkNonNegative(what, "edge", edge);
  if (!Number.isInteger(radius)) {
    throw new RangeError(cannot(what, "radius must be a whole number", describe(radius)));
  }
  const { width, height } = painted;
  const mixed = toOklab(painted);
  const shapes = toOklab(resizePicture(content, { width, height }));
  const colors = toOklab(style);
  const { matrix, offset } = mongeMap(momentsOf(shapes, 3, [1, 2]), momentsOf(colors, 3, [1, 2]));
  const n = width * height;
  const channel = (values: Float32Array, i: number) =>
    Float32Array.from({ length: n }, (_, at) => values[3 * at + i]!);
  const guide = channel(mixed, 0);
  const size = { width, height, radius };
  for (const [i, [a, b]] of matrix.entries() as Iterable<[number, [number, number]]>) {
    const mapped = Float32Array.from(
      { length: n },
      (_, at) => a * shapes[3 * at + 1]! + b * shapes[3 * at + 2]! + offset[i]!,
    );
    const smooth = radius > 0 ? guidedFilter(mapped, guide, edge * edge, size) : mapped;
    for (let at = 0; at < n; at++) mixed[3 * at + 1 + i] = smooth[at]!;
  }
  return fromOklab(mixed, size);
}

type Size = { width: number; height: number; radius: number };

/**
 * He, Sun, Tang 2010: in each window the result is a line over the guide, `q = a I + b`, closest to the
 * values with `epsilon a²` added; then lines are averaged over the windows that cover a pixel.
 */
function guidedFilter(
  values: Float32Array,
  guide: Float32Array,
  epsilon: number,
  size: Size,
): Float32Array {
  const times = (x: Float32Array, y: Float32Array) => x.map((value, i) => value * y[i]!);
  const [meanGuide, meanValues] = [boxMean(guide, size), boxMean(values, size)];
  const squares = boxMean(times(guide, guide), size);
  const products = boxMean(times(guide, values), size);
  const a = products.map((value, i) =>
    (value - meanGuide[i]! * meanValues[i]!) / (squares[i]! - meanGuide[i]! ** 2 + epsilon)
  );
  const b = meanValues.map((value, i) => value - a[i]! * meanGuide[i]!);
  const [meanA, meanB] = [boxMean(a, size), boxMean(b, size)];
  return guide.map((value, i) => meanA[i]! * value + meanB[i]!);
}

/** The mean over a window around each pixel, of what of it lies in the picture; rows, then columns. */
function boxMean(values: Float32Array, { width, height, radius }: Size): Float32Array {
  const rows = new Float32Array(values.length);
  for (let y = 0; y < height; y++) slide(values, rows, y * width, 1, width, radius);
  const result = new Float32Array(values.length);
  for (let x = 0; x < width; x++) slide(rows, result, x, width, height, radius);
  return result;
}

/** Means over a window that slides along a line of `length` values, `step` apart. */
function slide(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  length: number,
  radius: number,
): void {
  let [sum, count] = [0, 0];
  for (let i = -radius; i < length; i++) {
    const [entering, leaving] = [i + radius, i - radius - 1];
    if (entering < length) {
      sum += from[start + entering * step]!;
      count++;
    }
    if (leaving >= 0) {
      sum -= from[start + leaving * step]!;
      count--;
    }
    if (i >= 0) to[start + i * step] = sum / count;
  }
}
