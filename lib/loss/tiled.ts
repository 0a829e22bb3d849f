/**
 * Losses and gradient of a picture too large for the memory, exactly, tile by tile. It works for terms that
 * are functions of sums over positions:
 *
 * 1. Without gradients: each tile adds its part to the sums `S`.
 * 2. From the sums of the whole picture: the losses, and what they change by each sum, `dL/dS`.
 * 3. With gradients: each tile's `⟨dL/dS, S_tile⟩`, linear in its sums, is differentiated with respect to its
 *    window, and the gradient of the **whole window** is added into the picture's.
 *
 * Each position belongs to one tile, so nothing is counted twice, and what a position does to pixels beyond
 * its tile is not lost: the result is that of the whole picture, to rounding.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { releaseMemory } from "../engine/engine.ts";
import type { See } from "../network/features.ts";
import type { Team } from "../base/team.ts";
import { cut, ownedWithin, padTo, placeOf, type Tile, tilesOf } from "../network/tiles.ts";
import { forTiles } from "./shared_tiles.ts";
import { createStrips } from "./strips.ts";
import type { BoundTerm, Part, View } from "./term.ts";

/** The losses of all terms, in their order, as what is minimized. */
export type Combine = (values: tf.Scalar[]) => {
  values: tf.Tensor1D;
  shares: tf.Tensor1D;
  total: tf.Scalar;
};

/** Terms that are evaluated tile by tile. */
export type Tiled = {
  see: See;
  bound: readonly BoundTerm[];
  /** Of the terms; what weighs nothing has no gradient. */
  weights: readonly number[];
  layers: readonly string[];
  /** Side of the tiles in pixels. */
  tile: number;
  /** Who shares the tiles; this thread alone by default. */
  team?: Team;
};

/** @throws {RangeError} when a term looks at features and is no function of sums over positions. */
export function checkTiled(name: string, { layers, additive }: BoundTerm): void {
  if (layers.length === 0 || additive) return;
  throw new RangeError(
    `Cannot compute the ${name} loss tile by tile as it is no function of sums over positions: ` +
      `choose another measure, a smaller size, or more memory (maxMemory)`,
  );
}

/** The losses alone. */
export function measureTiled(
  tiled: Tiled,
  image: tf.Tensor4D,
  evaluation: number,
  combine: Combine,
) {
  return tf.tidy(() => {
    const tiles = tilesFor(tiled, image);
    const sums = sumUp(tiled, tiles, image);
    return combine(valuesOf(tiled, sums, image, evaluation));
  });
}

/** The losses and the gradient with respect to the picture. */
export function evaluateTiled(
  tiled: Tiled,
  image: tf.Tensor4D,
  evaluation: number,
  combine: Combine,
) {
  releaseMemory(); // what the step before needed
  return tf.tidy(() => {
    const tiles = tilesFor(tiled, image);
    const sums = sumUp(tiled, tiles, image);
    let seen: { values: tf.Tensor1D; shares: tf.Tensor1D } | undefined;
    const pulls = tiled.bound.some(({ additive }, i) => !additive && tiled.weights[i] !== 0);
    const watched = tiled.bound.map((term, i) => {
      if (term.additive || tiled.weights[i] !== 0) return undefined;
      return tf.tidy(() => term.value({ image, features: {}, evaluation }));
    });
    // Every sum takes part, if only with nothing, for TensorFlow.js to differentiate by it.
    const { value, grads } = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
      const x = pulls ? inputs.at(-1) as tf.Tensor4D : image;
      const each = valuesOf(tiled, inputs, x, evaluation, watched);
      const { values, shares, total } = combine(each);
      seen = { values: tf.keep(values), shares: tf.keep(shares) };
      return inputs.reduce((sum, input) => tf.add(sum, tf.mul(tf.sum(input), 0)), total);
    })(pulls ? [...sums, image] : sums);
    const ofImage = pulls ? grads.pop() as tf.Tensor4D : undefined;
    const ofTiles = addGradients(tiled, tiles, image, grads);
    const gradient = ofImage ? tf.add(ofImage, ofTiles) as tf.Tensor4D : ofTiles;
    releaseMemory(); // for the step that follows
    return { ...seen!, total: value as tf.Scalar, gradient };
  });
}

