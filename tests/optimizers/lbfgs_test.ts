import * as tf from "@tensorflow/tfjs";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { stylize } from "../../lib/run/stylize.ts";
import {
  type Evaluate,
  lbfgs,
  type LbfgsOptions,
  type OptimizerState,
} from "../../lib/optimizers/mod.ts";
import { strongWolfe } from "../../lib/optimizers/line_search.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { denseDirection, dot, type Vector } from "../helpers/dense_bfgs.ts";
import { ENGINES, useEachEngine } from "../helpers/engines.ts";
import { bowl, objectiveOf, readProblems } from "../helpers/lbfgs_problems.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const PROBLEMS = await readProblems();
const problem = (name: string) => PROBLEMS.find((problem) => problem.name === name)!;

/** What happened at one evaluation. */
type Seen = { x: Float32Array; loss: number; gradient: Float32Array };

type RunOptions = LbfgsOptions & { state?: OptimizerState; seen?: Seen[] };

/** Runs at most `steps` steps, until the run stalls. */
async function descend(
  evaluate: Evaluate,
  start: ArrayLike<number>,
  steps: number,
  { state, seen, ...options }: RunOptions = {},
) {
  const image = tf.variable(tf.tensor4d(Array.from(start), [1, 1, start.length / 3, 3]));
  const run = lbfgs(options).start(state);
  const looks: Promise<Seen>[] = [];
  const watched: Evaluate = (x) => {
    const evaluation = evaluate(x);
    const { total, gradient } = evaluation;
    if (seen) {
      looks.push(
        Promise.all([x.data(), total.data(), gradient.data()]).then((
          [x, [loss], gradient],
        ) => ({ x: x.slice(), loss, gradient: gradient.slice() }) as Seen),
      );
    }
    return evaluation;
  };
  const path: { x: Float32Array; loss: number; evaluations: number }[] = [];
  try {
    for (let i = 0; i < steps && !run.stalled(); i++) {
      const before = (await image.data()).slice() as Float32Array;
      const evaluation = await run.step(image, watched);
      const [loss = NaN] = await evaluation.total.data();
      path.push({ x: before, loss, evaluations: run.evaluations() });
      tf.dispose(evaluation);
    }
    seen?.push(...await Promise.all(looks));
    const x = (await image.data()).slice() as Float32Array;
    const end = evaluate(image);
    const [loss = NaN] = await end.total.data();
    tf.dispose(end);
    return {
      x,
      loss,
      path,
      evaluations: run.evaluations(),
      stalled: run.stalled(),
      state: await run.state(),
    };
  } finally {
    run.dispose();
    image.dispose();
  }
}

/** A checkpoint's way through a file. */
function throughJson(state: OptimizerState): OptimizerState {
  const text = JSON.stringify(state, (_, v) => v instanceof Float32Array ? Array.from(v) : v);
  return JSON.parse(text, (key, v) => key === "data" ? Float32Array.from(v) : v);
}

// Relative to the loss at the start: Powell's Hessian is singular at the minimum, where float32 sees
// nothing of the fourth powers, and the quadratic has the condition number 1e4.
const GAPS: Record<string, number> = { quadratic: 1e-6, powell: 1e-8 };
/** A GPU in software takes half a minute for the long ones. */
const SLOW = ["quadratic", "outside", "powell", "wood"];
const CPU_ENGINES = ENGINES.filter((engine) => engine !== "webgpu");
for (const { name, unit, start, ...golden } of PROBLEMS) {
  const title = `${name}, ${unit} levels per unit, ${golden.at_bound} variables at a bound`;
  useEachEngine(`lbfgs() finds SciPy's minimum: ${title}`, async () => {
    const { x, loss } = await descend(objectiveOf({ name, unit }), start, 300);
    const gap = (loss - golden.minimum_value) / golden.start_value;
    assert(Math.abs(gap) < (GAPS[name] ?? 1e-7), `loss ${loss} of ${golden.minimum_value}`);
    if (name !== "powell") assertAllClose(x, golden.minimum, { rtol: 0, atol: 0.3 });
    const atBound = (values: ArrayLike<number>) =>
      Array.from(values, (value) => value === 0 ? -1 : value === 255 ? 1 : 0);
    assertEquals(atBound(x), atBound(golden.minimum));
  }, SLOW.includes(name) ? CPU_ENGINES : ENGINES);
}

