/**
 * The features that a content loss compares with. Where the mixed image starts from the content picture, what the
 * first evaluation sees of it are those features: the content needs no pass through the network of its own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { See } from "../network/features.ts";
import { keepFeatures, keepSeen, type KeptFeatures } from "../network/kept_features.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import type { Canvas, View } from "./term.ts";

/** The features of a content picture, from the first time on that they are needed. */
export type ContentTarget = {
  /** What is kept of them; `view` is what is seen of the mixed image now. */
  at(view?: View): KeptFeatures;
  dispose(): void;
};

/** Computes the features of a content picture now, or leaves that to the first evaluation. */
export function contentTarget(
  see: See,
  content: Picture,
  layers: readonly string[],
  { start, image, tile }: Canvas,
): ContentTarget {
  const seenFirst = tile === undefined && start && isSame(content, start) && image?.dataId;
  let kept = seenFirst ? undefined : shown();

  function shown(): KeptFeatures {
    const picture = toTensor(content);
    try {
      return keepFeatures(see, picture, layers, tile);
    } finally {
      picture.dispose();
    }
  }
  return {
    at(view) {
      // The mixed image is another one as soon as it has changed.
      if (view && view.image.dataId === seenFirst) kept ??= keepSeen(view.features, layers);
      return kept ??= shown();
    },
    dispose: () => kept?.dispose(),
  };
}

function isSame(one: Picture, other: Picture): boolean {
  const { width, height, data } = other;
  return one.width === width && one.height === height && tf.util.arraysEqual(one.data, data);
}
