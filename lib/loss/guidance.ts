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

/** Masks, colour by colour: of the content picture, and of each style picture. */
export type Regions = { content: Picture; styles: Picture | readonly Picture[] };

/** One region of a layer: the guides of mixed image and styles, and its part of the mixed image. */
export type Guided = { mixed?: Guide; styles?: Guide[]; part: number };

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

/**
 * The guides of all regions at some layers.
 *
 * @throws {RangeError} when a mask has not its picture's proportions, a colour is missing in one of them,
 * or a region is too small for a layer; the message names colour and layer.
 */
export function guidesFor(
  architecture: Architecture,
  layers: readonly string[],
  pictures: readonly Picture[],
  { width, height }: Canvas,
  { content, styles }: Regions,
): Guides {
  const what = "paint by regions";
  const masks = Array.isArray(styles) ? styles as Picture[] : [styles as Picture];
  if (masks.length !== pictures.length) {
    const rule = `there must be a mask for each of the ${pictures.length} styles`;
    throw new RangeError(cannot(what, rule, `${masks.length} masks`));
  }
  const canvas = { width: width ?? content.width, height: height ?? content.height };
  checkMask(`${what} of the content`, content, canvas as Picture);
  masks.forEach((mask, i) => checkMask(`${what} of the style`, mask, pictures[i]!));
  const mixed = regionsOf(content);
  const each = masks.map(regionsOf);
  checkSameColors(what, mixed, each);

  const made: Guide[] = [];
  const guide = (region: RegionMap, size: Size, layer: string, whose: string): Guide => {
    const stride = layerStride(architecture, layer);
    const [w, h] = [Math.ceil(size.width / stride), Math.ceil(size.height / stride)];
    const { shares } = resizeRegion(region, w, h);
    const total = shares.reduce((sum, share) => sum + share, 0);
    if (total < LEAST_POSITIONS) {
      const rule = `the region ${region.color} of the ${whose} must cover at least one position ` +
        `of ${layer}`;
      throw new RangeError(cannot(what, rule, `${total.toFixed(2)} positions of ${w}x${h}`));
    }
    const kept = { weights: tf.keep(tf.tensor4d(shares, [1, h, w, 1])), total };
    made.push(kept);
    return kept;
  };
  const dispose = () => tf.dispose(made.map(({ weights }) => weights));
  try {
    const guided = new Map(layers.map((layer) => [
      layer,
      mixed.map((region): Guided => ({
        mixed: guide(region, canvas, layer, "content"),
        styles: each.map((regions, p) => {
          const same = regions.find(({ color }) => color === region.color)!;
          return guide(same, pictures[p]!, layer, "style");
        }),
        part: region.shares.reduce((sum, share) => sum + share, 0) / region.shares.length,
      })),
    ]));
    return { count: mixed.length, of: (layer) => guided.get(layer) ?? [], dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

type Size = { width: number; height: number };

function checkSameColors(what: string, mixed: RegionMap[], each: RegionMap[][]): void {
  const names = (regions: RegionMap[]) => regions.map(({ color }) => color);
  for (const regions of each) {
    const here = names(mixed).find((color) => !names(regions).includes(color));
    const there = names(regions).find((color) => !names(mixed).includes(color));
    const missing = here ?? there;
    if (missing === undefined) continue;
    const rule =
      `each colour of one mask must be in the other, and ${missing} is only in that of ` +
      `the ${here ? "content" : "style"}`;
    throw new RangeError(cannot(what, rule, describe(names(here ? regions : mixed))));
  }
}
