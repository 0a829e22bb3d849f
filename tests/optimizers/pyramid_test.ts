import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import type { Evaluation } from "../../lib/loss/objective.ts";
import { adam, lbfgs, type Optimizer, type OptimizerState } from "../../lib/optimizers/mod.ts";
import { onPyramid } from "../../lib/optimizers/pyramid.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { tensorsLeft } from "../helpers/stub.ts";

const SIDES = [12, 10] as const;
const TARGET = uniformNoise(360, -40, 295, seededRandom(2)); // partly out of reach

/** `Σ (x - target)² / 2`. */
function bowl(image: tf.Tensor4D): Evaluation {
  return tf.tidy(() => {
    const gradient = tf.sub(image, tf.tensor4d(TARGET, [1, ...SIDES, 3])) as tf.Tensor4D;
    const total = tf.div(tf.sum(tf.square(gradient)), 2) as tf.Scalar;
    const losses = tf.reshape(total, [1]) as tf.Tensor1D;
    return { total, gradient, losses, terms: losses.clone(), adjustments: tf.ones([1]) };
  });
}

async function descend(
  optimizer: Optimizer,
  steps: number,
  { from = new Float32Array(360).fill(120), state, evaluate = bowl }: {
    from?: Float32Array;
    state?: OptimizerState;
    evaluate?: (image: tf.Tensor4D) => Evaluation;
  } = {},
) {
  const image = tf.tidy(() => tf.variable(tf.tensor4d(from.slice(), [1, ...SIDES, 3])));
  const run = optimizer.start(state);
  try {
    for (let i = 0; i < steps; i++) tf.dispose(await run.step(image, evaluate));
    return { image: Float32Array.from(await image.data()), state: await run.state() };
  } finally {
    run.dispose();
    image.dispose();
  }
}

useEachEngine(
  "onPyramid() with Adam moves an even area by the sum of the levels' steps",
  async () => {
    // Adam's first step is stepSize on every number, halved levels move by twice that. A gradient of one
    // sign everywhere moves all of 3 levels (12, 6 and 3 rows): 3 · 2 · 0.5 = 3.
    const rising = (image: tf.Tensor4D): Evaluation => ({
      ...bowl(image),
      gradient: tf.neg(tf.onesLike(image)),
    });
    const { image } = await descend(onPyramid(adam({ stepSize: 0.5 })), 1, { evaluate: rising });
    assertAllClose(image, image.map(() => 123), { rtol: 1e-5 });
  },
);

useEachEngine("onPyramid() gets to the bottom of a bowl, within 0–255", async () => {
  for (const inner of [adam({ stepSize: 8 }), lbfgs()]) {
    const { image } = await descend(onPyramid(inner, { levels: 1 }), 30);
    assert(image.every((value) => value >= 0 && value <= 255));
    const wanted = TARGET.map((value) => Math.min(255, Math.max(0, value)));
    const error = image.reduce((sum, value, i) => sum + Math.abs(value - wanted[i]!) / 360, 0);
    assert(error < 8, `${inner.name}: mean distance ${error} from the bottom`);
  }
});

useEachEngine("onPyramid() hands out the gradient of the picture", async () => {
  const image = tf.variable(tf.fill([1, ...SIDES, 3], 120) as tf.Tensor4D);
  const expected = await bowl(image).gradient.data();
  const run = onPyramid(adam()).start();
  const { gradient } = await run.step(image, bowl);
  assertEquals(gradient.shape, [1, ...SIDES, 3]);
  assertAllClose(await gradient.data(), expected, { rtol: 1e-4, atol: 1e-3 });
  assertEquals(run.evaluations(), 1);
  run.dispose();
});

useEachEngine("onPyramid(): 4 + 3 steps through a saved state are 7 steps", async () => {
  const optimizer = onPyramid(adam({ stepSize: 3 }), { levels: 3 });
  const whole = await descend(optimizer, 7);
  const half = await descend(optimizer, 4);
  const { image } = await descend(optimizer, 3, { from: half.image, state: half.state });
  assertAllClose(image, whole.image, { rtol: 1e-5, atol: 1e-3 });
});

useEachEngine("onPyramid() leaves no tensor behind", async () => {
  const once = async () => {
    const image = tf.tidy(() => tf.variable(tf.fill([1, ...SIDES, 3], 128) as tf.Tensor4D));
    const run = onPyramid(adam()).start();
    for (let i = 0; i < 2; i++) tf.dispose(await run.step(image, bowl));
    const steady = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) tf.dispose(await run.step(image, bowl));
    await run.state();
    assertEquals(tf.memory().numTensors, steady);
    run.dispose();
    image.dispose();
  };
  assertEquals(await tensorsLeft(once), 0);
});

Deno.test("onPyramid() names the optimizer inside and wants a whole number of levels", () => {
  assertEquals(onPyramid(lbfgs()).name, "lbfgs on a pyramid");
  assertEquals(onPyramid(lbfgs()).needsConstantWeights, true);
  assertThrows(() => onPyramid(adam(), { levels: 0 }), RangeError, "levels");
});
