/**
 * Painting by regions: each region of the mixed image is compared with the region of the same colour in
 * the style images. A guide says how much each position of a layer belongs to a region; the sums of all
 * regions add up to the sums of the whole.
 *
 * Source: Gatys, Ecker, Bethge, Hertzmann, Shechtman 2017, Controlling perceptual factors in neural style
 * transfer (arXiv 1611.07865), section 4. Differs from it: sums are weighed by the guide itself, not by its
 * square, so that soft edges add up to 1.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cannot, describe } from "../base/check.ts";
import { type Architecture, layerStride } from "../network/architecture.ts";
import type { Picture } from "../picture/picture.ts";
import { checkMask, type RegionMap, regionsOf, resizeRegion } from "../picture/regions.ts";
import type { Rectangle } from "../network/tiles.ts";
import type { Guide } from "./style/measure.ts";
import type { Canvas } from "./term.ts";

/**
 * Masks, colour by colour: of the content picture, and of each style picture. A colour of the content must
 * be in one of the styles' masks at least; those that have it paint that region.
 */
export type Regions = { content: Picture; styles: Picture | readonly Picture[] };

/**
 * One region of a layer: the guides of the mixed image and of the styles (of those that have its colour),
 * and its part of the mixed image.
 */
export type Guided = { mixed?: Guide; styles?: (Guide | undefined)[]; part: number };

/** The regions of every layer, whose tensors they own. */
export type Guides = { count: number; of(layer: string): Guided[]; dispose(): void };

/** No regions: the whole of every layer. */
export function wholeGuides(layers: readonly string[]): Guides {
  const whole = new Map(layers.map((layer) => [layer, [{ part: 1 }]]));
  return { count: 1, of: (layer) => whole.get(layer) ?? [], dispose() {} };
}

/** The part of a guide that lies in a tile. */
export function guideAt(guide: Guide | undefined, place: Rectangle): Guide | undefined {
  if (!guide) return undefined;
  const { weights, total } = guide;
  const { top, left, height, width } = place;
  if (weights.shape[1] === height && weights.shape[2] === width) return guide;
  return { weights: tf.slice(weights, [0, top, left, 0], [1, height, width, 1]), total };
}

/** A region with less than this at a layer, counted in positions, has no statistics there. */
const LEAST_POSITIONS = 1;

/** What {@linkcode planGuides} needs to know. */
export type GuideOptions = {
  /** Sizes of the style pictures. */
  styles: readonly Size[];
  canvas: Canvas;
  regions: Regions;
  /** How much each style counts. @default all the same */
  shares?: readonly number[];
};

type Size = { width: number; height: number };

/** How much each position of a layer belongs to a region: `[height, width]`, row by row. */
type Plan = Size & { shares: Float32Array; total: number };

/** {@linkcode Guided} before there are tensors. */
type Planned = { mixed: Plan; styles: (Plan | undefined)[]; part: number };

/**
 * The regions of every layer, computed without an engine.
 *
 * @throws {RangeError} when a mask has not its picture's proportions, a colour is missing in one of them,
 * or a region is too small for a layer; the message names colour and layer.
 */
