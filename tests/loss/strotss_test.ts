// Not quick: it runs several sizes to their end.
import type * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { strotssOf } from "../../lib/loss/strotss.ts";
import { rmsProp } from "../../lib/mod.ts";
import { onPyramid } from "../../lib/optimizers/pyramid.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { ENGINES, useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { PLACES, placesPicture, seePlaces } from "../helpers/places.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const [content, style] = [placesPicture(12, 10, 1), placesPicture(9, 14, 2)];
const options = { layers: PLACES, positions: 20 };

/** The term bound at a size, as a function of the picture. */
function bind(scale?: { index: number; count: number }, evaluation = 0, more = {}) {
  const see = seePlaces();
  const bound = strotssOf(content, style, { ...options, ...more }).bind(see, { scale });
  return (image: tf.Tensor4D) => bound.value({ image, features: see(image, PLACES), evaluation });
}
const valueAt = async (...args: Parameters<typeof bind>) =>
  (await bind(...args)(toTensor(placesPicture(12, 10, 9))).data())[0]!;

useEachEngine("strotssOf() has the slope of its gradient", async () => {
  const error = await slopeError(bind(), toTensor(placesPicture(12, 10, 9)));
  assert(error < 2e-2, `${error}`);
});

useEachEngine(
  "strotssOf() weighs the content 16-fold, and half as much at each further size",
  async () => {
    // With α the value is (α C + R) / (α + 2) + P / max(α, 1) / (α + 2): three values give C, R and P,
    // and they predict a fourth.
    const at = (contentWeight: number) => valueAt(undefined, 0, { contentWeight });
    const content = await at(1e6); // C alone, to 1e-6
    const [none, one] = [await at(0), await at(1)];
    const rest = 2 * none; // R + P
    assertAlmostEquals(one, (content + rest) / 3, 1e-3 * one);
    const colors = (alpha: number, value: number) =>
      ((alpha + 2) * value - alpha * content - rest) / (1 / alpha - 1);
    for (const [index, alpha] of [16, 8, 4, 2].entries()) {
      const value = await valueAt({ index, count: 4 });
      assertAlmostEquals(await at(alpha), value, 1e-6);
      // P is the same whatever α is.
      assertAlmostEquals(colors(alpha, value), colors(16, await at(16)), 2e-2);
    }
  },
);

useEachEngine(
  "strotssOf() looks at new places in every evaluation, the same for the same",
  async () => {
    const [first, second] = [await valueAt(undefined, 0), await valueAt(undefined, 1)];
    assert(first !== second);
    assertEquals(await valueAt(undefined, 0), first);
  },
);

useEachEngine("a run on several sizes lowers it, and leaves no tensor", async () => {
  const network = stubNetwork();
  const [content, style] = [noisePicture(32, 24, 1), noisePicture(24, 24, 2)];
  const term = strotssOf(content, style, { layers: ["relu1_1", "relu2_1"], positions: 64 });
  const run = () =>
    stylize(network, {
      losses: [term],
      start: content,
      sizes: [16, 32],
      iterations: 8,
      weighting: "constant",
      optimizer: onPyramid(rmsProp({ stepSize: 2 })),
      readEvery: 1,
    });
  const { history } = await run();
  const totals = history.slice(8).map(({ total }) => total);
  assert(totals.at(-1)! < totals[0]!, `${totals}`);
  assertEquals(await tensorsLeft(run), 0);
}, ENGINES.filter((engine) => engine !== "webgpu")); // a software adapter takes minutes

Deno.test("strotssOf() refuses settings out of range", () => {
  assertThrows(() => strotssOf(content, style, { contentWeight: -1 }), RangeError, "contentWeight");
  assertThrows(() => strotssOf(content, style, { positions: 0 }), RangeError, "positions");
  assertThrows(() => strotssOf(content, style, { weight: NaN }), RangeError, "weight");
});
