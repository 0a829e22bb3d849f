import { assertEquals, assertThrows } from "@std/assert";
import { createObjective } from "../lib/objective.ts";
import { toTensor } from "../lib/picture.ts";
import { createLosses, styleLossPerLayer } from "../lib/targets.ts";
import { assertAllClose } from "./assert.ts";
import { useEachEngine } from "./engines.ts";
import { noisePicture, stubNetwork } from "./stub.ts";

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
