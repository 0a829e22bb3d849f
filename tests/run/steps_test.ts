import { assertEquals, assertThrows } from "@std/assert";
import { presetOf, withPreset } from "../../lib/run/presets.ts";
import { optimizerOf, withoutSteps } from "../../lib/run/steps.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { bowl, CURVATURE, descend, TARGET } from "../helpers/optimizer_runs.ts";
import { noisePicture } from "../helpers/stub.ts";

/** The gradient of the bowl at 128. */
const GRADIENT = TARGET.map((target, i) => CURVATURE[i]! * (128 - target));

useEachEngine(
  "sgd steps by its size times the gradient, and the decay makes it smaller",
  async () => {
    // From 128, twice: the first step is 0.01 g; half of that is left for the second, as the decay is 0.5.
    const settings = { stepSize: 0.01, stepDecay: [0.5, 1], bounds: "none" as const };
    const { path } = await descend(optimizerOf("sgd", settings), 2, { evaluate: bowl() });
    const first = GRADIENT.map((g) => 128 - 0.01 * g);
    assertAllClose(path[1]!, first, { rtol: 1e-5 });
    const second = first.map((x, i) => x - 0.005 * CURVATURE[i]! * (x - TARGET[i]!));
    assertAllClose(path[2]!, second, { rtol: 1e-5 });
  },
);

useEachEngine("Adam's epsilon and betas come from the settings", async () => {
  // With epsilon ε̂ the first step is stepSize √(1-β2) / (1-β1) · (1-β1) g / (√(1-β2) |g| + ε).
  const settings = { stepSize: 2, beta1: 0.5, beta2: 0.75, epsilon: 10, epsilonHat: true };
  const { path } = await descend(optimizerOf("adam", settings), 1, { evaluate: bowl() });
  const wanted = GRADIENT.map((g) => 128 - 2 * 0.5 * g / (0.5 * Math.abs(g) + 10));
  assertAllClose(path[1]!, wanted, { rtol: 1e-4 });
});

Deno.test("settings of a step go with their optimizer", () => {
  assertEquals(withoutSteps({ stepSize: 1, beta1: 0.5, seed: 3 }), { seed: 3 });
  const { optimizer, stepSize, epsilonHat, padding } = withPreset("crowsonkb", {
    optimizer: "lbfgs",
  });
  assertEquals([optimizer, stepSize, epsilonHat, padding], [
    "lbfgs",
    undefined,
    undefined,
    "replicate",
  ]);
  assertEquals(withPreset("kerasExample", { stepSize: 5 }).stepDecay, [0.96, 100]);
});

Deno.test("what an optimizer does not know is refused", () => {
  assertThrows(() => optimizerOf("rmsprop", { beta1: 0.5 }), TypeError, "beta1");
  assertThrows(() => optimizerOf("adam", { bounds: "blind" }), TypeError, "blind");
  assertThrows(() => optimizerOf("lbfgs", { firstStep: 5 }), RangeError, "needs lineSearch none");
  for (const settings of [{ stepSize: 1, stepDecay: [0.5] }, { stepDecay: [0.5, 1] }]) {
    assertThrows(() => optimizerOf("sgd", settings), RangeError, "two numbers, rate and every");
  }
  const picture = noisePicture(8, 8);
  const { optimizer, content } = presetOf("kerasExample")(picture, picture);
  assertEquals([optimizer.name, content.reduce], ["sgd", "sum"]);
});