export function planGuides(
  architecture: Architecture,
  layers: readonly string[],
  { styles, canvas, regions: { content, styles: given }, shares }: GuideOptions,
): Map<string, Planned[]> {
  const what = "paint by regions";
  const masks = Array.isArray(given) ? given as Picture[] : [given as Picture];
  if (masks.length !== styles.length) {
    const rule = `there must be a mask for each of the ${styles.length} styles`;
    throw new RangeError(cannot(what, rule, `${masks.length} masks`));
  }
  const whole = { width: canvas.width ?? content.width, height: canvas.height ?? content.height };
  // Pictures were reduced, some of them twice: their sides have lost as many fractions of a pixel.
  const slack = Math.max(2, canvas.multiple ?? 1);
  checkMask(`${what} of the content`, content, whole, slack);
  masks.forEach((mask, i) => checkMask(`${what} of the style`, mask, styles[i]!, slack));
  const mixed = regionsOf(content);
  const each = masks.map(regionsOf);
  checkSameColors(what, mixed, each, shares ?? styles.map(() => 1));

  const plan = (region: RegionMap, size: Size, layer: string, whose: string): Plan => {
    const stride = layerStride(architecture, layer);
    const [width, height] = [Math.ceil(size.width / stride), Math.ceil(size.height / stride)];
    const { shares } = resizeRegion(region, width, height);
    const total = shares.reduce((sum, share) => sum + share, 0);
    if (total >= LEAST_POSITIONS) return { width, height, shares, total };
    const rule = `the region ${region.color} of the ${whose} must cover at least one position ` +
      `of ${layer}`;
    const found = `${total.toFixed(2)} positions of ${width}x${height}, where the ${whose} is ` +
      `${size.width}x${size.height}`;
    const advice = "enlarge the picture or the region, or choose shallower layers";
    throw new RangeError(`${cannot(what, rule, found)}; ${advice}`);
  };
  return new Map(layers.map((layer) => [
    layer,
    mixed.map((region): Planned => ({
      mixed: plan(region, whole, layer, "content"),
      styles: each.map((regions, p) => {
        const same = regions.find(({ color }) => color === region.color);
        return same && plan(same, styles[p]!, layer, "style");
      }),
      part: region.shares.reduce((sum, share) => sum + share, 0) / region.shares.length,
    })),
  ]));
}

/**
 * The guides of all regions at some layers.
 *
 * @throws {RangeError} as {@linkcode planGuides}.
 */
export function guidesFor(
  architecture: Architecture,
  layers: readonly string[],
  options: GuideOptions,
): Guides {
  const planned = planGuides(architecture, layers, options);
  const made: Guide[] = [];
  const guide = ({ width, height, shares, total }: Plan): Guide => {
    const weights = tf.keep(tf.tensor4d(shares, [1, height, width, 1]));
    const counts = (share: number) => share > 0;
    const kept: Guide = {
      weights,
      total,
      positions: [shares.findIndex(counts), shares.findLastIndex(counts) + 1],
    };
    made.push(kept);
    return kept;
  };
  const guided = new Map(
    [...planned].map(([layer, regions]) => [
      layer,
      regions.map(({ mixed, styles, part }): Guided => ({
        mixed: guide(mixed),
        styles: styles.map((plan) => plan && guide(plan)),
        part,
      })),
    ]),
  );
  return {
    count: planned.get(layers[0]!)!.length,
    of: (layer) => guided.get(layer) ?? [],
    dispose: () => tf.dispose(made.map(({ weights }) => weights)),
  };
}

/** Each colour of the content is in a style that counts, and each of a style in the content. */
function checkSameColors(
  what: string,
  mixed: RegionMap[],
  each: RegionMap[][],
  shares: readonly number[],
): void {
  const names = (regions: RegionMap[]) => regions.map(({ color }) => color);
  const refuse = (missing: string, whose: string, found: string[]) => {
    const rule =
      `each colour of one mask must be in the other, and ${missing} is only in that of ` +
      `the ${whose}`;
    throw new RangeError(cannot(what, rule, describe(found)));
  };
  const [here, there] = [names(mixed), each.map(names)];
  const all = [...new Set(there.flat())];
  const only = here.find((color) => !all.includes(color));
  if (only !== undefined) refuse(only, "content", all);
  const other = all.find((color) => !here.includes(color));
  if (other !== undefined) refuse(other, "style", here);
  for (const color of here) {
    if (there.some((colors, i) => colors.includes(color) && shares[i]! > 0)) continue;
    const rule = `a style that has the region ${color} must have a share above 0`;
    throw new RangeError(cannot(what, rule, describe([...shares])));
  }
}
