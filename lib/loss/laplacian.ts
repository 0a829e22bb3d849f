/**
 * Content as edges: where the picture changes, pixel by pixel, without any network.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  cannot,
  checkNonNegative,
  checkOptions,
  checkPositiveInteger,
  describe,
} from "../base/check.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import { meanOf, meanSquaredError } from "./losses.ts";
import type { Term } from "./term.ts";
import { contentAt } from "./terms.ts";

/** Settings of {@linkcode laplacianOf}. */
export type LaplacianOptions = {
  /** 0 or more. @default {1} */
  weight?: number;
  /** Sides of the squares whose means are compared, a part of the loss for each. @default {[4]} */
  pool?: readonly number[];
  /** Shown in logs and charts. @default {"laplacian"} */
  name?: string;
};

/**
 * The Laplacian of the three channels' sum after pooling: `4 x[i, j]` less the four neighbours, inside the
 * border.
 *
 * @param image `[1, H, W, 3]`
 * @param pool side of the squares whose means are taken
 * @returns `[H / pool - 2, W / pool - 2]`, sizes truncated
 */
export function laplacian(image: tf.Tensor4D, pool: number): tf.Tensor2D {
  const [, height, width] = image.shape;
  if (Math.min(height, width) < 3 * pool) {
    const rule = `the picture must have at least three squares of ${pool} pixels in each direction`;
    throw new RangeError(cannot("compute a Laplacian", rule, describe([width, height])));
  }
  const means = pool === 1 ? image : tf.avgPool(image, pool, pool, "valid");
  const gray = tf.sum(means, [0, 3]) as tf.Tensor2D;
  const [rows, columns] = gray.shape;
  const part = (top: number, left: number) => tf.slice(gray, [top, left], [rows - 2, columns - 2]);
  const beside = [part(0, 1), part(2, 1), part(1, 0), part(1, 2)];
  return beside.reduce((sum, x) => tf.sub(sum, x), tf.mul(part(1, 1), 4)) as tf.Tensor2D;
}

/**
 * The term `mean over pool sides of MSE(Δ pool(x), Δ pool(c))`: edges and lines stay where they are.
 *
 * Source: Li, Xu, Nie, Chua 2017, Laplacian-Steered Neural Style Transfer (arXiv 1707.01253), eq. 3 to
 * 5. Differs from it in taking means where they take sums: the loss does not grow with the picture.
 *
 * @throws {RangeError} for a negative weight, a side that is not 1, 2, 3, …; when a run begins, for a
 * picture of fewer than three squares.
 */
export function laplacianOf(picture: Picture, options: LaplacianOptions = {}): Term {
  checkOptions("want a Laplacian", options, ["weight", "pool", "name", "picture"]);
  const { weight = 1, pool = [4], name = "laplacian" } = options;
  const what = `compute the ${name} loss`;
  checkNonNegative(`weigh the ${name} loss`, "weight", weight);
  for (const side of pool) checkPositiveInteger(what, "each pool", side);
  if (pool.length === 0) {
    throw new RangeError(cannot(what, "pool must hold at least one side", describe([...pool])));
  }
  return {
    name,
    weight,
    bind(_see, canvas) {
      const wanted = tf.tidy(() => {
        const image = toTensor(contentAt(picture, canvas));
        return pool.map((side) => laplacian(image, side));
      });
      return {
        layers: [],
        value: ({ image }) =>
          meanOf(wanted.map((target, i) => meanSquaredError(laplacian(image, pool[i]!), target))),
        dispose: () => tf.dispose(wanted),
      };
    },
  };
}
