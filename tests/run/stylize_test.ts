import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Network } from "../../lib/network/network.ts";
import type { Loss } from "../../lib/loss/term.ts";
import { adam, gradientDescent, type Optimizer } from "../../lib/optimizers/mod.ts";
import { DivergedError } from "../../lib/run/errors.ts";
import type { Frame } from "../../lib/run/frame.ts";
import { frames } from "../../lib/run/frames.ts";
import type { StylizeOptions } from "../../lib/run/options.ts";
import { measure, stylize } from "../../lib/run/stylize.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const content = noisePicture(12, 10, 1);
const style = noisePicture(9, 11, 2);

const options: StylizeOptions = {
  content: { picture: content, layers: ["relu2_1"] },
  style: { picture: style },
  denoise: {},
  iterations: 6,
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

useEachEngine("stylize() lowers content and style loss, and reports each iteration", async () => {
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
    const first = result.history[0]!.losses[name]!.loss;
    assert(result.losses[name]!.loss < first, `${name}: ${result.losses[name]!.loss} of ${first}`);
  }
  const shares = Object.values(result.losses).map(({ share }) => share);
  assert(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-5);
  network.dispose();
});

useEachEngine("stylize() repeats for a seed", async () => {
  const network = stubNetwork();
  const run = async (seed: number) => (await stylize(network, { ...options, seed })).picture;
  assertEquals(await run(3), await run(3));
  const [three, four] = [await run(3), await run(4)];
  assert(three.data.some((value, i) => value !== four.data[i]), "another seed, another picture");
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
    const wrong = { ...options, style: { picture: style, layers: ["block1_conv1"] } };
    await assertRejects(() => stylize(network, wrong), RangeError, "relu1_1, relu1_2");
  }));

useEachEngine(
  "a loss that becomes infinite ends the run with the last good picture",
  () =>
    leavesNothing(async (network) => {
      const losses = [breaksAt(3, Infinity)];
      const pictures: Float32Array[] = [];
      const onFrame = ({ picture }: Frame) => pictures.push(picture!.data);
      const error = await assertRejects(
        () => stylize(network, { ...options, losses, readEvery: 1, onFrame }),
        DivergedError,
        "the brittle loss must be finite: current value is Infinity at iteration 3",
      );
      // The losses of iteration 2 were those of the picture after iteration 1.
      assertEquals(error.picture.data, pictures[1]);
    }),
);

useEachEngine("one rule for read, record and show: every n-th iteration and the last", async () => {
  const network = stubNetwork();
  const seen: number[] = [];
  const onFrame = ({ iteration, losses, total, picture }: Frame) => {
    const read = [losses, total, picture].map((value) => value !== undefined);
    assertEquals(new Set(read).size, 1, "all or nothing");
    if (read[0]) seen.push(iteration);
  };
  const settings = { ...options, iterations: 12, readEvery: 5 };
  const result = await stylize(network, { ...settings, onFrame });
  assertEquals(seen, [4, 9, 11]);
  assertEquals(result.history.map(({ iteration }) => iteration), seen);
  // A run that goes on keeps the beat.
  seen.length = 0;
  const { checkpoint } = await stylize(network, { ...settings, iterations: 3 });
  await stylize(network, { ...settings, iterations: 9, resume: checkpoint, onFrame });
  assertEquals(seen, [4, 9, 11]);
  network.dispose();
});

useEachEngine("what is not read is not fetched from the engine", async () => {
  const network = stubNetwork();
  let reads = 0;
  const { data } = tf.Tensor.prototype;
  tf.Tensor.prototype.data = function (...args) {
    reads++;
    return data.apply(this, args) as never;
  };
  try {
    const run = frames(network, { ...options, iterations: 9, readEvery: 100 });
    await run.next();
    reads = 0;
    await run.next();
    await run.next();
    assertEquals(reads, 0);
    await run.return(undefined as never);
  } finally {
    tf.Tensor.prototype.data = data;
  }
  network.dispose();
});

useEachEngine("frames are values: they do not change when the run goes on", async () => {
  const network = stubNetwork();
  const kept: Frame[] = [];
  const copies: Float32Array[] = [];
  for await (const frame of frames(network, { ...options, iterations: 3, readEvery: 1 })) {
    kept.push(frame);
    copies.push(frame.picture!.data.slice());
  }
  assertEquals(kept.map(({ picture }) => picture!.data), copies);
  await assertRejects(() => Promise.resolve().then(() => kept[0]!.checkpoint()), Error, "gone on");
  network.dispose();
});

