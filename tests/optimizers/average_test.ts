import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { adam, average, gradientDescent, lbfgs, smoothed } from "../../lib/optimizers/mod.ts";
import type { StylizeOptions } from "../../lib/run/options.ts";
import { measure, stylize } from "../../lib/run/stylize.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { descend } from "../helpers/optimizer_runs.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const options: StylizeOptions = {
  content: { picture: noisePicture(12, 10, 1), layers: ["relu2_1"] },
  style: { picture: noisePicture(9, 11, 2) },
  weighting: "constant",
  readEvery: 1,
  seed: 1,
};

useEachEngine("average() shows the mean of start and first picture at decay near 1", async () => {
  // Weights 1 - d and d (1 - d) over their sum 1 - d²: 1 / (1 + d) and d / (1 + d), so nearly halves.
  const optimizer = average(adam({ stepSize: 10 }), { decay: 0.999 });
  const { path: [before, after], shown } = await descend(optimizer, 1);
  const halves = Array.from(before!, (value, i) => (value + after![i]!) / 2);
  assertAllClose(shown!, halves, { rtol: 1e-4 });
});

useEachEngine("the picture goes the same way with an average and without", async () => {
  const [plain, averaged] = [adam(), average(adam())];
  assertEquals((await descend(averaged, 6)).path, (await descend(plain, 6)).path);
  assertEquals((await descend(plain, 1)).shown, undefined);
});

useEachEngine("a run returns the average, with its own losses", async () => {
  const network = stubNetwork();
  const settings = { ...options, optimizer: average(gradientDescent(), { decay: 0.9 }) };
  const frames: Float32Array[] = [];
  const result = await stylize(network, {
    ...settings,
    iterations: 20,
    onFrame: ({ picture }) => frames.push(picture!.data),
  });
  const raw = await stylize(network, { ...options, optimizer: gradientDescent(), iterations: 20 });
  assertEquals(result.checkpoint.picture, raw.checkpoint.picture);
  assertEquals(result.picture.data, result.checkpoint.shown!.data);
  assertEquals(frames.at(-1), result.picture.data);
  assertNotEquals(result.picture, raw.picture);
  const { total } = await measure(network, result.picture, settings);
  assertAllClose([result.total], [total], { rtol: 1e-5 });
  assertEquals(raw.checkpoint.shown, undefined);
  network.dispose();
});

useEachEngine("an averaged run goes on from a checkpoint as if never interrupted", async () => {
  const network = stubNetwork();
  const settings = { ...options, optimizer: average(adam()) };
  const whole = await stylize(network, { ...settings, iterations: 7 });
  const { checkpoint } = await stylize(network, { ...settings, iterations: 4 });
  const rest = await stylize(network, { ...settings, iterations: 3, resume: checkpoint });
  assertEquals(rest.picture, whole.picture);
  network.dispose();
});

useEachEngine(
  "from coarse to fine an average starts the next size, and leaves nothing",
  async () => {
    const network = stubNetwork();
    const settings: StylizeOptions = {
      ...options,
      optimizer: average(smoothed(adam(), { iterations: 6 }), { decay: 0.5 }),
      sizes: [8, 12],
      iterations: 3,
    };
    const run = async () => {
      const { picture, iterations } = await stylize(network, settings);
      assertEquals([picture.width, picture.height, iterations], [12, 10, 6]);
      assert(picture.data.every(Number.isFinite));
    };
    await run();
    assertEquals(await tensorsLeft(run), 0);
    network.dispose();
  },
);

useEachEngine("a state of one optimizer serves it with an average, and without again", async () => {
  const { state, path } = await descend(adam(), 2);
  const from = path.at(-1)!;
  const averaged = await descend(average(adam()), 2, { state, from });
  const { path: whole } = await descend(adam(), 4);
  assertEquals(averaged.path.at(-1), whole.at(-1));
  const back = await descend(adam(), 1, { state: averaged.state, from: averaged.path.at(-1)! });
  assertEquals(back.path.at(-1), (await descend(adam(), 5)).path.at(-1));
});

Deno.test("wrappers refuse what they cannot do", () => {
  assertThrows(() => average(adam(), { decay: 1 }), RangeError, "decay");
  assertThrows(() => smoothed(lbfgs(), { iterations: 10 }), Error, "must not compare losses");
  assertThrows(() => smoothed(adam(), { iterations: 0 }), RangeError, "iterations");
});
