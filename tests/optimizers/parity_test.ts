import { assertEquals } from "@std/assert";
import {
  adaGrad,
  adam,
  average,
  lbfgs,
  momentum,
  type Optimizer,
  rmsProp,
} from "../../lib/optimizers/mod.ts";
import { resizeEntry } from "../../lib/optimizers/resize_state.ts";
import { smooth } from "../../lib/optimizers/smoothed.ts";
import * as tf from "@tensorflow/tfjs";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { objectiveOf, type Problem } from "../helpers/lbfgs_problems.ts";
import { descend } from "../helpers/optimizer_runs.ts";

/** What `tests/reference/make_optimizer_golden.py` wrote. */
type Golden = {
  runs: {
    name: string;
    program: string;
    options: Record<string, number & number[]>;
    problem: Problem["name"];
    unit: number;
    start: number[];
    steps: number[];
    /** How far PyTorch's own float32 run lies away, relative. */
    gaps: number[];
    points: number[][];
  }[];
  average: { decay: number; points: number[][] };
  smoothing: {
    shape: [number, number, number, number];
    gradient: number[];
    cases: { sigma: number; values: number[] }[];
  };
  resizing: {
    shape: number[];
    values: number[];
    cases: { power: number; size: [number, number]; values: number[] }[];
  };
};

const file = new URL("../golden/optimizers.json", import.meta.url);
const GOLDEN: Golden = JSON.parse(await Deno.readTextFile(file));

/** The optimizer with PyTorch's options. */
function optimizerOf({ name, program, options }: Golden["runs"][number]): Optimizer {
  const { lr: stepSize, eps: epsilon, alpha: decay, history_size: history } = options;
  const [beta1, beta2] = options.betas ?? [];
  switch (name) {
    case "adam":
      return adam({ stepSize, epsilon, beta1, beta2, epsilonHat: program === "KerasAdam" });
    case "rmsprop":
      return rmsProp({ stepSize, decay, epsilon });
    case "adagrad":
      return adaGrad({ stepSize, epsilon });
    case "momentum":
      return momentum({ stepSize, momentum: options.momentum, normalize: false });
    default:
      return lbfgs({ lineSearch: "none", stepSize, history });
  }
}

const titleOf = ({ program, options, problem }: Golden["runs"][number]) =>
  `${program} ${JSON.stringify(options)} on ${problem}`;

for (const run of GOLDEN.runs) {
  useEachEngine(`${run.name} takes the steps of ${titleOf(run)}`, async () => {
    const shape = [1, 1, run.start.length / 3, 3] as [number, number, number, number];
    const evaluate = objectiveOf({ name: run.problem, unit: run.unit });
    const steps = Math.max(...run.steps);
    const { path } = await descend(optimizerOf(run), steps, { evaluate, from: run.start, shape });
    run.steps.forEach((step, i) => {
      const rtol = 2e-5 + 10 * run.gaps[i]!;
      assertAllClose(path[step]!, run.points[i]!, { rtol });
    });
  });
}

useEachEngine("average() is crowsonkb's, the start included", async () => {
  const [run] = GOLDEN.runs;
  const { start: from, steps } = run!;
  const optimizer = average(optimizerOf(run!), { decay: GOLDEN.average.decay });
  const settings = {
    evaluate: objectiveOf({ name: run!.problem, unit: run!.unit }),
    from,
    shape: [1, 1, 4, 3] as never,
  };
  for (const [i, step] of steps.entries()) {
    const { shown } = await descend(optimizer, step, settings);
    assertAllClose(shown!, GOLDEN.average.points[i]!, { rtol: 1e-5 });
  }
});

useEachEngine("smooth() blurs as SciPy's gaussian_filter, three times", async () => {
  const { shape, gradient, cases } = GOLDEN.smoothing;
  for (const { sigma, values } of cases) {
    const smoothed = smooth(tf.tensor4d(gradient, shape), sigma);
    assertEquals(smoothed.shape, shape);
    assertAllClose(await smoothed.data(), values, { rtol: 2e-4, scale: "rms" });
  }
});

Deno.test("resizeEntry() resizes as PyTorch's interpolate", () => {
  const { shape, values, cases } = GOLDEN.resizing;
  for (const { power, size: [height, width], values: expected } of cases) {
    const entry = { shape, data: Float32Array.from(values, (value) => value ** power) };
    const resized = resizeEntry(entry, height, width, power);
    assertEquals(resized.shape, [1, height, width, 3]);
    assertAllClose(resized.data, expected, { rtol: 1e-5, scale: "rms" });
  }
});
