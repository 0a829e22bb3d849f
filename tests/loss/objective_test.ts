import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { createObjective } from "../../lib/loss/objective.ts";
import { seeThrough } from "../../lib/network/features.ts";
import type { Loss } from "../../lib/loss/term.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { styleOf, styleOfEachLayer } from "../../lib/loss/style_term.ts";
import { contentOf, denoise } from "../../lib/loss/terms.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

/** Two losses on the picture alone: the mean and the mean square. */
const simple: Loss[] = [
  { name: "mean", weight: 2, value: ({ image }) => tf.mean(image) },
  { name: "square", weight: 3, value: ({ image }) => tf.mean(tf.square(image)) },
];
const ones = () => tf.fill([1, 2, 2, 3], 4) as tf.Tensor4D;

useEachEngine("constant weights add up weight times loss", async () => {
  const objective = createObjective(seeThrough(stubNetwork()), simple, { weighting: "constant" });
  const { total, losses, gradient } = objective.evaluate(ones());
  // mean 4, mean square 16: 2·4 + 3·16 = 56; gradient (2 + 3·2·4) / 12 = 26/12.
  assertAllClose(await losses.data(), [4, 16], { rtol: 1e-6 });
  assertAllClose(await total.data(), [56], { rtol: 1e-6 });
  assertAllClose(await gradient.data(), new Array(12).fill(26 / 12), { rtol: 1e-5 });
  objective.dispose();
});

useEachEngine("adaptive weights use the adjustments of the evaluation before", async () => {
  const objective = createObjective(seeThrough(stubNetwork()), simple, { weighting: "adaptive" });
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
  const terms = [
    contentOf(noisePicture(11, 9, 1), { layers: ["relu2_1"], weight: 1 }),
    styleOf(noisePicture(10, 8, 2), { weight: 1e-7 }),
    denoise({ weight: 0.3 }),
  ];
  const objective = createObjective(seeThrough(network), terms, { weighting: "constant" });
  const x = tf.tensor4d(uniformNoise(11 * 9 * 3, 0, 255, seededRandom(4)), [1, 9, 11, 3]);
  const { gradient } = objective.evaluate(x);
  const error = await slopeError((x) => objective.evaluate(x).total, x, gradient);
  if (!(error < 1e-3)) throw new Error(`relative error ${error}`);
  objective.dispose();
  network.dispose();
});

useEachEngine("a loss of one's own works like the built-in ones", async () => {
  const network = stubNetwork();
  const own: Loss = {
    name: "quiet",
    weight: 1,
    layers: ["relu2_1"],
    value: ({ features }) => tf.mean(tf.abs(features.relu2_1!)),
  };
  const see = seeThrough(network);
  const objective = createObjective(see, [own], { weighting: "constant" });
  const x = tf.tensor4d(uniformNoise(8 * 8 * 3, 0, 255, seededRandom(5)), [1, 8, 8, 3]);
  const { gradient, losses } = objective.evaluate(x);
  const { relu2_1 } = see(x, ["relu2_1"]);
  assertAllClose(await losses.data(), await tf.mean(tf.abs(relu2_1!)).data(), { rtol: 1e-5 });
  const error = await slopeError((x) => objective.evaluate(x).total, x, gradient);
  if (!(error < 1e-3)) throw new Error(`relative error ${error}`);
  objective.dispose();
  network.dispose();
});

useEachEngine("the caller owns an evaluation, and nothing else is left", async () => {
  const network = stubNetwork();
  const picture = noisePicture(8, 8);
  const once = () => {
    const objective = createObjective(seeThrough(network), [contentOf(picture), styleOf(picture)]);
    tf.tidy(() => {
      for (let i = 0; i < 3; i++) tf.dispose(objective.evaluate(ones8()));
    });
    objective.dispose();
  };
  once();
  assertEquals(await tensorsLeft(once), 0);
  network.dispose();
});

const ones8 = () => tf.fill([1, 8, 8, 3], 100) as tf.Tensor4D;

useEachEngine("a wrong layer in a term leaves no tensor", async () => {
  const network = stubNetwork();
  const picture = noisePicture(8, 8);
  const see = seeThrough(network);
  createObjective(see, [contentOf(picture)]).dispose();
  const left = await tensorsLeft(() =>
    assertThrows(
      () => createObjective(see, [contentOf(picture), styleOf(picture, { layers: ["relu7"] })]),
      RangeError,
      "relu3_2",
    )
  );
  assertEquals(left, 0);
  network.dispose();
});

Deno.test("createObjective() refuses no loss, and two of one name", () => {
  assertThrows(() => createObjective(seeThrough(stubNetwork()), []), Error, "at least one loss");
  assertThrows(
    () => createObjective(seeThrough(stubNetwork()), [simple[0]!, simple[0]!]),
    Error,
    "names must differ",
  );
});

