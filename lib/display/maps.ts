/**
 * Tensors as pictures: what a layer sees, and what a Gram matrix holds.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Picture } from "../picture/picture.ts";

/** Grey levels from numbers: 0 is black, the greatest white. */
function greyPicture(values: ArrayLike<number>, width: number, height: number): Picture {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) greatest = Math.max(greatest, values[i]);
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    data[i] = greatest === 0 ? 0 : Math.max(0, values[Math.floor(i / 3)] / greatest * 255);
  }
  return { width, height, data };
}

/**
 * The channels of a layer that are most active, each as a grey picture: white is where the channel
 * finds what it looks for.
 *
 * @param features `[1, H, W, C]`; stays yours
 */
export async function featureMaps(
  features: tf.Tensor4D,
  { count = 6 }: { count?: number } = {},
): Promise<Record<string, Picture>> {
  const [, height, width, channels] = features.shape;
  const values = await features.data();
  const activity = new Array(channels).fill(0);
  for (let i = 0; i < values.length; i++) activity[i % channels] += values[i];
  const strongest = activity.map((sum, channel) => ({ sum, channel }))
    .sort((a, b) => b.sum - a.sum).slice(0, count);
  return Object.fromEntries(strongest.map(({ channel }) => {
    const map = Float32Array.from(
      { length: width * height },
      (_, position) => values[position * channels + channel],
    );
    return [`channel ${channel}`, greyPicture(map, width, height)];
  }));
}

/**
 * A matrix `[N, M]` as a grey picture, a pixel per entry. The square root of the entries is shown, as
 * those of a Gram matrix are products of two activations. The matrix stays yours.
 */
export async function matrixPicture(matrix: tf.Tensor2D): Promise<Picture> {
  const [height, width] = matrix.shape;
  const values = await matrix.data();
  return greyPicture(
    Float32Array.from(values, (value) => Math.sqrt(Math.abs(value))),
    width,
    height,
  );
}
