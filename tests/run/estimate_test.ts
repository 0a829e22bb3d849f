import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { estimate, plannedSteps } from "../../lib/run/estimate.ts";
import { gatys } from "../../lib/run/presets.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const layers = { contentLayers: ["relu2_1"], styleLayers: ["relu1_1", "relu3_1"] };
const options = gatys(noisePicture(40, 20, 1), noisePicture(30, 30, 2), layers);

Deno.test("plannedSteps() are those of every size, up to so many evaluations", () => {
  assertEquals(plannedSteps({ ...options, iterations: 7 }), [
    { size: { width: 40, height: 20 }, count: 7 },
  ]);
  assertEquals(plannedSteps({ ...options, sizes: [0.5, 1], iterations: [9, 5], evaluations: 11 }), [
    { size: { width: 20, height: 10 }, count: 9 },
    { size: { width: 40, height: 20 }, count: 2 },
  ]);
  const small = { ...options, sizes: [0.25, 0.5, 1], smallest: 18, iterations: 1 };
  assertEquals(plannedSteps(small).map(({ size }) => size.width), [18, 20, 40]);
});

useEachEngine(
  "estimate() grows with the iterations, says its text, and leaves no tensor",
  async () => {
    const network = stubNetwork();
    const at = (iterations: number) =>
      estimate(network, { ...options, iterations, maxMemory: "8GB", tile: "none" });
    await at(1);
    let [few, many] = [await at(1), await at(1)];
    const left = await tensorsLeft(async () => {
      few = await at(1);
      many = await at(10000);
    });
    assertEquals(left, 0);
    assert(few.seconds > 0 && many.seconds > 20 * few.seconds, `${few.seconds}, ${many.seconds}`);
    assertStringIncludes(few.text, "of the 8.0 GB that may be used");
    assertEquals(few.limit, 8e9);
    const capped = await estimate(network, { ...options, iterations: 10000, seconds: 0.001 });
    assertEquals(capped.seconds, 0.001);
    network.dispose();
  },
  ["native"],
);
