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

/** All that a style term is bound to. */
export type Binding = {
  see: See;
  pictures: Picture[];
  shares: number[];
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
  { see, pictures, shares, measure, names, factors, canvas }: Binding,
  guides: Guides,
): Target[] {
  const kept: tf.Tensor[] = [];
  try {
    return tf.tidy(() => {
      if (!measure.additive) {
        const features = pictures.map((picture) => see(toTensor(picture), names));
        return names.flatMap((layer, l) =>
          features.map((each, p): Target => ({
            layer,
            wanted: measure.describe(each[layer]!),
            factor: factors[l]! * shares[p]!,
          }))
        );
      }
      const sums = pictures.map((picture, p) =>
        sumsOfStyle(see, picture, p, names, guides, canvas, kept)
      );
      return names.flatMap((layer, l) =>
        guides.of(layer).map(({ mixed, part }, r): Target => {
          const each = sums.map((of) => of.get(layer)![r]!);
          const wanted = measure.describe(each.length === 1 ? each[0]! : mixSums(each, shares));
          return { layer, wanted, guide: mixed, factor: factors[l]! * part };
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
