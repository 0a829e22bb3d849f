/**
 * A network small enough to check by hand and to run in milliseconds: five convolutions in three
 * blocks with seeded random filters. It keeps most tests free of VGG's weights.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { createNetwork, type Network } from "../../lib/network/network.ts";
import { type Random, seededRandom, uniformNoise } from "../../lib/base/random.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { vggArchitecture } from "../../lib/network/vgg.ts";
import type { Weights } from "../../lib/network/weights/read.ts";

const CHANNELS = [4, 6, 8];
const BLOCKS = [2, 1, 2];

/** The stub's weights: uniform in [-0.3, 0.3), biases too. */
export function stubWeights(random: Random = seededRandom(1)): Weights {
  const weights: Weights = {};
  let input = 3;
  BLOCKS.forEach((convolutions, i) => {
    for (let j = 1; j <= convolutions; j++) {
      const output = CHANNELS[i]!;
      const name = `block${i + 1}_conv${j}`;
      const size = 9 * input * output;
      weights[`${name}.kernel`] = {
        shape: [3, 3, input, output],
        data: uniformNoise(size, -0.3, 0.3, random),
      };
      weights[`${name}.bias`] = {
        shape: [output],
        data: uniformNoise(output, -0.3, 0.3, random),
      };
      input = output;
    }
  });
  return weights;
}

/** Layers `relu1_1 relu1_2 relu2_1 relu3_1 relu3_2`; pictures of at least 4x4. */
export function stubNetwork(): Network {
  return createNetwork(vggArchitecture("stub", BLOCKS), stubWeights());
}

/** A picture of seeded noise over the whole scale, whole numbers. */
export function noisePicture(width: number, height: number, seed = 1): Picture {
  const data = uniformNoise(width * height * 3, 0, 255, seededRandom(seed)).map(Math.round);
  return { width, height, data };
}

/** Runs `work` and returns how many tensors it left behind. */
export async function tensorsLeft(work: () => unknown): Promise<number> {
  const before = tf.memory().numTensors;
  await work();
  return tf.memory().numTensors - before;
}
