import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { lbfgs } from "../../lib/optimizers/mod.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { bowl, CURVATURE, descend, TARGET } from "../helpers/optimizer_runs.ts";
import { bowl as plainBowl } from "../helpers/lbfgs_problems.ts";

const plain = (options = {}) => lbfgs({ lineSearch: "none", ...options });

useEachEngine("without a search the first step is the gradient over its absolute sum", async () => {
  const gradient = TARGET.map((target, i) => CURVATURE[i]! * (128 - target));
  const sum = gradient.reduce((sum, g) => sum + Math.abs(g), 0);
  const { path, evaluations } = await descend(plain({ stepSize: 20 }), 1);
  assertAllClose(path[1]!, gradient.map((g) => 128 - 20 * g / sum), { rtol: 1e-5 });
  assertEquals(evaluations, 1);
});

useEachEngine(
  "where the absolute sum is below 1 the first step is the gradient itself",
  async () => {
    // Gradients of 1e-3 (100 - 128) = -0.028 each, 0.084 together: 128 - 5 · 0.028.
    const evaluate = plainBowl([100, 100, 100], [1e-3]);
    const settings = { evaluate, from: [128, 128, 128], shape: [1, 1, 1, 3] as never };
    const { path } = await descend(plain({ stepSize: 5 }), 1, settings);
    assertAllClose(path[1]!, [127.86, 127.86, 127.86], { rtol: 1e-6 });
  },
);

useEachEngine("firstStep is PyTorch's 1 in the units of its picture", async () => {
  const gradient = TARGET.map((target, i) => CURVATURE[i]! * (128 - target));
  const sum = gradient.reduce((sum, g) => sum + Math.abs(g), 0);
  const { path } = await descend(plain({ firstStep: 60 }), 1);
  assertAllClose(path[1]!, gradient.map((g) => 128 - 60 * g / sum), { rtol: 1e-5 });
  assertThrows(() => lbfgs({ firstStep: 60 }), RangeError, "firstStep needs lineSearch none");
});

useEachEngine("blind to the bounds, it remembers the step that it meant", async () => {
  // Towards -100 from 10, gradient 3 · 110: the first step is stopped at 0. Knowing that it moved by 10,
  // it sees the true curvature 3; if it believes to have moved by 30, a third of it.
  const settings = {
    evaluate: plainBowl([-100, 50, 50], [3]),
    from: [10, 50, 50],
    shape: [1, 1, 1, 3] as never,
  };
  const move = async (options: object) => {
    const { path, state } = await descend(plain({ stepSize: 30, ...options }), 1, settings);
    assertAllClose(path[1]!, [0, 50, 50], { rtol: 0, atol: 1e-4 });
    return Array.from(state.move!.data);
  };
  assertAllClose(await move({}), [-10, 0, 0], { rtol: 0, atol: 1e-4 });
  assertAllClose(await move({ blind: true }), [-30, 0, 0], { rtol: 0, atol: 1e-4 });
});

useEachEngine("a bowl of equal curvatures is solved in two steps", async () => {
  // One pair tells the curvature c: H = 1 / c, and the second step is Newton's.
  const target = [30, 200, 100, 20, 240, 128];
  const settings = {
    evaluate: plainBowl(target, [3]),
    from: new Array(6).fill(128),
    shape: [1, 1, 2, 3] as never,
  };
  const { path } = await descend(plain(), 2, settings);
  assertAllClose(path[2]!, target, { rtol: 1e-3 });
});

useEachEngine("a gradient beyond 1e19 does not overflow", async () => {
  const [one, many] = [bowl(), bowl(2 ** 80)];
  const { path } = await descend(plain(), 8, { evaluate: one });
  const large = await descend(plain(), 8, { evaluate: many });
  // Both first steps are divided by the sum; all that follows goes by units.
  large.path.forEach((image, i) => assertAllClose(image, path[i]!, { rtol: 1e-3, atol: 1e-2 }));
});

useEachEngine("it rests where the gradient is 0", async () => {
  const image = tf.tidy(() => tf.variable(tf.tensor4d(TARGET, [1, 2, 2, 3])));
  const run = plain().start();
  tf.dispose(await run.step(image, bowl()));
  assertEquals(run.stalled(), "the gradient is 0");
  assertEquals(Array.from(await image.data()), TARGET);
  run.dispose();
  image.dispose();
});

useEachEngine("the search of the last step can be looked at", async () => {
  const image = tf.tidy(() => tf.variable(tf.fill([1, 2, 2, 3], 128) as tf.Tensor4D));
  const run = lbfgs().start();
  assertEquals(run.search(), undefined);
  let [before, searched] = [0, 0];
  for (let i = 0; i < 4; i++) {
    tf.dispose(await run.step(image, bowl()));
    const { step, evaluations, strong } = run.search()!;
    assert(step > 0 && typeof strong === "boolean");
    // The very first evaluation is that of the start.
    assertEquals(run.evaluations() - before - (i === 0 ? 1 : 0), evaluations);
    before = run.evaluations();
    searched += evaluations;
  }
  assertEquals(searched + 1, run.evaluations());
  assertEquals(plain().start().search(), undefined);
  run.dispose();
  image.dispose();
});

Deno.test("the line search is one of two", () => {
  assertThrows(() => lbfgs({ lineSearch: "wolfe" as never }), RangeError, "strong-wolfe, none");
});