useEachEngine("lbfgs() follows its dense twin in float64", async () => {
  const curvature = Array.from({ length: 12 }, (_, i) => 1 + i * i / 4);
  const target = Array.from({ length: 12 }, (_, i) => 128 + 20 * Math.sin(i));
  const start = new Array(12).fill(128);
  const gradientAt = (x: Vector) => x.map((value, i) => curvature[i]! * (value - target[i]!));
  const lossAt = (x: Vector) => dot(gradientAt(x), x.map((value, i) => value - target[i]!)) / 2;

  let x: Vector = start;
  const pairs: { s: Vector; y: Vector }[] = [];
  const steps = 6;
  for (let i = 0; i < steps; i++) {
    const g = gradientAt(x);
    const rms = Math.sqrt(dot(g, g) / 12);
    const d = i === 0 ? g.map((value) => -5 / rms * value) : denseDirection(pairs, g);
    const at = (t: number) => x.map((value, j) => value + t * d[j]!);
    const phi = (t: number) =>
      Promise.resolve({ value: lossAt(at(t)), slope: dot(gradientAt(at(t)), d) });
    const { step } = (await strongWolfe(phi, { value: lossAt(x), slope: dot(g, d) }))!;
    const next = at(step);
    const s = next.map((value, j) => value - x[j]!);
    pairs.push({ s, y: gradientAt(next).map((value, j) => value - g[j]!) });
    x = next;
  }
  const run = await descend(bowl(target, curvature), start, steps, { stepSize: 5 });
  assertAllClose(run.x, x, { rtol: 1e-5 });
});

useEachEngine("every step satisfies the strong Wolfe conditions", async () => {
  for (const name of ["rosenbrock", "beale"]) {
    const seen: Seen[] = [];
    const { path } = await descend(objectiveOf(problem(name)), problem(name).start, 15, { seen });
    const points = path.map(({ x }) => seen.find((look) => look.x.every((v, i) => v === x[i]))!);
    for (let i = 1; i < points.length; i++) {
      const [from, to] = [points[i - 1]!, points[i]!];
      // Away from the bounds x' - x = t d, so both slopes may be taken along it.
      const along = Array.from(to.x, (value, j) => value - from.x[j]!);
      const [before, after] = [dot(along, [...from.gradient]), dot(along, [...to.gradient])];
      assert(to.loss <= from.loss + 1e-4 * before + 1e-6 * from.loss, `${name}: decrease ${i}`);
      assert(Math.abs(after) <= 0.9001 * Math.abs(before), `${name}: slope ${i}`);
    }
  }
});

useEachEngine(
  "a step returns the evaluation that it started from; none is made twice",
  async () => {
    const seen: Seen[] = [];
    const { name, start } = problem("rosenbrock");
    const { path, evaluations } = await descend(objectiveOf(problem(name)), start, 12, { seen });
    assertEquals(seen.length, evaluations);
    assertEquals(new Set(seen.map(({ x }) => x.join())).size, seen.length);
    for (const { x, loss } of path) {
      assertEquals(seen.find((look) => look.x.join() === x.join())?.loss, loss);
    }
    assertEquals(
      path.map(({ loss }) => loss),
      path.map(({ loss }) => loss).toSorted((a, b) => b - a),
    );
  },
);

useEachEngine("a bowl whose bottom lies outside the box ends at the bounds", async () => {
  const target = [-50, 300, 100, -1, 256, 255, 0, 128, 1e4, -1e4, 30, 200];
  const seen: Seen[] = [];
  for (const start of [new Array(12).fill(128), target.map((_, i) => i % 2 ? 0 : 255)]) {
    const { x } = await descend(bowl(target), start, 40, { seen });
    const expected = target.map((value) => Math.min(255, Math.max(0, value)));
    assertAllClose(x, expected, { rtol: 1e-5, atol: 1e-4 });
  }
  assert(seen.every(({ x }) => x.every((value) => value >= 0 && value <= 255)));
});

useEachEngine("a line search does not count on what is clipped", async () => {
  // The first variable wants to go to 5000 and is at 255 a quarter of the way along the first step.
  // Beyond, only the others count, and they are where the slope is small: one evaluation will do.
  const { evaluations, x } = await descend(bowl([5000, 130, 130]), [128, 128, 128], 1, {
    stepSize: 300,
  });
  assertEquals([evaluations, x[0]], [2, 255]);
});

