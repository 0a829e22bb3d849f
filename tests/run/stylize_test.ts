import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Network } from "../../lib/network/network.ts";
import type { Loss } from "../../lib/loss/objective.ts";
import { adam, gradientDescent, type Optimizer } from "../../lib/optimizers/mod.ts";
import { DivergedError, type Frame, frames, type StylizeOptions } from "../../lib/run/frames.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const content = noisePicture(12, 10, 1);
const style = noisePicture(9, 11, 2);
const quiet = { log: () => {} };

const options: StylizeOptions = {
  content: { picture: content, layers: ["relu2_1"] },
  style: { picture: style },
  denoise: {},
  iterations: 6,
  ...quiet,
};

/** A loss that turns into `value` at the given evaluation. */
function breaksAt(evaluation: number, value: number): Loss {
  let count = 0;
  return {
    name: "brittle",
    weight: 1,
    value: ({ image }) => tf.mul(tf.mean(image), count++ === evaluation ? value : 1) as tf.Scalar,
  };
}

/** Runs `work` twice on one network; the second time must leave no tensor. */
async function leavesNothing(work: (network: Network) => Promise<unknown>) {
  const network = stubNetwork();
  await work(network);
  assertEquals(await tensorsLeft(() => work(network)), 0);
  network.dispose();
}

useEachEngine("stylize() lowers every loss, and reports each iteration", async () => {
  const network = stubNetwork();
  const seen: number[] = [];
  const result = await stylize(network, {
    ...options,
    iterations: 30,
    readEvery: 1,
    onFrame: (frame) => seen.push(frame.iteration),
  });
  assertEquals(seen, Array.from({ length: 30 }, (_, i) => i));
  assertEquals(result.history.length, 30);
  assertEquals(result.iterations, 30);
  assertEquals(result.stopped, false);
  assertEquals([result.picture.width, result.picture.height], [12, 10]);
  for (const name of ["content", "style"]) {
    const first = result.history[0].losses[name].loss;
    assert(result.losses[name].loss < first, `${name}: ${result.losses[name].loss} of ${first}`);
  }
  const shares = Object.values(result.losses).map(({ share }) => share);
  assert(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-5);
  network.dispose();
});

useEachEngine("stylize() repeats for a seed", async () => {
  const network = stubNetwork();
  const run = async (seed: number) => (await stylize(network, { ...options, seed })).picture;
  assertEquals(await run(3), await run(3));
  assert((await run(3)).data.some((value, i) => value !== content.data[i]));
  network.dispose();
});

useEachEngine(
  "a run leaves no tensor: to the end",
  () => leavesNothing((network) => stylize(network, options)),
);

useEachEngine("a run leaves no tensor: left by break", () =>
  leavesNothing(async (network) => {
    for await (const frame of frames(network, options)) if (frame.iteration === 2) break;
  }));

useEachEngine(
  "a run leaves no tensor: aborted, with the picture in hand",
  () =>
    leavesNothing(async (network) => {
      const stop = new AbortController();
      const onFrame = ({ iteration }: Frame) => iteration === 1 && stop.abort();
      const result = await stylize(network, { ...options, signal: stop.signal, onFrame });
      assertEquals([result.stopped, result.iterations], [true, 2]);
      assertEquals(result.picture.width, 12);
    }),
);

useEachEngine("a run leaves no tensor: onFrame throws", () =>
  leavesNothing(async (network) => {
    const onFrame = () => {
      throw new Error("from the caller");
    };
    await assertRejects(() => stylize(network, { ...options, onFrame }), Error, "from the caller");
  }));

useEachEngine("a run leaves no tensor: wrong layer", () =>
  leavesNothing(async (network) => {
    const wrong = { ...options, style: { picture: style, layers: ["conv1_1"] } };
    await assertRejects(() => stylize(network, wrong), RangeError, "relu1_1, relu1_2");
  }));

useEachEngine(
  "a loss that becomes infinite ends the run with the last good picture",
  () =>
    leavesNothing(async (network) => {
      const losses = [breaksAt(3, Infinity)];
      const pictures: Float32Array[] = [];
      const onFrame = async (frame: Frame) => pictures.push((await frame.picture()).data);
      const error = await assertRejects(
        () => stylize(network, { ...options, losses, readEvery: 1, onFrame }),
        DivergedError,
        "the brittle loss must be finite: current value is Infinity at iteration 3",
      );
      // The losses of iteration 2 were those of the picture after iteration 1.
      assertEquals(error.picture.data, pictures[1]);
    }),
);

useEachEngine("readEvery bounds how often losses are read", async () => {
  const network = stubNetwork();
  const result = await stylize(network, { ...options, iterations: 12, readEvery: 5 });
  assertEquals(result.history.map(({ iteration }) => iteration), [0, 5, 10, 11]);
  network.dispose();
});

for (const optimizer of [gradientDescent({ stepSize: 4 }), adam({ stepSize: 4 })]) {
  useEachEngine(`3 + 4 iterations with ${optimizer.name} are 7`, async () => {
    const network = stubNetwork();
    const whole = await stylize(network, { ...options, optimizer, iterations: 7 });
    const half = await stylize(network, { ...options, optimizer, iterations: 3 });
    const resume = JSON.parse(
      JSON.stringify(
        half.checkpoint,
        (_, value) => value instanceof Float32Array ? Array.from(value) : value,
      ),
      (key, value) => key === "data" ? new Float32Array(value) : value,
    );
    const rest = await stylize(network, { ...options, optimizer, iterations: 4, resume });
    assertEquals([rest.iterations, rest.evaluations], [7, 7]);
    const gap = rest.picture.data.map((value, i) => Math.abs(value - whole.picture.data[i]));
    assert(Math.max(...gap) < 0.01, `pixels differ by up to ${Math.max(...gap)}`);
    network.dispose();
  });
}

useEachEngine("init takes a picture, a name, and nothing else", async () => {
  const network = stubNetwork();
  const base = { ...options, optimizer: gradientDescent({ stepSize: 1e-6 }), iterations: 1 };
  const near = (a: Float32Array, b: Float32Array) => a.every((v, i) => Math.abs(v - b[i]) < 0.01);
  const fromContent = await stylize(network, { ...base, init: "content" });
  assert(near(fromContent.picture.data, content.data));
  const fromPicture = await stylize(network, { ...base, init: noisePicture(12, 10, 9) });
  assert(near(fromPicture.picture.data, noisePicture(12, 10, 9).data));
  const fromStyle = await stylize(network, { ...base, init: "style" });
  assertEquals([fromStyle.picture.width, fromStyle.picture.height], [12, 10]);
  await assertRejects(
    () => stylize(network, { ...base, init: "blank" as "noise" }),
    RangeError,
    "noise, content, style",
  );
  network.dispose();
}, ["cpu"]);

Deno.test("an optimizer that needs constant weights refuses adaptive ones", async () => {
  const picky: Optimizer = { ...gradientDescent(), name: "picky", needsConstantWeights: true };
  await assertRejects(
    () => stylize(stubNetwork(), { ...options, optimizer: picky }),
    Error,
    'weighting: "constant"',
  );
});

Deno.test("an aborted signal does not start a run", async () => {
  const signal = AbortSignal.abort();
  await assertRejects(() => stylize(stubNetwork(), { ...options, signal }), Error);
});

Deno.test("a run names its engine", async () => {
  const network = stubNetwork();
  const lines: string[] = [];
  await stylize(network, { ...options, iterations: 1, log: (line) => lines.push(line) });
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0], "Engine: ");
  network.dispose();
});
