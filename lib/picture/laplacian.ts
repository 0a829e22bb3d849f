/**
 * A picture as a Laplacian pyramid (Burt, Adelson 1983): what is lost by halving its sides, what of the
 * half is lost by halving it again, and so on, down to a small picture. A change of one number on a coarse
 * level changes a large area. Everything here is linear.
 *
 * Differs from Burt, Adelson: halves and doubles bilinearly, as STROTSS (Kolkin et al. 2019) does.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { bilinear, regularGrid, spread } from "./bilinear.ts";

/** The sides of a level. */
export type Sides = { height: number; width: number };

/**
 * The sides of the levels of a pyramid, from the picture's own on; each is half the one before, without
 * its fraction. Ends early when a side would fall below 2.
 *
 * @param levels how often the picture is halved
 */
export function pyramidSides({ height, width }: Sides, levels: number): Sides[] {
  const sides = [{ height, width }];
  while (sides.length <= levels) {
    const { height, width } = sides.at(-1)!;
    if (Math.min(height, width) < 4) break;
    sides.push({ height: Math.floor(height / 2), width: Math.floor(width / 2) });
  }
  return sides;
}

/** Bilinear resizing, without antialiasing. */
export function resize(x: tf.Tensor4D, { height, width }: Sides): tf.Tensor4D {
  return bilinear(x, regularGrid(height, width));
}

/**
 * The levels of a picture: on each what the next, doubled, does not tell; the last is the small picture
 * itself.
 *
 * @param image `[1, H, W, C]`
 */
export function toPyramid(image: tf.Tensor4D, levels: number): tf.Tensor4D[] {
  const [, height, width] = image.shape;
  const sides = pyramidSides({ height, width }, levels);
  return tf.tidy(() => {
    let rest = image;
    const bands = sides.slice(1).map((half, i) => {
      const small = resize(rest, half);
      const band = tf.sub(rest, resize(small, sides[i]!)) as tf.Tensor4D;
      rest = small;
      return band;
    });
    return [...bands, rest.clone()];
  });
}

/** The picture of a pyramid: from the last level on, double and add. */
export function fromPyramid(bands: readonly tf.Tensor4D[]): tf.Tensor4D {
  return tf.tidy(() =>
    bands.reduceRight((small, band) => {
      const [, height, width] = band.shape;
      return tf.add(band, resize(small, { height, width }));
    }).clone()
  );
}

/**
 * The adjoint of {@linkcode fromPyramid}: from a gradient with respect to the picture to that with respect
 * to each level. `<fromPyramid(b), g> = Σ <b_k, pyramidGradient(g)_k>`.
 */
export function pyramidGradient(gradient: tf.Tensor4D, levels: number): tf.Tensor4D[] {
  const [, height, width] = gradient.shape;
  const sides = pyramidSides({ height, width }, levels);
  return tf.tidy(() => {
    const all = [gradient.clone()];
    for (const [i, half] of sides.slice(1).entries()) {
      all.push(spread(all[i]!, regularGrid(sides[i]!.height, sides[i]!.width), half));
    }
    return all;
  });
}