useEachEngine("the unit of the loss does not matter", async (engine) => {
  const { name, unit, start, minimum } = problem("rosenbrock");
  const run = (factor: number) => descend(objectiveOf({ name, unit }, factor), start, 60);
  const plain = await run(1);
  // A power of two changes no digit of any number.
  assertEquals((await run(2 ** 80)).x, plain.x);
  assertEquals((await run(2 ** -40)).x, plain.x);
  for (const factor of engine === "webgpu" ? [5e28] : [1e-8, 1e14, 5e28]) {
    assertAllClose((await run(factor)).x, minimum, { rtol: 0, atol: 0.01 });
  }
});

useEachEngine("4 + 5 steps through a saved state are 9 steps, to the last digit", async () => {
  const { name, start } = problem("outside");
  const evaluate = objectiveOf(problem(name));
  const whole = await descend(evaluate, start, 9);
  for (const first of [0, 1, 4]) {
    const half = await descend(evaluate, start, first);
    const state = throughJson(half.state);
    const rest = await descend(evaluate, half.x, 9 - first, { state });
    assertEquals(rest.x, whole.x);
    assertEquals(half.evaluations + rest.evaluations, whole.evaluations);
    assertEquals(rest.state, whole.state);
  }
});

useEachEngine("history bounds what is remembered, and what is saved", async () => {
  const { name, start } = problem("quadratic");
  const pairs = async (steps: number) => {
    const { state } = await descend(objectiveOf(problem(name)), start, steps, { history: 3 });
    return Object.keys(state).filter((key) => key.endsWith("/s")).length;
  };
  assertEquals([await pairs(2), await pairs(3), await pairs(8)], [2, 3, 3]);
});

useEachEngine("at a minimum the run stalls, says so, and costs no more", async () => {
  const target = new Array(12).fill(140);
  const { stalled, x, state, evaluations } = await descend(bowl(target), target, 5);
  assertStringIncludes(stalled!, "lowers the loss");
  assertEquals([Array.from(x), evaluations], [target, 1]);
  const again = await descend(bowl(target), target, 5, { state });
  assertEquals([again.evaluations, again.path.length], [0, 0]);
});

useEachEngine(
  "a gradient that points the wrong way stalls the run and leaves the picture",
  async () => {
    const evaluate: Evaluate = (x) => {
      const evaluation = bowl(new Array(12).fill(100))(x);
      const gradient = tf.neg(evaluation.gradient) as tf.Tensor4D;
      evaluation.gradient.dispose();
      return { ...evaluation, gradient };
    };
    const start = new Array(12).fill(128);
    const { x, stalled, evaluations } = await descend(evaluate, start, 9);
    assertEquals(Array.from(x), start);
    assert(stalled);
    assertEquals(evaluations, 21, "the start, and one line search");
  },
);

useEachEngine(
  "a stalled run repeats its evaluation, and wakes when the picture changes",
  async () => {
    const target = new Array(12).fill(140);
    const image = tf.variable(tf.tensor4d(target, [1, 2, 2, 3]));
    const run = lbfgs().start();
    for (let i = 0; i < 3; i++) {
      const evaluation = await run.step(image, bowl(target));
      assertEquals((await evaluation.total.data())[0], 0);
      tf.dispose(evaluation);
    }
    assertEquals(run.evaluations(), 1);
    image.assign(tf.fill([1, 2, 2, 3], 100));
    tf.dispose(await run.step(image, bowl(target)));
    assertEquals(run.stalled(), undefined);
    assert(run.evaluations() >= 3);
    run.dispose();
  },
);

useEachEngine("a run that goes on with another objective finds its minimum", async (engine) => {
  const [a, b] = [new Array(12).fill(30), new Array(12).fill(222)];
  const start = new Array(12).fill(128);
  for (const factor of engine === "webgpu" ? [1e6] : [1, 1e-6, 1e6]) {
    const half = await descend(objectiveOf(problem("rosenbrock")), start, 5);
    const curvature = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3].map((c) => c * factor);
    for (const target of [a, b]) {
      const { x } = await descend(bowl(target, curvature), half.x, 60, { state: half.state });
      assertAllClose(x, target, { rtol: 1e-4 });
    }
  }
});

