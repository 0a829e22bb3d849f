import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Evaluation } from "../../lib/loss/objective.ts";
import {
  adaGrad,
  adam,
  gradientDescent,
  momentum,
  type Optimizer,
  type OptimizerState,
  rmsProp,
} from "../../lib/optimizers/mod.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { tensorsLeft } from "../helpers/stub.ts";

const TARGET = [30, 200, 100, 0, 255, 128, 64, 90, 17, 222, 150, 1];
const CURVATURE = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3];

/** `Σ c (x - target)² / 2` over a 2x2 picture. */
function bowl(image: tf.Tensor4D): Evaluation {
  return tf.tidy(() => {
    const target = tf.tensor4d(TARGET, [1, 2, 2, 3]);
    const curvature = tf.tensor4d(CURVATURE, [1, 2, 2, 3]);
    const difference = tf.sub(image, target);
    const gradient = tf.mul(curvature, difference) as tf.Tensor4D;
    const total = tf.div(tf.sum(tf.mul(gradient, difference)), 2) as tf.Scalar;
    const losses = tf.reshape(total, [1]) as tf.Tensor1D;
    return { total, gradient, losses, terms: losses.clone(), adjustments: tf.ones([1]) };
  });
}

async function descend(
  optimizer: Optimizer,
  steps: number,
  { from = new Array(12).fill(128), state }: { from?: number[]; state?: OptimizerState } = {},
) {
  const image = tf.variable(tf.tensor4d(from, [1, 2, 2, 3]));
  const run = optimizer.start(state);
  try {
    for (let i = 0; i < steps; i++) tf.dispose(await run.step(image, bowl));
    const [loss] = await bowl(image).total.data();
    return {
      image: Array.from(await image.data()),
      loss,
      state: await run.state(),
      evaluations: run.evaluations(),
    };
  } finally {
    run.dispose();
    image.dispose();
  }
}

const ALL = [
  gradientDescent({ stepSize: 5 }),
  adam({ stepSize: 5 }),
  rmsProp({ stepSize: 2 }),
  adaGrad({ stepSize: 40 }),
  momentum({ stepSize: 0.05 }),
];

for (const optimizer of ALL) {
  useEachEngine(`${optimizer.name} gets near the bottom of a bowl within 0–255`, async () => {
    const start = (await descend(optimizer, 0)).loss;
    const { loss, image, evaluations } = await descend(optimizer, 100);
    assert(loss < start / 100, `loss ${loss} after ${start}`);
    assert(image.every((value) => value >= 0 && value <= 255));
    assertEquals(evaluations, 100);
  });

  useEachEngine(`${optimizer.name}: 4 + 3 steps through a saved state are 7 steps`, async () => {
    const whole = await descend(optimizer, 7);
    const half = await descend(optimizer, 4);
    const rest = await descend(optimizer, 3, { from: half.image, state: half.state });
    // Adam's bias correction is recomputed by TensorFlow.js as a power: equal but for rounding.
    assertAllClose(rest.image, whole.image, { rtol: 1e-5, atol: 1e-4 });
  });

  useEachEngine(`${optimizer.name} leaves no tensor behind`, async () => {
    const once = async () => {
      const image = tf.variable(tf.fill([1, 2, 2, 3], 128) as tf.Tensor4D);
      const run = optimizer.start();
      for (let i = 0; i < 2; i++) tf.dispose(await run.step(image, bowl));
      const steady = tf.memory().numTensors;
      for (let i = 0; i < 3; i++) tf.dispose(await run.step(image, bowl));
      await run.state();
      assertEquals(tf.memory().numTensors, steady);
      run.dispose();
      image.dispose();
    };
    await once();
    // The constant that `once` fills the picture with belongs to the test's own scope.
    assertEquals(await tensorsLeft(once), 1);
  });
}

useEachEngine("gradientDescent() steps by stepSize per standard deviation, and clips", async () => {
  // Gradient c (128 - target): its population standard deviation from the numbers themselves.
  const gradient = TARGET.map((target, i) => CURVATURE[i] * (128 - target));
  const mean = gradient.reduce((a, b) => a + b) / 12;
  const deviation = Math.sqrt(gradient.reduce((a, g) => a + (g - mean) ** 2, 0) / 12);
  const expected = gradient.map((g) =>
    Math.min(255, Math.max(0, 128 - 100 * g / (deviation + 1e-8)))
  );
  const { image } = await descend(gradientDescent({ stepSize: 100 }), 1);
  assertAllClose(image, expected, { rtol: 1e-5 });
});

useEachEngine("adam() moves every pixel by stepSize at first", async () => {
  // m / (1 - β1) = g and v / (1 - β2) = g²: the first step is stepSize · g / (|g| + ε).
  const { image } = await descend(adam({ stepSize: 3 }), 1);
  const expected = TARGET.map((target) => 128 + 3 * Math.sign(target - 128));
  assertAllClose(image, expected, { rtol: 1e-5 });
});

Deno.test("a step size must be positive", () => {
  assertThrows(() => gradientDescent({ stepSize: 0 }), RangeError, "stepSize");
  assertThrows(() => adam({ stepSize: -1 }), RangeError, "stepSize");
  assertThrows(() => adam({ stepSize: NaN }), RangeError, "stepSize");
});