Deno.test("createObjective() refuses weights that are negative, no number, or all 0", () => {
  const see = seeThrough(stubNetwork());
  const withWeight = (weight: number): Loss => ({ ...simple[0]!, weight });
  assertThrows(() => createObjective(see, [withWeight(-1)]), RangeError, "the mean loss");
  assertThrows(() => createObjective(see, [withWeight(NaN)]), RangeError, "the mean loss");
  assertThrows(() => createObjective(see, [withWeight(0)]), RangeError, "above 0");
  assertThrows(() => createObjective(see, [{ ...simple[0]!, watch: true }]), RangeError, "above 0");
});

useEachEngine("a term that is watched is shown, and changes neither sum nor gradient", async () => {
  const watched: Loss = { ...simple[1]!, name: "watched", watch: true };
  const see = seeThrough(stubNetwork());
  const alone = createObjective(see, [simple[0]!], { weighting: "constant" });
  const both = createObjective(see, [watched, simple[0]!], { weighting: "constant" });
  const [a, b] = [alone.evaluate(ones()), both.evaluate(ones())];
  assertEquals(both.names, ["mean", "watched"]);
  assertEquals(both.weights, [2, 0]);
  assertAllClose(await b.losses.data(), [4, 16], { rtol: 1e-6 });
  assertAllClose(await b.terms.data(), [8, 0], { rtol: 1e-6 });
  assertAllClose(await b.total.data(), await a.total.data(), { rtol: 1e-6 });
  assertAllClose(await b.gradient.data(), await a.gradient.data(), { rtol: 1e-6 });
  alone.dispose();
  both.dispose();
});

useEachEngine("measure() gives the losses of evaluate(), and moves nothing on", async () => {
  const objective = createObjective(seeThrough(stubNetwork()), simple, { weighting: "adaptive" });
  tf.dispose(objective.evaluate(ones()));
  const measured = objective.measure(ones());
  const again = objective.measure(ones());
  const evaluated = objective.evaluate(ones());
  for (const name of ["total", "losses", "terms"] as const) {
    assertAllClose(await measured[name].data(), await evaluated[name].data(), { rtol: 1e-6 });
    assertAllClose(await again[name].data(), await evaluated[name].data(), { rtol: 1e-6 });
  }
  objective.dispose();
});

useEachEngine("styleOfEachLayer() adds up to the style term over those layers", async () => {
  const network = stubNetwork();
  const picture = noisePicture(9, 8, 1);
  const x = toTensor(noisePicture(12, 10, 2));
  // The style loss is the mean over layers: half the weight each for two layers.
  const whole = [styleOf(picture, { layers: ["relu1_1", "relu2_1"], weight: 2 })];
  const single = styleOfEachLayer(picture, { relu1_1: 1, relu2_1: 1 });
  assertEquals(single.map(({ name }) => name), ["style relu1_1", "style relu2_1"]);
  const [a, b] = [whole, single].map((terms) => {
    const objective = createObjective(seeThrough(network), terms, { weighting: "constant" });
    const evaluation = objective.evaluate(x);
    objective.dispose();
    return evaluation;
  });
  assertAllClose(await b!.total.data(), await a!.total.data(), { rtol: 1e-5 });
  const gradient = await a!.gradient.data();
  assertAllClose(await b!.gradient.data(), gradient, { rtol: 1e-4, scale: "rms" });
  network.dispose();
});

useEachEngine(
  "a loss that throws leaves no tensor: in its value, in its gradient, no scalar",
  async () => {
    const network = stubNetwork();
    const see = seeThrough(network);
    const x = toTensor(noisePicture(16, 16, 1));
    const fails = {
      value: (): tf.Scalar => {
        throw new Error("in the value");
      },
      gradient: tf.customGrad((...inputs) => {
        const gradFunc = () => {
          throw new Error("in the gradient");
        };
        return { value: tf.mean(inputs[0] as tf.Tensor), gradFunc };
      }),
      shape: (features: tf.Tensor4D) => tf.mean(features, [1, 2]) as unknown as tf.Scalar,
      promise: () => Promise.resolve(1) as unknown as tf.Scalar,
    };
    for (
      const [name, message] of [["value", "in the value"], ["gradient", "in the gradient"], [
        "shape",
        "a tensor of shape [1,8]",
      ], ["promise", "scalar tensor"]] as const
    ) {
      const own: Loss = {
        name,
        weight: 1,
        layers: ["relu3_1"],
        value: ({ features }) => fails[name](features.relu3_1!) as tf.Scalar,
      };
      const once = () => {
        const objective = createObjective(see, [styleOf(noisePicture(8, 8)), own]);
        try {
          assertThrows(() => objective.evaluate(x), Error, message);
        } finally {
          objective.dispose();
        }
      };
      once();
      assertEquals(await tensorsLeft(once), 0, name);
    }
    network.dispose();
  },
);
