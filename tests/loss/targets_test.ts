import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { createObjective } from "../../lib/loss/objective.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import { gramMatrix, normalizedGramMatrix } from "../../lib/loss/losses.ts";
import {
  createLosses,
  rememberTargets,
  styleLossPerLayer,
  styleTarget,
} from "../../lib/loss/targets.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const picture = noisePicture(9, 8, 1);

useEachEngine("styleLossPerLayer() adds up to the style loss over those layers", async () => {
  const network = stubNetwork();
  const x = toTensor(noisePicture(12, 10, 2));
  const layers = ["relu1_1", "relu2_1"];
  const whole = createLosses(network, { style: { picture, layers, weight: 2 } });
  // The style loss is the mean over layers: half the weight each for two layers.
  const single = styleLossPerLayer(network, { picture, weights: { relu1_1: 1, relu2_1: 1 } });
  assertEquals(single.terms.map(({ name }) => name), ["style relu1_1", "style relu2_1"]);
  const [a, b] = [whole, single].map(({ terms }) => {
    const objective = createObjective(network, terms, { weighting: "constant" });
    const evaluation = objective.evaluate(x);
    objective.dispose();
    return evaluation;
  });
  assertAllClose(await b.total.data(), await a.total.data(), { rtol: 1e-5 });
  const gradient = await a.gradient.data();
  assertAllClose(await b.gradient.data(), gradient, { rtol: 1e-4, scale: "rms" });
  whole.dispose();
  single.dispose();
  network.dispose();
});

useEachEngine("weights of losses must not be negative", () => {
  const network = stubNetwork();
  assertThrows(
    () => createLosses(network, { content: { picture, weight: -1 } }),
    RangeError,
    "Cannot weigh the content loss",
  );
  assertThrows(
    () => styleLossPerLayer(network, { picture, weights: { relu1_1: NaN } }),
    RangeError,
    "relu1_1",
  );
  network.dispose();
});

useEachEngine(
  "rememberTargets() computes a target once and hands out the same tensors",
  async () => {
    const network = stubNetwork();
    tf.dispose(styleTarget(network, picture, network.layers)); // the filters become tensors
    const left = await tensorsLeft(() => {
      const targets = rememberTargets(network);
      const first = targets.style(picture, ["relu1_1"]);
      const both = targets.style(picture, ["relu1_1", "relu2_1"]);
      assertEquals(both.relu1_1.id, first.relu1_1.id);
      const other = targets.style(picture, ["relu1_1"], 1, normalizedGramMatrix);
      assertEquals(other.relu1_1.id === first.relu1_1.id, false);
      const scaled = targets.style(picture, ["relu1_1"], 255);
      assertEquals(scaled.relu1_1.id === first.relu1_1.id, false);
      const features = targets.content(picture, ["relu1_1"]);
      assertEquals(features.relu1_1.shape, [1, 8, 9, 4]);
      assertEquals(targets.content(picture, ["relu1_1"]).relu1_1.id, features.relu1_1.id);
      targets.dispose();
    });
    assertEquals(left, 0);
    network.dispose();
  },
);

useEachEngine("runs that share their targets have the losses of runs that do not", async () => {
  const network = stubNetwork();
  const targets = rememberTargets(network);
  const style = { picture, layers: ["relu1_1", "relu2_1"], gram: gramMatrix };
  const wanted = styleTarget(network, picture, style.layers);
  // Another run first: its layers are among those that are remembered.
  createLosses(network, { style: { picture, layers: ["relu2_1"] }, targets }).dispose();
  const { terms, dispose } = createLosses(network, { style, targets });
  const shared = targets.style(picture, style.layers, 1, gramMatrix);
  for (const layer of style.layers) {
    assertAllClose(await shared[layer].data(), await wanted[layer].data(), { rtol: 1e-6 });
  }
  dispose();
  assertEquals(terms.length, 1);
  assertEquals(shared.relu1_1.isDisposed, false, "what is remembered outlives the run");
  targets.dispose();
  assertEquals(shared.relu1_1.isDisposed, true);
  network.dispose();
});
