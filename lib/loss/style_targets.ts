/**
 * What a style term compares with: the statistics of its pictures, layer by layer and region by region.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { See } from "../network/features.ts";
import { eachTile } from "../network/tiles.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import { guideAt, type Guides, type Regions } from "./guidance.ts";
import {
  addSums,
  type Description,
  type Guide,
  mixSums,
  type StyleMeasure,
  type Sums,
  sumsOf,
} from "./style/measure.ts";
import type { Canvas } from "./term.ts";

/** Ways to want several styles at once: their statistics mixed, or a distance from each. */
export type Blend = "targets" | "terms";

/** The names of {@linkcode Blend}. */
export const BLENDS: readonly Blend[] = ["targets", "terms"];

/** All that a style term is bound to. */
export type Binding = {
  see: See;
  pictures: Picture[];
  shares: number[];
  blend: Blend;
  measure: StyleMeasure;
  names: string[];
  factors: number[];
  regions?: Regions;
  canvas: Canvas;
};

/** What one region (or the whole) of one layer is compared with, and how much that counts. */
export type Target = {
  layer: string;
  wanted: Description;
  guide?: Guide;
  factor: number;
};

/** The targets of every layer and region; of several pictures mixed, or one beside the other. */
export function describeStyles(
  { see, pictures, shares, blend, measure, names, factors, canvas }: Binding,
  guides: Guides,
): Target[] {
  const kept: tf.Tensor[] = [];
  const seeStyle = see.open ?? see;
  try {
    return tf.tidy(() => {
      if (!measure.additive) {
        const features = pictures.map((picture) => seeStyle(toTensor(picture), names));
        return names.flatMap((layer, l) =>
          features.map((each, p): Target => ({
            layer,
            wanted: measure.describe(each[layer]!),
            factor: factors[l]! * shares[p]!,
          }))
        );
      }
      const sums = pictures.map((picture, p) =>
        sumsOfStyle(seeStyle, picture, p, names, guides, canvas, kept)
      );
      return names.flatMap((layer, l) =>
        guides.of(layer).flatMap(({ mixed, styles, part }, r): Target[] => {
          // The styles that have this region share it.
          const own = shares.map((share, p) => styles && !styles[p] ? 0 : share);
          const total = own.reduce((a, b) => a + b, 0);
          const each = sums.map((of, p) => ({ sums: of.get(layer)![r]!, share: own[p]! / total }))
            .filter(({ share }) => share > 0);
          const target = (sums: Sums, share = 1): Target => {
            const factor = factors[l]! * part * share;
            return { layer, wanted: measure.describe(sums), guide: mixed, factor };
          };
          if (each.length === 1) return [target(each[0]!.sums)];
          if (blend === "terms") return each.map(({ sums, share }) => target(sums, share));
          return [target(mixSums(each.map(({ sums }) => sums), each.map(({ share }) => share)))];
        })
      );
    }) as Target[];
  } finally {
    tf.dispose(kept);
  }
}

/** The sums of a style picture, by layer and region, whole or tile by tile; kept until they are disposed. */
function sumsOfStyle(
  see: See,
  picture: Picture,
  index: number,
  layers: readonly string[],
  guides: Guides,
  { tile }: Canvas,
  kept: tf.Tensor[],
): Map<string, Sums[]> {
  const found = new Map<string, Sums[]>();
  eachTile(see, toTensor(picture), layers, tile, (features, place) => {
    for (const layer of layers) {
      const before = found.get(layer);
      const sums = guides.of(layer).map(({ styles }, r): Sums => {
        const guide = styles?.[index];
        const part = sumsOf(features[layer]!, guideAt(guide, place.of(layer)));
        const { count, sum, products } = before ? addSums(before[r]!, part) : part;
        kept.push(tf.keep(sum), tf.keep(products));
        return { count: guide?.total ?? count, sum, products };
      });
      for (const old of before ?? []) tf.dispose([old.sum, old.products]);
      found.set(layer, sums);
    }
  });
  return found;
}