/** The gradients of all windows, added up. */
function addGradients(
  tiled: Tiled,
  tiles: Tile[],
  image: tf.Tensor4D,
  slopes: tf.Tensor[],
): tf.Tensor4D {
  const strips = createStrips(image.shape[2]);
  forTiles(
    tiled.team,
    tiles,
    (tile) => [gradientOfTile(tiled, tile, image, slopes)],
    ([gradient], { window }) => strips.add(window, gradient as tf.Tensor4D),
  );
  return strips.finish();
}

function tilesFor({ see, layers, tile }: Tiled, { shape: [, height, width] }: tf.Tensor4D): Tile[] {
  return tilesOf(see.architecture, layers, { width, height }, tile);
}

/** What the terms add up, in the order of their sums. */
const partsOf = ({ bound }: Tiled): Part[] =>
  bound.flatMap(({ additive }) => additive?.parts ?? []);

/** The sums of every term that looks at features, over all tiles. */
function sumUp(tiled: Tiled, tiles: Tile[], image: tf.Tensor4D): tf.Tensor[] {
  let total: tf.Tensor[] | undefined;
  forTiles(tiled.team, tiles, (tile) => sumsOfTile(tiled, tile, image), (part) => {
    const before: tf.Tensor[] | undefined = total;
    total = part.map((sum, i) => before ? tf.add(sum, before[i]!) : sum.clone());
    tf.dispose(before ?? []);
  });
  return total!;
}

function sumsOfTile(tiled: Tiled, tile: Tile, image: tf.Tensor4D): tf.Tensor[] {
  const { see, layers } = tiled;
  const features = see(cut(image, tile.window), layers);
  const place = placeOf(see.architecture, tile);
  // One after the other, so that what is cut out of a layer is there once.
  return partsOf(tiled).flatMap(({ layer, sums }) =>
    tf.tidy(() => {
      const owned = cut(features[layer]!, ownedWithin(see.architecture, tile, layer));
      return sums(owned, place.of(layer));
    })
  );
}

/** Each term's loss, from its sums or from the picture itself. */
function valuesOf(
  { bound }: Tiled,
  sums: tf.Tensor[],
  image: tf.Tensor4D,
  evaluation: number,
  known: readonly (tf.Scalar | undefined)[] = [],
): tf.Scalar[] {
  const view: View = { image, features: {}, evaluation };
  let next = 0;
  return bound.map((term, i) => {
    if (!term.additive) return known[i] ?? term.value(view);
    const count = term.additive.parts.reduce((sum, part) => sum + part.count, 0);
    const own = sums.slice(next, next + count);
    next += count;
    return term.additive.finish(own);
  });
}

/** The gradient of `⟨slopes, sums of the tile⟩` with respect to the tile's window. */
function gradientOfTile(
  tiled: Tiled,
  tile: Tile,
  image: tf.Tensor4D,
  slopes: tf.Tensor[],
): tf.Tensor4D {
  const { see, layers } = tiled;
  // Its value does not matter, its gradient is known.
  const linear = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as (tensors: tf.Tensor[]) => void;
    save(inputs as tf.Tensor[]);
    const gradFunc = (_: tf.Tensor, features: tf.Tensor[]) =>
      layers.map((layer, i) =>
        gradientOfLayer(tiled, tile, layer, features[i] as tf.Tensor4D, slopes)
      );
    return { value: tf.scalar(0), gradFunc };
  });
  const follow = (window: tf.Tensor) => {
    const features = see(window as tf.Tensor4D, layers);
    return linear(...layers.map((layer) => features[layer]!));
  };
  return tf.grad(follow)(cut(image, tile.window)) as tf.Tensor4D;
}

/** The same with respect to the features of one layer. */
function gradientOfLayer(
  tiled: Tiled,
  tile: Tile,
  layer: string,
  features: tf.Tensor4D,
  slopes: tf.Tensor[],
): tf.Tensor4D {
  const { architecture } = tiled.see;
  return tf.tidy(() => {
    const [within, where] = [
      ownedWithin(architecture, tile, layer),
      placeOf(architecture, tile).of(layer),
    ];
    const owned = cut(features, within);
    let next = 0;
    const gradients = partsOf(tiled).flatMap((part) => {
      const own = slopes.slice(next, next += part.count);
      return part.layer === layer ? [part.gradient(owned, where, own)] : [];
    });
    const sum = gradients.reduce((a, b) => tf.add(a, b));
    const [, height, width] = features.shape;
    return padTo([height, width], sum, within);
  });
}
