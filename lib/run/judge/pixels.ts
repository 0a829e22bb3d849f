/**
 * What is measured on the pixels themselves: how fine-grained a picture is, and where its edges lie.
 *
 * @module
 */
import type { Picture } from "../../picture/picture.ts";

/** A picture of half the size, each pixel the mean of four; an odd last row or column is left out. */
export function halve({ width, height, data }: Picture): Picture {
  const [halfWidth, halfHeight] = [width >> 1, height >> 1];
  const result = new Float32Array(halfWidth * halfHeight * 3);
  for (let y = 0, target = 0; y < halfHeight; y++) {
    for (let x = 0; x < halfWidth; x++) {
      for (let c = 0; c < 3; c++) {
        const i = (2 * y * width + 2 * x) * 3 + c;
        const below = i + width * 3;
        result[target++] = (data[i]! + data[i + 3]! + data[below]! + data[below + 3]!) / 4;
      }
    }
  }
  return { width: halfWidth, height: halfHeight, data: result };
}

/**
 * The energy of the finest band: the mean square of what is lost when a picture is halved and enlarged
 * again (bilinear, pixel centers aligned), in levels² of 0–255.
 */
export function grainOf(picture: Picture): number {
  const { width, height, data } = picture;
  const half = halve(picture);
  const [columns, rows] = [bilinear(half.width, width), bilinear(half.height, height)];
  let sum = 0;
  for (let y = 0, i = 0; y < height; y++) {
    const [above, below, down] = rows[y]!;
    for (let x = 0; x < width; x++) {
      const [left, right, across] = columns[x]!;
      for (let c = 0; c < 3; c++, i++) {
        const at = (row: number, column: number) => half.data[(row * half.width + column) * 3 + c]!;
        const upper = at(above, left) * (1 - across) + at(above, right) * across;
        const lower = at(below, left) * (1 - across) + at(below, right) * across;
        sum += (data[i]! - upper * (1 - down) - lower * down) ** 2;
      }
    }
  }
  return sum / data.length;
}

/** For each of `to` pixels the two of `from` around it, and the share of the second. */
function bilinear(from: number, to: number): [first: number, second: number, share: number][] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.max(0, (i + 0.5) * from / to - 0.5);
    const first = Math.min(from - 1, Math.floor(place));
    return [first, Math.min(from - 1, first + 1), place - first];
  });
}

/**
 * How strong the edges are at every pixel but the outermost: the length of Sobel's gradient of the
 * lightness (0.299 R + 0.587 G + 0.114 B) of the picture at half its size, where grain is gone.
 */
export function edgesOf(picture: Picture): Float32Array {
  const { width, height, data } = halve(picture);
  const light = new Float32Array(width * height);
  for (let i = 0; i < light.length; i++) {
    light[i] = 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  }
  const edges = new Float32Array((width - 2) * (height - 2));
  for (let y = 1, target = 0; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = (down: number, across: number) => light[(y + down) * width + x + across]!;
      const across = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1);
      const down = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1);
      edges[target++] = Math.hypot(across, down);
    }
  }
  return edges;
}

/**
 * Pearson's correlation of two series of numbers, -1 to 1; 0 where one of them does not vary.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { correlation } from "./pixels.ts";
 *
 * assertAlmostEquals(correlation(Float32Array.of(1, 2, 3), Float32Array.of(9, 7, 5)), -1);
 * ```
 */
export function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    both += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return squaresA > 0 && squaresB > 0 ? both / Math.sqrt(squaresA * squaresB) : 0;
}
