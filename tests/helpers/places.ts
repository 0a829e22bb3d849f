/**
 * Two layers simple enough to be written down a second time in PyTorch, in
 * `tests/reference/make_transport_golden.py`: for the terms that compare places.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import type { See } from "../../lib/network/features.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { stubNetwork } from "./stub.ts";

/** The names of the two layers. */
export const PLACES = ["relu1_1", "relu2_1"] as const;

/** `relu(image / 64 · W1)` of the pixels, and `relu(image / 64 · W2)` of means of 2 x 2 pixels. */
export function seePlaces(): See {
  const filter = (seed: number, channels: number) => {
    const values = uniformNoise(3 * channels, 0, 1, seededRandom(seed)).map((v) => v - 0.4);
    return tf.tensor4d(values, [1, 1, 3, channels]);
  };
  const see = (image: tf.Tensor4D) => {
    const scaled = tf.div(image, 64) as tf.Tensor4D;
    const small = tf.avgPool(scaled, 2, 2, "valid");
    const look = (x: tf.Tensor4D, w: tf.Tensor4D) => tf.relu(tf.conv2d(x, w, 1, "valid"));
    return { relu1_1: look(scaled, filter(21, 4)), relu2_1: look(small, filter(22, 6)) };
  };
  return Object.assign(see, { architecture: stubNetwork() });
}

/** Noise over the whole scale, as the script makes it. */
export function placesPicture(height: number, width: number, seed: number): Picture {
  const data = uniformNoise(height * width * 3, 0, 1, seededRandom(seed)).map((v) => v * 255);
  return { width, height, data };
}
