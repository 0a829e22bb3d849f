import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { createObjective, type Loss } from "../../lib/loss/objective.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { createLosses } from "../../lib/loss/targets.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

/** Two losses on the picture alone: the mean and the mean square. */
const simple: Loss[] = [
  { name: "mean", weight: 2, value: ({ image }) => tf.mean(image) },
  { name: "square", weight: 3, value: ({ image }) => tf.mean(tf.square(image)) },
];
const ones = () => tf.fill([1, 2, 2, 3], 4) as tf.Tensor4D;

useEachEngine("constant weights add up weight times loss", async () => {
  const objective = createObjective(stubNetwork(), simple, { weighting: "constant" });
  const { total, losses, gradient } = objective.evaluate(ones());
  // mean 4, mean square 16: 2·4 + 3·16 = 56; gradient (2 + 3·2·4) / 12 = 26/12.
  assertAllClose(await losses.data(), [4, 16], { rtol: 1e-6 });
  assertAllClose(await total.data(), [56], { rtol: 1e-6 });
  assertAllClose(await gradient.data(), new Array(12).fill(26 / 12), { rtol: 1e-5 });
  objective.dispose();
});

useEachEngine("adaptive weights use the adjustments of the evaluation before", async () => {
  const objective = createObjective(stubNetwork(), simple, { weighting: "adaptive" });
  const first = objective.evaluate(ones());
  // They start at 1e-10 and become 1 / (loss + 1e-10).
  assertAllClose(await first.total.data(), [56e-10], { rtol: 1e-6 });
  assertAllClose(await first.adjustments.data(), [1 / 4, 1 / 16], { rtol: 1e-6 });
  const second = objective.evaluate(ones());
  // Each loss over itself: the sum of the weights, whatever the losses are.
  assertAllClose(await second.total.data(), [5], { rtol: 1e-6 });
  // 2 · (1/4) / 12 + 3 · (1/16) · 8 / 12
  assertAllClose(await second.gradient.data(), new Array(12).fill((0.5 + 1.5) / 12), {
    rtol: 1e-5,
  });
  objective.dispose();
});

useEachEngine("the objective's gradient fits finite differences", async () => {
  const network = stubNetwork();
  const { terms, dispose } = createLosses(network, {
    content: { picture: noisePicture(11, 9, 1), layers: ["relu2_1"], weight: 1 },
    style: { picture: noisePicture(10, 8, 2), weight: 1e-7 },
    denoise: { weight: 0.3 },
  });
  const objective = createObjective(network, terms, { weighting: "constant" });
  const x = tf.tensor4d(uniformNoise(11 * 9 * 3, 0, 255, seededRandom(4)), [1, 9, 11, 3]);
  const { gradient } = objective.evaluate(x);
  const error = await slopeError((x) => objective.evaluate(x).total, x, gradient);
  if (!(error < 1e-3)) throw new Error(`relative error ${error}`);
  objective.dispose();
  dispose();
  network.dispose();
});

useEachEngine("a loss of one's own works like the built-in ones", async () => {
  const network = stubNetwork();
  const own: Loss = {
    name: "quiet",
    weight: 1,
    layers: ["relu2_1"],
    value: ({ activations }) => tf.mean(tf.abs(activations.relu2_1)),
  };
  const objective = createObjective(network, [own], { weighting: "constant" });
  const { gradient, losses } = objective.evaluate(tf.randomUniform([1, 8, 8, 3], 0, 255));
  assertEquals(gradient.shape, [1, 8, 8, 3]);
  if (!((await losses.data())[0] > 0)) throw new Error("the loss must be positive");
  objective.dispose();
  network.dispose();
});

useEachEngine("the caller owns an evaluation, and nothing else is left", async () => {
  const network = stubNetwork();
  const picture = noisePicture(8, 8);
  const once = () => {
    const { terms, dispose } = createLosses(network, { content: { picture }, style: { picture } });
    const objective = createObjective(network, terms);
    tf.tidy(() => {
      for (let i = 0; i < 3; i++) tf.dispose(objective.evaluate(ones8()));
    });
    objective.dispose();
    dispose();
  };
  once();
  assertEquals(await tensorsLeft(once), 0);
  network.dispose();
});

const ones8 = () => tf.fill([1, 8, 8, 3], 100) as tf.Tensor4D;

useEachEngine("a wrong layer in createLosses() leaves no tensor", async () => {
  const network = stubNetwork();
  const picture = noisePicture(8, 8);
  createLosses(network, { content: { picture } }).dispose();
  const left = await tensorsLeft(() =>
    assertThrows(
      () => createLosses(network, { content: { picture }, style: { picture, layers: ["relu7"] } }),
      RangeError,
      "relu3_2",
    )
  );
  assertEquals(left, 0);
  network.dispose();
});

Deno.test("createObjective() refuses no loss, and two of one name", () => {
  assertThrows(() => createObjective(stubNetwork(), []), Error, "at least one loss");
  assertThrows(
    () => createObjective(stubNetwork(), [simple[0], simple[0]]),
    Error,
    "names must differ",
  );
});
