import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { createObjective } from "../../lib/loss/objective.ts";
import type { Canvas } from "../../lib/loss/term.ts";
import { contentOf } from "../../lib/loss/terms.ts";
import { styleOf } from "../../lib/loss/style_term.ts";
import { type See, seeThrough } from "../../lib/network/features.ts";
import { type Picture, toTensor } from "../../lib/picture/picture.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const content = noisePicture(21, 18, 1);
const other = noisePicture(21, 18, 3);

/** Three evaluations from a picture on, each a little further along the gradient; and how often the network was seen. */
async function descend(see: See, from: Picture, start: Picture, shared: boolean) {
  let passes = 0;
  const counted: See = Object.assign((image: tf.Tensor4D, layers: readonly string[]) => {
    passes++;
    return see(image, layers);
  }, { architecture: see.architecture });
  const image = toTensor(from);
  const canvas: Canvas = { width: 21, height: 18, start, ...(shared && { image }) };
  const terms = [
    contentOf(content, { layers: ["relu2_1", "relu3_2"], weight: 1 }),
    styleOf(noisePicture(16, 14, 2), { layers: ["relu1_1", "relu2_1"], weight: 1e-6 }),
  ];
  const objective = createObjective(counted, terms, { canvas, weighting: "constant" });
  const seen: number[][] = [];
  let mixed = image.clone();
  for (let i = 0; i < 3; i++) {
    const evaluation = objective.evaluate(mixed);
    seen.push([...await evaluation.losses.data()], [...await evaluation.gradient.data()]);
    const next = tf.tidy(() => tf.sub(mixed, tf.mul(evaluation.gradient, 1e-3)) as tf.Tensor4D);
    tf.dispose([evaluation, mixed]);
    mixed = next;
  }
  tf.dispose([image, mixed]);
  objective.dispose();
  return { seen, passes };
}

useEachEngine(
  "a content that the run starts from is seen once, and is the same target",
  async () => {
    const network = stubNetwork();
    const see = seeThrough(network);
    await descend(see, content, content, true); // prepares the filters, which stay
    const left = await tensorsLeft(async () => {
      const alone = await descend(see, content, content, false);
      const shared = await descend(see, content, content, true);
      assertEquals(alone.passes, 5); // the content, the style, three evaluations
      assertEquals(shared.passes, 4);
      assertEquals(shared.seen[0]![0], 0);
      assertEquals(shared.seen[2]![0]! > 0, true);
      assertEquals(shared.seen, alone.seen);
    });
    assertEquals(left, 0);
    network.dispose();
  },
);

useEachEngine("a content that the run does not start from is a target as well", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  await descend(see, other, other, true);
  const left = await tensorsLeft(async () => {
    const alone = await descend(see, other, other, false);
    assertEquals((await descend(see, other, other, true)).seen, alone.seen);
    // Nor where the first picture that is evaluated is not the one that was announced.
    const announced: Canvas = { width: 21, height: 18, start: content };
    const objective = createObjective(see, [contentOf(content, { layers: ["relu2_1"] })], {
      canvas: { ...announced, image: toTensor(content) },
      weighting: "constant",
    });
    const [expected, image] = [
      createObjective(see, [contentOf(content, { layers: ["relu2_1"] })], {
        canvas: announced,
        weighting: "constant",
      }),
      toTensor(other),
    ];
    for (let i = 0; i < 2; i++) {
      const [one, two] = [objective.evaluate(image), expected.evaluate(image)];
      assertEquals(await one.losses.data(), await two.losses.data());
      assertEquals(await one.gradient.data(), await two.gradient.data());
      tf.dispose([one, two]);
    }
    image.dispose();
    objective.dispose();
    expected.dispose();
  });
  assertEquals(left, 1); // the tensor that was announced
  network.dispose();
});
