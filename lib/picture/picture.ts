/**
 * Pictures on the CPU. A {@linkcode Picture} is plain data: RGB, row by row, 0–255, in float32, so
 * that nothing is lost between two steps. It goes to tensors `[1, H, W, 3]` and back. Files are read
 * in `read.ts`, written in `write.ts`; other sizes are made in `resize.ts`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  cannot,
  checkNoPromise,
  checkPositiveInteger,
  checkShape,
  describe,
} from "../base/check.ts";
import { valuesOf } from "../base/kernels.ts";
import { displayable } from "../base/notebook.ts";

/** A picture: `data` holds RGB interleaved, row by row, 0–255; its length is width × height × 3. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
};

/**
 * No picture of more than 100 megapixels is read or made. While the largest are read, the process takes
 * up to 1.7 GB (1.9 GB for BMP, 0.6 GB if they are made small at once), and 2.3 GB for 16 bits with alpha.
 */
export const MAX_PIXELS = 100e6;

/** The tensor `[1, H, W, 3]` of a picture, a copy: yours to dispose. */
export function toTensor(picture: Picture): tf.Tensor4D {
  checkPicture("make a tensor", picture);
  return tf.tensor4d(picture.data.slice(), [1, picture.height, picture.width, 3]);
}

/**
 * The picture in a tensor `[1, H, W, 3]`, clipped to 0–255, not rounded. The tensor stays yours.
 *
 * @throws RangeError if the shape is another one or a value is NaN.
 */
export async function toPicture(tensor: tf.Tensor4D): Promise<Picture> {
  const what = "make a picture";
  checkNoPromise(what, "the tensor", tensor);
  checkShape(what, "the tensor", tensor.shape, [1, null, null, 3]);
  const [, height, width] = tensor.shape;
  const data = await valuesOf(tensor);
  for (let i = 0; i < data.length; i++) { // not `entries()`: that takes 30 ms for a megapixel
    const value = data[i]!;
    if (value >= 0 && value <= 255) continue;
    if (Number.isNaN(value)) {
      throw new RangeError(cannot(what, "every value must be a number", `NaN at index ${i}`));
    }
    data[i] = value < 0 ? 0 : 255;
  }
  return displayable("picture", { width, height, data });
}

/**
 * Throws unless `picture` is one: whole sides above 0 and that many values, all of them finite.
 *
 * @param name How the message calls it: `the content picture`.
 */
export function checkPicture(what: string, picture: Picture, name = "the picture"): void {
  checkNoPromise(what, name, picture);
  const { width, height, data } = picture ?? {};
  checkPositiveInteger(what, `${name}'s width`, width);
  checkPositiveInteger(what, `${name}'s height`, height);
  if (!(data instanceof Float32Array) || data.length !== width * height * 3) {
    const rule = `${name}'s data must be a Float32Array of ${width} x ${height} x 3 values`;
    throw new RangeError(cannot(what, rule, describe(data?.length)));
  }
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const rule = `every value of ${name} must be a finite number`;
  const place = `at index ${wrong}, pixel (${Math.floor(wrong / 3) % width}, ${
    Math.floor(wrong / 3 / width)
  })`;
  throw new RangeError(cannot(what, rule, `${data[wrong]} ${place}`));
}
