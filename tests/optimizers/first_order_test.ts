import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  adaGrad,
  adam,
  type Evaluate,
  gradientDescent,
  momentum,
  type Optimizer,
  OPTIMIZERS,
  rmsProp,
} from "../../lib/optimizers/mod.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { bowl, CURVATURE, descend, EACH, TARGET, throughJson } from "../helpers/optimizer_runs.ts";
import { tensorsLeft } from "../helpers/stub.ts";

for (const [name, optimizer] of Object.entries(EACH)) {
  useEachEngine(`${name} gets near the bottom of a bowl within 0–255`, async () => {
    const start = (await descend(optimizer, 0)).loss;
    const { loss, path, evaluations } = await descend(optimizer, 100);
    assert(loss < start / 100, `loss ${loss} after ${start}`);
    assert(path.every((image) => image.every((value) => value >= 0 && value <= 255)));
    if (!name.startsWith("lbfgs")) assertEquals(evaluations, 100);
  });

  useEachEngine(
    `${name}: 4 + 3 steps through a saved state are 7 steps, to the last digit`,
    async () => {
      const whole = await descend(optimizer, 7);
      const half = await descend(optimizer, 4);
      const state = throughJson(half.state);
      const rest = await descend(optimizer, 3, { from: half.path.at(-1)!, state });
      assertEquals(rest.path.at(-1), whole.path.at(-1));
      assertEquals(rest.shown, whole.shown);
      assertEquals(rest.state, whole.state);
    },
  );

  useEachEngine(`${name} leaves no tensor behind, also when the objective throws`, async () => {
    const once = async () => {
      const image = tf.tidy(() => tf.variable(tf.fill([1, 2, 2, 3], 128) as tf.Tensor4D));
      const run = optimizer.start((await descend(optimizer, 2)).state);
      for (let i = 0; i < 2; i++) tf.dispose(await run.step(image, bowl()));
      const broken: Evaluate = () => {
        throw new Error("from the objective");
      };
      const steady = tf.memory().numTensors;
      await run.state();
      run.picture?.()?.dispose();
      assertEquals(tf.memory().numTensors, steady);
      if (!name.startsWith("lbfgs,") && name !== "lbfgs") {
        await assertRejects(() => run.step(image, broken), Error, "from the objective");
        assertEquals(tf.memory().numTensors, steady);
      }
      run.dispose();
      image.dispose();
    };
    await once();
    assertEquals(await tensorsLeft(once), 0);
  });
}

const SCALED: Record<string, Optimizer> = {
  "gradient descent": gradientDescent({ stepSize: 5 }),
  adam: adam(),
  rmsprop: rmsProp(),
  adagrad: adaGrad(),
  momentum: momentum(),
  lbfgs: OPTIMIZERS.lbfgs!({}),
};
for (const [name, optimizer] of Object.entries(SCALED)) {
  useEachEngine(`${name}: a loss times 1e30 or 1e-30 leads along the same path`, async () => {
    const { path } = await descend(optimizer, 12);
    for (const factor of [1e-30, 1e-12, 1e-6, 1e6, 1e19, 1e30]) {
      const scaled = await descend(optimizer, 12, { evaluate: bowl(factor) });
      for (const [i, image] of scaled.path.entries()) {
        assertAllClose(image, path[i]!, { rtol: 1e-3, atol: 1e-3 });
      }
    }
    // Here an epsilon of 1e-8 is not small beside the gradient, and the unit is still 1.
    const beside = await descend(optimizer, 12, { evaluate: bowl(1e-9) });
    const [start, end, slow] = [path[0]!, path.at(-1)!, beside.path.at(-1)!];
    const moved = (to: Float32Array) => Math.hypot(...to.map((value, i) => value - start[i]!));
    assert(moved(slow) > 0.8 * moved(end), `${moved(slow)} of ${moved(end)}`);
  });
}

useEachEngine("where gradients have a common size their unit is 1", async () => {
  for (const factor of [1e-6, 1, 1e4]) {
    const { state } = await descend(adam(), 3, { evaluate: bowl(factor) });
    assertEquals([...state.unit!.data], [1]);
  }
});

