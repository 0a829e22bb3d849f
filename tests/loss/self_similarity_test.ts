import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { createObjective } from "../../lib/loss/objective.ts";
import {
  selfSimilarity,
  selfSimilarityLoss,
  selfSimilarityOf,
} from "../../lib/loss/self_similarity.ts";
import { seeThrough } from "../../lib/network/features.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const rows = (count: number, channels: number, seed: number) =>
  tf.tensor2d(uniformNoise(count * channels, 0, 1, seededRandom(seed)), [count, channels]);

useEachEngine("selfSimilarity() of three directions, two of them at right angles", async () => {
  // (1, 0), (0, 2), (0, 5): distances 0 1 1 / 1 0 0 / 1 0 0; columns add up to 2, 1 and 1.
  const found = selfSimilarity(tf.tensor2d([1, 0, 0, 2, 0, 5], [3, 2]));
  assertAllClose(await found.data(), [0, 1, 1, 0.5, 0, 0, 0.5, 0, 0], { rtol: 1e-6, atol: 1e-6 });
});

useEachEngine(
  "selfSimilarityLoss() knows neither lengths nor a rotation of the features",
  async () => {
    const x = rows(12, 3, 1);
    const turn = tf.tensor2d([0, -1, 0, 1, 0, 0, 0, 0, 1], [3, 3]);
    const turned = tf.mul(tf.matMul(x, turn), tf.add(rows(12, 1, 2), 1)) as tf.Tensor2D;
    const [near] = await selfSimilarityLoss(turned, x).data();
    const [far] = await selfSimilarityLoss(rows(12, 3, 3), x).data();
    assert(near! < 1e-4 * far!, `${near} of ${far}`);
  },
);

useEachEngine(
  "selfSimilarityOf() is 0 for the content, and its gradient fits its slope",
  async () => {
    const network = stubNetwork();
    const content = noisePicture(16, 12, 1);
    const term = selfSimilarityOf(content, { layers: ["relu2_1"], positions: 20 });
    const bound = term.bind(seeThrough(network), { width: 16, height: 12 });
    const see = seeThrough(network);
    const value = (x: tf.Tensor4D) =>
      bound.value({ image: x, features: see(x, bound.layers), evaluation: 5 });
    const [same] = await value(toTensor(content)).data();
    const x = toTensor(noisePicture(16, 12, 2));
    const [far] = await value(x).data();
    assert(same! < 1e-5 * far!, `${same} of ${far}`);
    const error = await slopeError(value, x);
    assert(error < 5e-3, `relative error ${error}`);
    bound.dispose();
    network.dispose();
  },
);

useEachEngine("selfSimilarityOf() leaves no tensor behind", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const once = async () => {
    const objective = createObjective(see, [selfSimilarityOf(noisePicture(16, 12, 1))], {
      canvas: { width: 16, height: 12 },
    });
    const x = toTensor(noisePicture(16, 12, 2));
    const evaluation = objective.evaluate(x);
    await evaluation.total.data();
    tf.dispose([evaluation, x]);
    objective.dispose();
  };
  await once();
  assertEquals(await tensorsLeft(once), 0);
  network.dispose();
});

Deno.test("selfSimilarityOf() refuses no positions", () => {
  const message = "positions must be a positive integer";
  assertThrows(() => selfSimilarityOf(noisePicture(8, 8), { positions: 0 }), RangeError, message);
});
