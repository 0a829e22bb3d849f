import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { useEngine } from "../../lib/engine/engine.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { adam, type AdamOptions } from "../../lib/optimizers/mod.ts";
import type { EngineName } from "../../lib/engine/engine.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { ENGINES } from "../helpers/engines.ts";

/** More numbers than the kernel takes at a time, and not a multiple of them. */
const SHAPE: [number, number, number, number] = [1, 170, 130, 3];
const LENGTH = SHAPE.reduce((a, b) => a * b);

/** What the picture and the moments are after steps along gradients of such sizes, one number of them none. */
async function walk(
  engine: EngineName,
  options: AdamOptions,
  sizes: readonly number[],
  broken?: number,
) {
  await useEngine(engine);
  const random = seededRandom(5);
  const start = uniformNoise(LENGTH, 0, 255, random);
  const image = tf.tidy(() => tf.variable(tf.tensor4d(start, SHAPE)));
  const run = adam(options).start();
  for (const size of sizes) {
    const slope = uniformNoise(LENGTH, -size, size, random);
    if (broken !== undefined) slope[broken] = NaN;
    const evaluation = await run.step(image, () =>
      tf.tidy(() => {
        const total = tf.scalar(0);
        const losses = tf.reshape(total, [1]) as tf.Tensor1D;
        const gradient = tf.tensor4d(slope, SHAPE);
        return { total, gradient, losses, terms: losses.clone(), adjustments: tf.ones([1]) };
      }));
    tf.dispose(evaluation);
  }
  const { unit, greatest, first, second } = await run.state();
  const result = { image: await image.data(), unit, greatest, first, second };
  run.dispose();
  image.dispose();
  return result;
}

const CASES: readonly [string, AdamOptions, number[]][] = [
  ["as a rule", {}, [3, 2, 1, 2]],
  ["without bounds", { clip: false, epsilon: 1, epsilonHat: true }, [3, 2, 1]],
  ["where the unit changes", { beta1: 0.5 }, [3, 1e12, 1e-9, 1]],
  ["after a first gradient far greater than the second", {}, [1e9, 1, 2]],
];
for (const [when, options, sizes] of CASES) {
  Deno.test(`adam in one pass takes the steps of its operations, ${when}`, async () => {
    const wanted = await walk("cpu", options, sizes);
    assertEquals(await walk("native", options, sizes), wanted);
    if (!ENGINES.includes("webgpu")) return; // `engines.ts` prints why
    const { image, ...moments } = await walk("webgpu", options, sizes);
    assertAllClose(image, wanted.image, { rtol: 0, atol: 1e-4 });
    for (const name of ["unit", "greatest", "first", "second"] as const) {
      assertAllClose(moments[name]!.data, wanted[name]!.data, { rtol: 1e-5, scale: "rms" });
    }
  });
}

Deno.test("a pixel without a gradient becomes none in Adam's one pass, and no other does", async () => {
  for (const engine of ENGINES) {
    const { image } = await walk(engine, {}, [3], 77);
    assertEquals([...image.keys()].filter((i) => Number.isNaN(image[i])), [77], engine);
  }
});