useEachEngine("moments are kept when the unit changes on the way", async () => {
  // The loss is scaled up by 2^36 in step 4: m and v in numbers are those of one unit throughout.
  const factors = [1, 1, 1, 1, 2 ** 36, 2 ** 36];
  let i = 0;
  const evaluate: Evaluate = (image) => bowl(factors[i++])(image);
  const { state, path } = await descend(adam(), 5, { evaluate });
  assertEquals([...state.unit!.data], [2 ** 32]);
  const gradient = (step: number) =>
    Array.from(path[step]!, (x, j) => factors[step]! * CURVATURE[j]! * (x - TARGET[j]!));
  const [first, second] = [new Array(12).fill(0), new Array(12).fill(0)];
  for (let step = 0; step < 5; step++) {
    gradient(step).forEach((g, j) => {
      first[j] = 0.9 * first[j] + 0.1 * g;
      second[j] = 0.999 * second[j] + 0.001 * g * g;
    });
  }
  const unit = 2 ** 32;
  assertAllClose(state.first!.data, first.map((m) => m / unit), { rtol: 1e-4 });
  assertAllClose(state.second!.data, second.map((v) => v / unit ** 2), { rtol: 1e-4 });
});

for (const name of ["adam", "rmsprop", "adagrad"]) {
  useEachEngine(
    `${name} gets over a first gradient that has nothing to do with the others`,
    async () => {
      // As under adaptive weights, whose first adjustments are 1e-10 whatever the losses are.
      for (const first of [1e5, 1e16, 1e30]) {
        let calls = 0;
        const evaluate: Evaluate = (image) => bowl(calls++ === 0 ? first : 1)(image);
        const odd = await descend(OPTIMIZERS[name]!({}), 20, { evaluate });
        const even = await descend(OPTIMIZERS[name]!({}), 20);
        assert(odd.loss < 2 * even.loss + 100, `loss ${odd.loss}, otherwise ${even.loss}`);
      }
    },
  );
}

useEachEngine("gradientDescent() steps by stepSize per standard deviation, and clips", async () => {
  // Gradient c (128 - target): its population standard deviation from the numbers themselves.
  const gradient = TARGET.map((target, i) => CURVATURE[i]! * (128 - target));
  const mean = gradient.reduce((a, b) => a + b) / 12;
  const deviation = Math.sqrt(gradient.reduce((a, g) => a + (g - mean) ** 2, 0) / 12);
  const expected = gradient.map((g) =>
    Math.min(255, Math.max(0, 128 - 100 * g / (deviation + 1e-8)))
  );
  const { path } = await descend(gradientDescent({ stepSize: 100 }), 1);
  assertAllClose(path[1]!, expected, { rtol: 1e-5 });
});

useEachEngine(
  "in the unit 1 gradientDescent() is the tutorial's line, to the last digit",
  async () => {
    for (const factor of [1e-6, 1, 1e4]) {
      const { path } = await descend(gradientDescent(), 1, { evaluate: bowl(factor) });
      const line = tf.tidy(() => {
        const image = tf.fill([1, 2, 2, 3], 128) as tf.Tensor4D;
        const { gradient } = bowl(factor)(image);
        const scale = tf.div(10, tf.add(tf.sqrt(tf.moments(gradient).variance), 1e-8));
        return tf.clipByValue(tf.sub(image, tf.mul(gradient, scale)), 0, 255);
      });
      assertEquals(path[1], Float32Array.from(await line.data()));
    }
  },
);

useEachEngine("adam() moves every pixel by stepSize at first", async () => {
  // m / (1 - β1) = g and v / (1 - β2) = g²: the first step is stepSize · g / (|g| + ε).
  const { path } = await descend(adam({ stepSize: 3 }), 1);
  const expected = TARGET.map((target) => 128 + 3 * Math.sign(target - 128));
  assertAllClose(path[1]!, expected, { rtol: 1e-5 });
});

useEachEngine("momentum() moves by stepSize at first, in root mean square", async () => {
  const { path } = await descend(momentum({ stepSize: 2 }), 1);
  const moved = path[1]!.map((value) => value - 128);
  assertAllClose([Math.sqrt(moved.reduce((sum, d) => sum + d * d, 0) / 12)], [2], { rtol: 1e-5 });
});