useEachEngine("a result's losses are those of its picture, and add up to its total", async () => {
  const network = stubNetwork();
  const settings: StylizeOptions = { ...options, weighting: "constant" };
  const result = await stylize(network, settings);
  const { total, losses } = await measure(network, result.picture, settings);
  for (const [name, { loss, share }] of Object.entries(losses)) {
    const own = result.losses[name]!;
    assert(Math.abs(own.loss - loss) <= 1e-4 * loss, `${name}: ${own.loss} and ${loss}`);
    assert(Math.abs(own.share - share) < 1e-4);
  }
  assert(Math.abs(result.total - total) <= 1e-4 * total);
  const sum = Object.values(losses).reduce((sum, { loss, weight }) => sum + loss * weight, 0);
  assert(Math.abs(total - sum) <= 1e-4 * total);
  network.dispose();
});

useEachEngine("a run ends at the first limit: iterations, evaluations or seconds", async () => {
  const network = stubNetwork();
  const long = { ...options, iterations: 1000 };
  const byEvaluations = await stylize(network, { ...long, evaluations: 4 });
  assertEquals([byEvaluations.iterations, byEvaluations.stopped], [4, false]);
  const bySeconds = await stylize(network, { ...long, seconds: 1e-3 });
  assert(bySeconds.iterations < 1000 && bySeconds.iterations >= 1, `${bySeconds.iterations}`);
  network.dispose();
}, ["cpu"]);

useEachEngine(
  "a loss of one's own that throws leaves no tensor",
  () =>
    leavesNothing(async (network) => {
      const broken: Loss = {
        name: "broken",
        weight: 1,
        layers: ["relu3_1"],
        value: () => {
          throw new Error("no value");
        },
      };
      await assertRejects(
        () => stylize(network, { ...options, losses: [broken] }),
        Error,
        "no value",
      );
    }),
);

Deno.test("an unknown option, and a promise, are refused with a hint", async () => {
  const network = stubNetwork();
  const wrong = { ...options, iteration: 5 } as StylizeOptions;
  await assertRejects(() => stylize(network, wrong), TypeError, "did you mean iterations?");
  const promised = { ...options, content: { picture: Promise.resolve(content) as never } };
  await assertRejects(() => stylize(network, promised), TypeError, "did you forget `await`?");
  await assertRejects(
    () => stylize(Promise.resolve(network) as never, options),
    TypeError,
    "did you forget `await`?",
  );
  await assertRejects(() => stylize({} as never, options), TypeError, "a network");
});

Deno.test("what there is to say of a run: it rose, it did not move", async () => {
  const network = stubNetwork();
  const base: StylizeOptions = {
    content: { picture: content, layers: ["relu2_1"] },
    weighting: "constant",
    start: noisePicture(12, 10, 9),
    iterations: 3,
    readEvery: 1,
  };
  const near = { ...content, data: content.data.map((value) => Math.min(255, value + 1)) };
  const long = { ...base, start: near, optimizer: adam({ stepSize: 200 }) };
  const risen = await stylize(network, long);
  assertStringIncludes(risen.notes.join(" "), "has risen");
  const still = { ...base, optimizer: gradientDescent({ stepSize: 1e-7 }) };
  assertStringIncludes((await stylize(network, still)).notes.join(" "), "did not move");
  const good = await stylize(network, base);
  assertEquals(good.notes, []);
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
    const gap = rest.picture.data.map((value, i) => Math.abs(value - whole.picture.data[i]!));
    assert(Math.max(...gap) < 0.01, `pixels differ by up to ${Math.max(...gap)}`);
    network.dispose();
  });
}

useEachEngine("start takes a picture, a name, and nothing else", async () => {
  const network = stubNetwork();
  const base = { ...options, optimizer: gradientDescent({ stepSize: 1e-6 }), iterations: 1 };
  const near = (a: Float32Array, b: Float32Array) => a.every((v, i) => Math.abs(v - b[i]!) < 0.01);
  const fromContent = await stylize(network, { ...base, start: "content" });
  assert(near(fromContent.picture.data, content.data));
  const fromPicture = await stylize(network, { ...base, start: noisePicture(12, 10, 9) });
  assert(near(fromPicture.picture.data, noisePicture(12, 10, 9).data));
  const fromStyle = await stylize(network, { ...base, start: "style" });
  assertEquals([fromStyle.picture.width, fromStyle.picture.height], [12, 10]);
  await assertRejects(
    () => stylize(network, { ...base, start: "blank" as "noise" }),
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
