/**
 * Losses, units of gradients and steps as one kernel each beside TensorFlow.js' operations on the processor.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { useEngine } from "../../lib/engine/engine.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { denoiseLoss, meanSquaredError } from "../../lib/loss/losses.ts";
import { selfProduct } from "../../lib/loss/style/measure.ts";
import { addScaled, overRoot } from "../../lib/optimizers/fused.ts";
import { nextUnit } from "../../lib/optimizers/unit.ts";
import { ENGINES } from "../helpers/engines.ts";

/** Those that have such kernels. */
const FAST = (["webgpu", "native"] as const).map((engine) => ({
  engine,
  ignore: !ENGINES.includes(engine), // `engines.ts` prints why
}));

function randomValues(shape: number[], seed: number): tf.Tensor {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random() - 0.3);
  return tf.tensor(values, shape);
}

/** Functions to a scalar, and the shapes of what they take. */
const LOSSES: Record<string, [(...x: tf.Tensor[]) => tf.Scalar, ...number[][]]> = {
  "mean squared error": [(a, b) => meanSquaredError(a!, b!), [1, 5, 7, 4], [1, 5, 7, 4]],
  "mean squared error, scaled": [(a, b) => meanSquaredError(a!, b!, 0.3), [33, 33], [33, 33]],
  "mean squared error to one number": [(a, b) => meanSquaredError(a!, b!), [2, 3], []],
  "total variation": [(x) => denoiseLoss(x as tf.Tensor4D), [1, 13, 17, 3]],
  "total variation, a mean": [
    (x) => denoiseLoss(x as tf.Tensor4D, { reduce: "mean" }),
    [1, 4, 5, 3],
  ],
  "total variation of a row": [(x) => denoiseLoss(x as tf.Tensor4D), [1, 1, 6, 3]],
  "total variation of a column": [(x) => denoiseLoss(x as tf.Tensor4D), [1, 6, 1, 3]],
  "total variation of flat parts": [
    (x) => denoiseLoss(tf.round(tf.mul(x!, 2)) as tf.Tensor4D),
    [1, 9, 9, 3],
  ],
  "a product with itself, not looked at symmetrically": [
    (x, w) => tf.sum(tf.mul(selfProduct(x!), w!)) as tf.Scalar,
    [20, 9],
    [9, 9],
  ],
};

/** A loss and its gradients with respect to all inputs. */
async function numbersOf(
  engine: "webgpu" | "native" | "cpu",
  [loss, ...shapes]: typeof LOSSES[string],
): Promise<number[][]> {
  await useEngine(engine);
  const inputs = shapes.map((shape, i) => randomValues(shape, i + 1));
  const before = tf.memory().numTensors;
  const { value, grads } = tf.valueAndGrads(loss as never)(inputs);
  assertEquals(tf.memory().numTensors, before + 1 + inputs.length);
  const numbers = await Promise.all([value, ...grads].map(async (x) => Array.from(await x.data())));
  tf.dispose([value, ...grads, ...inputs]);
  return numbers;
}

function assertClose(found: number[], wanted: number[], what: string): void {
  const scale = Math.max(...wanted.map(Math.abs), 1e-6);
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!)));
  assert(worst < 2e-6 * scale, `${what}: ${worst / scale} off`);
}

for (const { engine, ignore } of FAST) {
  for (const [name, loss] of Object.entries(LOSSES)) {
    Deno.test({
      name: `${name} on ${engine} is that of plain operations, with its gradients`,
      ignore,
      fn: async () => {
        const [found, wanted] = [await numbersOf(engine, loss), await numbersOf("cpu", loss)];
        for (const [i, numbers] of wanted.entries()) {
          assertClose(found[i]!, numbers, i === 0 ? "value" : `gradient ${i}`);
        }
      },
    });
  }

  Deno.test({
    name: `the unit of a gradient on ${engine} is that of plain operations`,
    ignore,
    fn: async () => {
      const sizes = [0, 1e-30, 2 ** -25, 2 ** -24, 1, 2 ** 24, 2 ** 47, 2 ** 48, 1e20, 3e38, NaN];
      const units = [1, 2 ** -32, 2 ** 32, 2 ** 96];
      const all: Record<string, number[]> = {};
      for (const each of [engine, "cpu"] as const) {
        await useEngine(each);
        all[each] = [];
        for (const size of sizes) {
          for (const unit of units) {
            const chosen = tf.tidy(() => nextUnit(tf.scalar(size), tf.scalar(unit)));
            all[each].push((await chosen.data())[0]!);
            chosen.dispose();
          }
        }
      }
      assertEquals(all[engine], all.cpu);
    },
  });

  Deno.test({
    name: `addScaled() and overRoot() on ${engine} are what they say`,
    ignore,
    fn: async () => {
      const results: Record<string, number[][]> = {};
      for (const each of [engine, "cpu"] as const) {
        await useEngine(each);
        const [x, y] = [randomValues([7, 5], 1), randomValues([7, 5], 2)];
        const made = tf.tidy(() => [
          addScaled(x, y, 0.25),
          overRoot(x, tf.square(y), 1e-3, 5),
          tf.max(x),
        ]);
        results[each] = await Promise.all(made.map(async (t) => Array.from(await t.data())));
        tf.dispose([x, y, ...made]);
      }
      for (const [i, wanted] of results.cpu!.entries()) {
        assertClose(results[engine]![i]!, wanted, `result ${i}`);
      }
      await useEngine(engine);
      const sum = addScaled(tf.tensor1d([1, 2, 3]), tf.tensor1d([4, 8, -16]), 0.25);
      assertEquals(Array.from(await sum.data()), [2, 4, -1]);
      assert(Number.isNaN((await tf.max(tf.tensor1d([1, NaN, 2])).data())[0]));
    },
  });
}
