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
import type { See } from "../network/features.ts";
import { cut, placeOf, seeTile, type Tile, tilesOf } from "../network/tiles.ts";
import type { BoundTerm, View } from "./term.ts";

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
  layers: readonly string[];
  /** Side of the tiles in pixels. */
  tile: number;
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
    const sums = sumUp(tiled, tiles, image, evaluation);
    return combine(valuesOf(tiled, sums.flat(), image, evaluation));
  });
}

/** The losses and the gradient with respect to the picture. */
export function evaluateTiled(
  tiled: Tiled,
  image: tf.Tensor4D,
  evaluation: number,
  combine: Combine,
) {
  return tf.tidy(() => {
    const tiles = tilesFor(tiled, image);
    const sums = sumUp(tiled, tiles, image, evaluation).flat();
    let seen: { values: tf.Tensor1D; shares: tf.Tensor1D } | undefined;
    // Every sum takes part, if only with nothing, for TensorFlow.js to differentiate by it.
    const { value, grads } = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
      const x = inputs.at(-1) as tf.Tensor4D;
      const { values, shares, total } = combine(valuesOf(tiled, inputs, x, evaluation));
      seen = { values: tf.keep(values), shares: tf.keep(shares) };
      return inputs.reduce((sum, input) => tf.add(sum, tf.mul(tf.sum(input), 0)), total);
    })([...sums, image]);
    const slopes = grads.slice(0, -1);
    let gradient = grads.at(-1) as tf.Tensor4D;
    for (const tile of tiles) {
      gradient = tf.tidy(() => {
        const part = gradientOfTile(tiled, tile, image, evaluation, slopes);
        const sum = tf.add(gradient, padTo(image, part, tile));
        gradient.dispose();
        return sum as tf.Tensor4D;
      });
    }
    return { ...seen!, total: value as tf.Scalar, gradient };
  });
}

function tilesFor({ see, layers, tile }: Tiled, { shape: [, height, width] }: tf.Tensor4D): Tile[] {
  return tilesOf(see.architecture, layers, { width, height }, tile);
}

/** The sums of every term that looks at features, over all tiles. */
function sumUp(tiled: Tiled, tiles: Tile[], image: tf.Tensor4D, evaluation: number): tf.Tensor[][] {
  let total: tf.Tensor[][] | undefined;
  for (const tile of tiles) {
    const before: tf.Tensor[][] | undefined = total;
    total = tf.tidy(() => {
      const part = sumsOfTile(tiled, tile, cut(image, tile.window), evaluation);
      return before
        ? part.map((sums, i) => sums.map((sum, j) => tf.add(sum, before[i]![j]!)))
        : part;
    });
    tf.dispose(before?.flat() ?? []);
  }
  return total!;
}

function sumsOfTile(
  { see, bound, layers }: Tiled,
  tile: Tile,
  window: tf.Tensor4D,
  evaluation: number,
): tf.Tensor[][] {
  const view = { image: window, features: seeTile(see, window, layers, tile), evaluation };
  const place = placeOf(see.architecture, tile);
  return bound.flatMap(({ additive }) => additive ? [additive.sums(view, place)] : []);
}

/** Each term's loss, from its sums or from the picture itself. */
function valuesOf(
  { bound }: Tiled,
  sums: tf.Tensor[],
  image: tf.Tensor4D,
  evaluation: number,
): tf.Scalar[] {
  const view: View = { image, features: {}, evaluation };
  let next = 0;
  return bound.map((term) => {
    if (!term.additive) return term.value(view);
    const own = sums.slice(next, next + term.additive.count);
    next += term.additive.count;
    return term.additive.finish(own);
  });
}

/** The gradient of `⟨slopes, sums of the tile⟩` with respect to the tile's window. */
function gradientOfTile(
  tiled: Tiled,
  tile: Tile,
  image: tf.Tensor4D,
  evaluation: number,
  slopes: tf.Tensor[],
): tf.Tensor4D {
  const linear = (window: tf.Tensor) => {
    const sums = sumsOfTile(tiled, tile, window as tf.Tensor4D, evaluation).flat();
    return sums.map((sum, i) => tf.sum(tf.mul(sum, slopes[i]!))).reduce((a, b) => tf.add(a, b));
  };
  return tf.grad(linear)(cut(image, tile.window)) as tf.Tensor4D;
}

/** A window's gradient in its place of the picture's, 0 elsewhere. */
function padTo(image: tf.Tensor4D, part: tf.Tensor4D, { window }: Tile): tf.Tensor4D {
  const [, height, width] = image.shape;
  const { top, left } = window;
  const [bottom, right] = [height - top - window.height, width - left - window.width];
  return tf.pad(part, [[0, 0], [top, bottom], [left, right], [0, 0]]);
}
