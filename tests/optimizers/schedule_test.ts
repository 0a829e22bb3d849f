import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  adam,
  constantStep,
  cosineDecay,
  exponentialDecay,
  gradientDescent,
} from "../../lib/optimizers/mod.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { bowl, descend } from "../helpers/optimizer_runs.ts";

useEachEngine(
  "gradientDescent() goes as far as its schedule says, also after a break",
  async () => {
    // Each step is stepSize long per standard deviation: divided by it, two runs agree.
    const stepSize = (iteration: number) => [4, 2, 1][iteration] ?? 0;
    const { path, state } = await descend(gradientDescent({ stepSize }), 2);
    const [one] = (await descend(gradientDescent({ stepSize: 1 }), 1)).path.slice(1);
    assertAllClose(path[1]!.map((x) => (x - 128) / 4), one!.map((x) => x - 128), { rtol: 1e-4 });
    const rest = await descend(gradientDescent({ stepSize }), 2, { from: path[2]!, state });
    const whole = await descend(gradientDescent({ stepSize }), 4);
    assertEquals(rest.path.at(-1), whole.path.at(-1));
    assertEquals(whole.path[4], whole.path[3]); // a step size of 0
  },
);

useEachEngine("a constant schedule is the number", async () => {
  const [number, schedule] = [adam({ stepSize: 3 }), adam({ stepSize: constantStep(3) })];
  assertEquals((await descend(schedule, 4)).path, (await descend(number, 4)).path);
});

useEachEngine("a schedule that gives no step size ends the run, and leaves nothing", async () => {
  const image = tf.tidy(() => tf.variable(tf.fill([1, 2, 2, 3], 128) as tf.Tensor4D));
  for (const wrong of [NaN, -1, Infinity]) {
    const run = adam({ stepSize: (i) => i < 1 ? 5 : wrong }).start();
    tf.dispose(await run.step(image, bowl()));
    const before = tf.memory().numTensors;
    await assertRejects(() => run.step(image, bowl()), RangeError, "Cannot take step 1");
    assertEquals(tf.memory().numTensors, before);
    run.dispose();
  }
});

Deno.test("schedules are checked", () => {
  assertThrows(() => exponentialDecay(0, 0.5), RangeError, "initial");
  assertThrows(() => exponentialDecay(1, -1), RangeError, "rate");
  assertThrows(() => cosineDecay(1, 0), RangeError, "iterations");
  assertThrows(() => cosineDecay(1, 10, 2), RangeError, "final");
  assertThrows(() => adam({ stepSize: "5" as never }), TypeError, "stepSize");
});
