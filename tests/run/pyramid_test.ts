import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Network } from "../../lib/network/network.ts";
import { adam, gradientDescent } from "../../lib/optimizers/mod.ts";
import { resizePicture } from "../../lib/picture/resize.ts";
import type { Frame } from "../../lib/run/frame.ts";
import type { StylizeOptions } from "../../lib/run/options.ts";
import { measure, stylize } from "../../lib/run/stylize.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const content = noisePicture(32, 24, 1);
const style = noisePicture(40, 36, 2);

const options: StylizeOptions = {
  content: { picture: content, layers: ["relu2_1"] },
  style: { picture: style },
  denoise: {},
  weighting: "constant",
  optimizer: adam({ stepSize: 4 }),
  sizes: [8, 16, 32],
  iterations: [3, 2, 4],
};

useEachEngine(
  "a run from coarse to fine counts through, and ends at the content's size",
  async () => {
    const network = stubNetwork();
    const frames: Frame[] = [];
    const onFrame = (frame: Frame) => frames.push(frame);
    const result = await stylize(network, { ...options, readEvery: 1, onFrame });
    assertEquals(frames.map(({ iteration }) => iteration), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assertEquals(new Set(frames.map(({ iterations }) => iterations)), new Set([9]));
    assertEquals(frames.map(({ scale }) => scale!.size), [8, 8, 8, 16, 16, 32, 32, 32, 32]);
    assertEquals(frames.map(({ picture }) => picture!.height), [6, 6, 6, 12, 12, 24, 24, 24, 24]);
    assertEquals(frames.filter(({ last }) => last).map(({ iteration }) => iteration), [8]);
    assert(frames.every(({ seconds }, i) => i === 0 || seconds >= frames[i - 1]!.seconds));
    assertEquals([result.picture.width, result.picture.height], [32, 24]);
    assertEquals([result.iterations, result.evaluations, result.stopped], [9, 9, false]);
    assertEquals(result.history.length, 9);
    network.dispose();
  },
);

useEachEngine("each size has the targets of the pictures reduced to it", async () => {
  const network = stubNetwork();
  const still = { ...options, optimizer: gradientDescent({ stepSize: 1e-6 }), start: style };
  const result = await stylize(network, { ...still, iterations: [1, 1, 1], styleScale: 0.75 });
  for (const [i, size] of [8, 16, 32].entries()) {
    const small = resizePicture(content, { maxSize: size });
    // The start is reduced with the first size and enlarged from there.
    let picture = resizePicture(style, { width: 8, height: 6 });
    for (const side of [16, 32].filter((side) => side <= size)) {
      picture = resizePicture(picture, { width: side, height: side * 3 / 4 });
    }
    const { losses } = await measure(network, picture, {
      content: { ...options.content, picture: small },
      style: { picture: resizePicture(style, { maxSize: size * 0.75 }) },
      denoise: {},
      weighting: "constant",
    });
    for (const [name, { loss }] of Object.entries(losses)) {
      const found = result.history[i]!.losses[name]!.loss;
      assert(Math.abs(found - loss) < 1e-3 * loss, `${name} at ${size}: ${found} and ${loss}`);
    }
  }
  network.dispose();
}, ["cpu"]);

useEachEngine("sizes up to 1 are shares of the final size, and `size` sets that", async () => {
  const network = stubNetwork();
  const sizes: number[] = [];
  const shares = { ...options, sizes: [0.25, 0.5, 1], size: 24, iterations: 1 };
  await stylize(network, { ...shares, onFrame: ({ scale }) => sizes.push(scale!.size) });
  assertEquals(sizes, [6, 12, 24]);
  // No share is smaller than `smallest`, nor larger than the picture for its sake.
  for (
    const [smallest, wanted] of [[8, [8, 12, 24]], [20, [20, 20, 24]], [99, [24, 24, 24]]] as const
  ) {
    sizes.length = 0;
    await stylize(network, {
      ...shares,
      smallest,
      onFrame: ({ scale }) => sizes.push(scale!.size),
    });
    assertEquals(sizes, [...wanted]);
  }
  network.dispose();
}, ["cpu"]);

useEachEngine(
  "a run that goes on within a size, or between two, is the run in one go",
  async () => {
    const network = stubNetwork();
    const whole = await stylize(network, options);
    for (const evaluations of [2, 3, 4, 6]) {
      const half = await stylize(network, { ...options, evaluations });
      assertEquals(half.iterations, evaluations);
      const rest = await stylize(network, { ...options, resume: half.checkpoint });
      assertEquals(rest.iterations, 9);
      const gap = rest.picture.data.map((value, i) => Math.abs(value - whole.picture.data[i]!));
      assert(Math.max(...gap) < 0.01, `${evaluations}: pixels differ by ${Math.max(...gap)}`);
    }
    network.dispose();
  },
);

useEachEngine("shares that are too small for the network are raised to what it needs", async () => {
  const network = stubNetwork();
  const sizes: number[] = [];
  const style = { picture: noisePicture(40, 36, 2), layers: ["relu3_2"] };
  const run = { ...options, style, sizes: [0.05, 0.1, 0.5, 1], iterations: [3, 3, 2, 1] };
  const onFrame = ({ scale }: Frame) => sizes.push(scale!.size);
  const { iterations } = await stylize(network, { ...run, onFrame });
  // relu3_2 has a stride of 4: 32x24 becomes 6x4, at least.
  assertEquals(sizes, [6, 6, 6, 6, 6, 6, 16, 16, 32]);
  assertEquals(iterations, 9);
  network.dispose();
}, ["cpu"]);

useEachEngine("a run from coarse to fine leaves no tensor: ended, stopped, thrown", async () => {
  const network = stubNetwork();
  const works: ((network: Network) => Promise<unknown>)[] = [
    (network) => stylize(network, options),
    (network) => {
      const stop = new AbortController();
      const onFrame = ({ iteration }: Frame) => iteration === 3 && stop.abort();
      return stylize(network, { ...options, signal: stop.signal, onFrame });
    },
    (network) => {
      const onFrame = ({ iteration }: Frame) => {
        if (iteration === 4) throw new Error("from the caller");
      };
      return assertRejects(() => stylize(network, { ...options, onFrame }), Error, "the caller");
    },
  ];
  for (const work of works) {
    await work(network);
    assertEquals(await tensorsLeft(() => work(network)), 0);
  }
  network.dispose();
});

Deno.test("wrong sizes are refused before the run", async () => {
  const network = stubNetwork();
  const refuses = (changes: StylizeOptions, message: string) =>
    assertRejects(() => stylize(network, { ...options, ...changes }), RangeError, message);
  await refuses({ sizes: [16, 8, 32] }, "sizes must rise");
  await refuses({ sizes: [8, 32] }, "a number for each of the 2 sizes");
  await refuses({ sizes: [1, 16, 32] }, "sizes must rise");
  await refuses({ sizes: [1.5, 16, 32] }, "whole numbers");
  await refuses({ sizes: [2, 16, 32] }, "at least 6 pixels");
  await refuses({ sizes: undefined }, "needs a list of sizes");
  network.dispose();
});