useEachEngine("clip: false lets the picture leave 0–255", async () => {
  const { path } = await descend(adam({ stepSize: 40, clip: false }), 8);
  assert(path.some((image) => image.some((value) => value > 255 || value < 0)));
});

useEachEngine("an update of adam is few kernels", async () => {
  const optimizer = adam();
  const image = tf.variable(tf.fill([1, 2, 2, 3], 128) as tf.Tensor4D);
  const run = optimizer.start();
  for (let i = 0; i < 2; i++) await run.step(image, bowl());
  const evaluation = bowl()(image);
  const kernels: number[] = [];
  const { engine } = tf;
  const pending: Promise<unknown>[] = [];
  const { kernels: counted } = await engine().profile(() => {
    pending.push(run.step(image, () => evaluation));
    return tf.scalar(0);
  });
  await Promise.all(pending);
  const whole = counted.filter(({ outputShapes }) =>
    outputShapes.some((shape) => shape.length === 4)
  );
  kernels.push(whole.length, counted.length);
  assert(whole.length <= 18, `${whole.map(({ name }) => name)}`);
  assert(counted.length <= 50, `${counted.length} kernels`);
  run.dispose();
});

Deno.test("a state of another optimizer, or another size, is refused by name", async () => {
  await tf.setBackend("cpu");
  const { state } = await descend(gradientDescent(), 1);
  const message = "Cannot go on as the saved state must hold first";
  assertThrows(() => adam().start(state), Error, message);
  const own = (await descend(adam(), 1)).state;
  await assertRejects(
    () => descend(adam(), 1, { state: own, from: new Array(6).fill(0), shape: [1, 1, 2, 3] }),
    RangeError,
    "Cannot go on with adam as the shape of the saved first must be [1, 1, 2, 3]",
  );
});

Deno.test("options are checked by name", () => {
  assertThrows(() => gradientDescent({ stepSize: 0 }), RangeError, "stepSize");
  assertThrows(() => adam({ stepSize: -1 }), RangeError, "stepSize");
  assertThrows(() => adam({ stepSize: NaN }), RangeError, "stepSize");
  assertThrows(() => adam({ beta2: 2 }), RangeError, "beta2");
  assertThrows(() => rmsProp({ decay: -1 }), RangeError, "decay");
  assertThrows(() => adaGrad({ epsilon: -1 }), RangeError, "epsilon");
  const mistyped = { stepsize: 3 } as Record<string, number>;
  assertThrows(() => adam(mistyped), TypeError, "did you mean stepSize?");
});

for (
  const [name, optimizer] of Object.entries({
    adam: adam(),
    adaGrad: adaGrad(),
    rmsProp: rmsProp(),
  })
) {
  useEachEngine(`${name} moves a large picture in bands as it moves it as a whole`, async () => {
    // 280 000 pixels are more than a band; in a single row they are one.
    const wanted = tf.randomUniform([280000, 3], 0, 255, "float32", 1);
    const run = async (shape: [number, number, number, number]) => {
      const image = tf.tidy(() => tf.variable(tf.fill(shape, 100) as tf.Tensor4D));
      const steps = optimizer.start();
      for (let i = 0; i < 3; i++) {
        const evaluation = await steps.step(image, (x) =>
          tf.tidy(() => {
            const total = tf.scalar(0);
            const losses = tf.reshape(total, [1]) as tf.Tensor1D;
            // The first gradient is far greater, as those of adaptive weights.
            const scale = i === 0 ? 1e6 : 1;
            const away = tf.sub(x, tf.reshape(wanted, shape)) as tf.Tensor4D;
            const gradient = tf.mul(away, scale) as tf.Tensor4D;
            return { total, gradient, losses, terms: losses.clone(), adjustments: tf.ones([1]) };
          }));
        tf.dispose(evaluation);
      }
      steps.dispose();
      return await image.data();
    };
    assertEquals(await run([1, 700, 400, 3]), await run([1, 1, 280000, 3]));
  }, ["native"]);
}
