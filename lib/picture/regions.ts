/**
 * Regions of a picture, named by colours: a mask is a second picture in which each flat colour stands for
 * one region. Where colours blend into each other, at soft edges, a position belongs to both in parts.
 *
 * @module
 */
import { cannot } from "../base/check.ts";
import { checkPicture, type Picture } from "./picture.ts";

/** How much of each region is at each position: `[height, width]`, row by row, within 0–1. */
export type RegionMap = { color: string; width: number; height: number; shares: Float32Array };

/** A colour is a region's if at least this part of the mask has it, exactly. */
const LEAST_PART = 0.005;

/** The most regions that a mask may have; more are taken for a photograph. */
const MOST_REGIONS = 12;

/**
 * The regions of a mask: their colours (as `#rrggbb`), and how much of each is at each position. The
 * shares at a position add up to 1.
 *
 * @throws {RangeError} when it has no flat colours or too many.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { regionsOf } from "stylebook";
 *
 * // Black, halfway, white.
 * const data = Float32Array.from([0, 0, 127.5, 255, 255].flatMap((grey) => [grey, grey, grey]));
 * const [black, white] = regionsOf({ width: 5, height: 1, data });
 * assertEquals(black?.color, "#000000");
 * assertEquals(black?.shares, Float32Array.of(1, 1, 0.5, 0, 0));
 * assertEquals(white?.shares, Float32Array.of(0, 0, 0.5, 1, 1));
 * ```
 */
export function regionsOf(mask: Picture): RegionMap[] {
  const what = "read the regions of a mask";
  checkPicture(what, mask);
  const { width, height, data } = mask;
  const counts = new Map<number, number>();
  for (let i = 0; i < data.length; i += 3) {
    const color = (Math.round(data[i]!) << 16) | (Math.round(data[i + 1]!) << 8) |
      Math.round(data[i + 2]!);
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const least = Math.max(1, LEAST_PART * width * height);
  let colors = [...counts].filter(([, count]) => count >= least).map(([color]) => color);
  // A soft edge is a line of colours, each between two of the regions'.
  colors = colors.filter((color) => !isBetween(color, colors, counts)).sort((a, b) => a - b);
  if (colors.length === 0 || colors.length > MOST_REGIONS) {
    const rule = `it must have 1 to ${MOST_REGIONS} flat colours, one for each region`;
    throw new RangeError(cannot(what, rule, `${colors.length} colours`));
  }
  const maps = colors.map((color) => ({
    color: `#${color.toString(16).padStart(6, "0")}`,
    width,
    height,
    shares: new Float32Array(width * height),
  }));
  const palette = colors.map(toRgb);
  for (let i = 0; i < width * height; i++) {
    const pixel = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!] as const;
    const [first, second, part] = mixOf(pixel, palette);
    maps[first]!.shares[i] = 1 - part;
    if (part > 0) maps[second]!.shares[i]! += part;
  }
  return maps;
}

/**
 * A region's shares in another size, each position the mean of what it covers: the shares of all regions
 * still add up to 1.
 */
export function resizeRegion(region: RegionMap, width: number, height: number): RegionMap {
  const { shares } = region;
  if (region.width === width && region.height === height) return region;
  const resized = new Float32Array(width * height);
  const [stepX, stepY] = [region.width / width, region.height / height];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sum, area] = [0, 0];
      for (let j = Math.floor(y * stepY); j < Math.min(region.height, (y + 1) * stepY); j++) {
        const rows = Math.min(j + 1, (y + 1) * stepY) - Math.max(j, y * stepY);
        for (let i = Math.floor(x * stepX); i < Math.min(region.width, (x + 1) * stepX); i++) {
          const part = rows * (Math.min(i + 1, (x + 1) * stepX) - Math.max(i, x * stepX));
          sum += part * shares[j * region.width + i]!;
          area += part;
        }
      }
      resized[y * width + x] = sum / area;
    }
  }
  return { ...region, width, height, shares: resized };
}

/**
 * Throws unless a mask has its picture's proportions, to a pixel of either. A mask of one colour, such as a
 * single pixel, stands for the whole of any picture.
 *
 * @param slack by how many pixels the sides of the picture may have been rounded
 * @throws {RangeError}
 */
export function checkMask(
  what: string,
  mask: Picture,
  picture: { width: number; height: number },
  slack = 1,
): void {
  checkPicture(what, mask);
  const difference = Math.abs(mask.width * picture.height - mask.height * picture.width);
  const most = slack * Math.max(mask.width, mask.height) + Math.max(picture.width, picture.height);
  if (difference <= most || isFlat(mask)) return;
  const rule = `the mask must have the proportions of its picture, ` +
    `${picture.width}x${picture.height}`;
  throw new RangeError(cannot(what, rule, `${mask.width}x${mask.height}`));
}

/** Whether a picture has one colour throughout. */
function isFlat({ data }: Picture): boolean {
  return data.every((value, i) => Math.abs(value - data[i % 3]!) < 1);
}

function toRgb(color: number): readonly [number, number, number] {
  return [color >> 16, (color >> 8) & 255, color & 255];
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);
}

/** Whether a rarer colour lies on the line between two that are each more common. */
function isBetween(color: number, colors: number[], counts: Map<number, number>): boolean {
  const own = counts.get(color)!;
  const p = toRgb(color);
  const others = colors.filter((other) => counts.get(other)! > own).map(toRgb);
  return others.some((a, i) =>
    others.slice(i + 1).some((b) => distance(a, p) + distance(p, b) < distance(a, b) + 2)
  );
}

/** Of which two colours a pixel is a mixture, and how much it has of the second. */
function mixOf(
  pixel: readonly number[],
  palette: readonly (readonly number[])[],
): [first: number, second: number, part: number] {
  const order = palette.map((color, i) => [distance(pixel, color), i] as const)
    .sort((a, b) => a[0] - b[0]);
  const first = order[0]![1];
  if (order.length === 1 || order[0]![0] < 1) return [first, first, 0];
  const second = order[1]![1];
  const [a, b] = [palette[first]!, palette[second]!];
  const squared = distance(a, b) ** 2;
  const along = a.reduce((sum, value, k) => sum + (pixel[k]! - value) * (b[k]! - value), 0);
  return [first, second, Math.min(1, Math.max(0, along / squared))];
}