useEachEngine("a loss that is not finite stalls the run and leaves the picture", async () => {
  for (const bad of [NaN, Infinity]) {
    const { x, stalled } = await descend(bowl([4, 5, 6], [bad]), [1, 2, 3], 3);
    assertEquals(Array.from(x), [1, 2, 3]);
    assert(stalled);
  }
});

useEachEngine("steps leave no tensor, nor does a run that ends", async () => {
  const { name, start } = problem("rosenbrock");
  const evaluate = objectiveOf(problem(name));
  const image = tf.variable(tf.tensor4d(start, [1, 1, start.length / 3, 3]));
  const left = await tensorsLeft(async () => {
    const run = lbfgs({ history: 3 }).start();
    for (let i = 0; i < 4; i++) tf.dispose(await run.step(image, evaluate));
    const steady = tf.memory().numTensors;
    for (let i = 0; i < 12; i++) tf.dispose(await run.step(image, evaluate));
    await run.state();
    assertEquals(tf.memory().numTensors, steady);
    const restored = lbfgs().start(await run.state());
    restored.dispose();
    run.dispose();
    run.dispose();
  });
  assertEquals(left, 0);
});

useEachEngine(
  "an error in the middle of a line search leaves no tensor, and the run goes on",
  async () => {
    const { name, start } = problem("rosenbrock");
    const evaluate = objectiveOf(problem(name));
    const whole = await descend(evaluate, start, 12);
    for (const at of [1, 2, 3, 6]) {
      const image = tf.variable(tf.tensor4d(start, [1, 1, start.length / 3, 3]));
      const left = await tensorsLeft(async () => {
        let calls = 0;
        const breaks: Evaluate = (x) => {
          if (++calls === at) throw new Error("from the objective");
          return evaluate(x);
        };
        const run = lbfgs().start();
        let errors = 0;
        for (let i = 0; i < 12; i++) {
          try {
            tf.dispose(await run.step(image, breaks));
          } catch (error) {
            assertEquals((error as Error).message, "from the objective");
            errors++;
            i--;
          }
        }
        assertEquals(errors, 1);
        run.dispose();
      });
      assertEquals(left, 0, `thrown at evaluation ${at}`);
      assertEquals(await image.data(), whole.x);
      image.dispose();
    }
  },
);

useEachEngine("stylize() with lbfgs() lowers the loss, and goes on from a checkpoint", async () => {
  const network = stubNetwork();
  const options = {
    content: { picture: noisePicture(12, 10, 1), layers: ["relu2_1"], weight: 1e-3 },
    style: { picture: noisePicture(9, 11, 2), weight: 1e-7 },
    weighting: "constant" as const,
    optimizer: lbfgs(),
    readEvery: 1,
  };
  const run = () => stylize(network, { ...options, iterations: 9 });
  const whole = await run();
  const total = ({ losses }: typeof whole.history[number]) =>
    Object.values(losses).reduce((sum, { loss, weight }) => sum + loss * weight, 0);
  assert(total(whole.history.at(-1)!) < total(whole.history[0]!) / 10);
  const half = await stylize(network, { ...options, iterations: 4 });
  const rest = await stylize(network, { ...options, iterations: 5, resume: half.checkpoint });
  assertEquals(rest.picture, whole.picture);
  assertEquals(rest.evaluations, whole.evaluations);
  assertEquals(await tensorsLeft(run), 0);
  network.dispose();
});

Deno.test("lbfgs() refuses adaptive weights with an explanation", async () => {
  const network = stubNetwork();
  const picture = noisePicture(12, 10, 1);
  await assertRejects(
    () => stylize(network, { style: { picture }, optimizer: lbfgs() }),
    Error,
    'set weighting: "constant"',
  );
  network.dispose();
});

Deno.test("a state of another picture is refused", async () => {
  const { state } = await descend(bowl([1, 2, 3]), [128, 128, 128], 2);
  await assertRejects(
    () => descend(bowl([1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6], 1, { state }),
    RangeError,
    "[1, 1, 2, 3]",
  );
});

Deno.test("lbfgs() checks its settings", () => {
  assertThrows(() => lbfgs({ history: 0 }), RangeError, "history");
  assertThrows(() => lbfgs({ history: 2.5 }), RangeError, "history");
  assertThrows(() => lbfgs({ history: 101 }), RangeError, "1 to 100");
  assertThrows(() => lbfgs({ stepSize: 0 }), RangeError, "stepSize");
});
