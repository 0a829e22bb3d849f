import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { hasKernel } from "../../../lib/base/kernels.ts";
import { useEngine } from "../../../lib/engine/engine.ts";
import { addSums, mixSums, sumsOf } from "../../../lib/loss/style/measure.ts";
import { transportMap } from "../../../lib/loss/style/transport.ts";
import { wasserstein } from "../../../lib/loss/style/wasserstein.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { ENGINES, useEachEngine } from "../../helpers/engines.ts";

const noise = (shape: [number, number, number, number], seed: number) =>
  tf.tensor4d(uniformNoise(shape.reduce((a, b) => a * b), 0, 100, seededRandom(seed)), shape);
const matrix = (rows: number, columns: number, seed: number) =>
  tf.reshape(noise([1, 1, rows, columns], seed), [rows, columns]) as tf.Tensor2D;
const read = async (x: tf.Tensor) => (await x.data())[0]!;

useEachEngine("transportMap() of diagonal covariances is the root of their ratio", async () => {
  // diag(1, 4, 9) to diag(4, 4, 1): 2, 1, 1/3.
  const [from, to] = [[1, 4, 9], [4, 4, 1]].map((values) => tf.diag(tf.tensor1d(values)));
  const map = transportMap(from as tf.Tensor2D, to as tf.Tensor2D);
  const wanted = [2, 0, 0, 0, 1, 0, 0, 0, 1 / 3];
  assertAllClose(await map.data(), wanted, { rtol: 2e-4, atol: 1e-6 });
});

useEachEngine("transportMap() carries one covariance to the other: T S T = S*", async () => {
  const [x, y] = [matrix(20, 6, 1), matrix(20, 6, 2)];
  const [from, to] = [x, y].map((x) => tf.matMul(x, x, true) as tf.Tensor2D);
  const map = transportMap(from!, to!);
  const carried = tf.matMul(tf.matMul(map, from!), map);
  assertAllClose(await carried.data(), await to!.data(), { rtol: 1e-3, scale: "rms" });
});

useEachEngine("transportMap() finds roots over three decimal places", async () => {
  // From D² to 1 the map is 1 / D; the roots of the ratio are D.
  const values = Array.from({ length: 31 }, (_, i) => 10 ** (-i / 10));
  const from = tf.diag(tf.tensor1d(values.map((d) => d * d))) as tf.Tensor2D;
  const found = await tf.sum(transportMap(from, tf.eye(31)), 1).data();
  const wanted = values.map((d) => 1 / d);
  // All are divided by the norm, 1.3 times the greatest: the last is just below the limit.
  assertAllClose(found.slice(0, 28), wanted.slice(0, 28), { rtol: 1e-4 });
  assertAllClose(found, wanted, { rtol: 0.2 });
});

useEachEngine("transportMap() of many channels stops at two places, unless precise", async () => {
  const values = Array.from({ length: 300 }, (_, i) => 10 ** (-3 * i / 299));
  const from = tf.diag(tf.tensor1d(values.map((d) => d * d))) as tf.Tensor2D;
  const errors = async (precise: boolean) => {
    const found = await tf.sum(transportMap(from, tf.eye(300), precise), 1).data();
    return values.map((d, i) => Math.abs(found[i]! * d - 1));
  };
  const [quick, exact] = [await errors(false), await errors(true)];
  // The norm is 3.3 times the greatest: a hundredth of it is reached at number 147, a thousandth at 247.
  assert(Math.max(...quick.slice(0, 140)) < 1e-4, `${Math.max(...quick.slice(0, 140))}`);
  assert(quick[299]! > 0.1, `${quick[299]}`);
  assert(Math.max(...exact.slice(0, 240)) < 1e-3, `${Math.max(...exact.slice(0, 240))}`);
}, ["native"]);

Deno.test("transportMap() by an engine's own kernel equals single operations", async () => {
  const own = ENGINES.filter((engine) => engine !== "cpu"); // `engines.ts` prints what is missing
  for (
    const [channels, precise] of [[20, false], [32, false], [257, false], [257, true]] as const
  ) {
    const maps = [];
    for (const engine of ["cpu", ...own] as const) {
      await useEngine(engine);
      const count = tf.engine().backend.numDataIds();
      const [from, to] = [1, 2].map((seed) =>
        tf.tidy(() => {
          const x = tf.div(matrix(2 * channels, channels, seed), 100);
          return tf.add(tf.div(tf.matMul(x, x, true), channels), tf.eye(channels)) as tf.Tensor2D;
        })
      );
      const map = transportMap(from!, to!, precise);
      assertEquals(hasKernel("TransportMap"), engine !== "cpu");
      maps.push(await map.data());
      tf.dispose([from!, to!, map]);
      assertEquals(tf.engine().backend.numDataIds(), count, `${engine} leaves nothing behind`);
    }
    for (const map of maps) assertAllClose(map, maps[0]!, { rtol: 2e-5, scale: "rms" });
  }
});

useEachEngine(
  "wasserstein() between multiples of one covariance is that of the deviations",
  async () => {
    // Σ and 4 Σ, equal means: tr(Σ) (2 - 1)² / C, but for ε = 1e-3 of the mean variance.
    const centered = tf.sub(noise([1, 6, 6, 3], 1), tf.mean(noise([1, 6, 6, 3], 1), [1, 2], true));
    const { products, count } = sumsOf(centered as tf.Tensor4D);
    const trace = await read(tf.sum(tf.mul(products, tf.eye(3))));
    const measure = wasserstein({ epsilon: 1e-3 });
    const wanted = measure.describe(sumsOf(tf.mul(centered, 2) as tf.Tensor4D));
    const distance = measure.distance(sumsOf(centered as tf.Tensor4D), wanted);
    assertAllClose(await distance.data(), [trace / count / 3], { rtol: 5e-3 });
  },
);

useEachEngine(
  "wasserstein() of two flat pictures is the squared difference of the means",
  async () => {
    // (3 - 1)² and (7 - 2)² over two channels.
    const flat = (a: number, b: number) =>
      tf.concat([tf.fill([1, 3, 3, 1], a), tf.fill([1, 3, 3, 1], b)], 3) as tf.Tensor4D;
    const measure = wasserstein();
    const wanted = measure.describe(sumsOf(flat(1, 2)));
    const distance = measure.distance(sumsOf(flat(3, 7)), wanted);
    assertAllClose(await distance.data(), [(4 + 25) / 2], { rtol: 1e-4 });
  },
);

useEachEngine(
  "wasserstein() is the same in tiles, and with the input scaled up to its square",
  async () => {
    const [x, style] = [noise([1, 4, 6, 5], 1), noise([1, 5, 5, 5], 2)];
    const measure = wasserstein();
    const wanted = measure.describe(sumsOf(style));
    const whole = await read(measure.distance(sumsOf(x), wanted));
    const [top, bottom] = tf.split(x, 2, 1) as [tf.Tensor4D, tf.Tensor4D];
    const tiled = measure.distance(addSums(sumsOf(top), sumsOf(bottom)), wanted);
    assertAllClose([await read(tiled)], [whole], { rtol: 1e-4 });
    const large = (x: tf.Tensor4D) => sumsOf(tf.mul(x, 255) as tf.Tensor4D);
    const scaled = measure.distance(large(x), measure.describe(large(style)));
    assertAllClose([await read(scaled)], [whole * 255 ** 2], { rtol: 1e-3 });
  },
);

useEachEngine(
  "wasserstein() to a mixture of a style with itself is that to the style",
  async () => {
    const [x, style] = [sumsOf(noise([1, 4, 6, 5], 1)), sumsOf(noise([1, 5, 5, 5], 2))];
    const measure = wasserstein();
    const mixed = measure.describe(mixSums([style, style], [0.3, 0.7]));
    const alone = await read(measure.distance(x, measure.describe(style)));
    assertAllClose([await read(measure.distance(x, mixed))], [alone], { rtol: 1e-4 });
  },
);

useEachEngine(
  "wasserstein() stays finite with one position, and with channels never active",
  async () => {
    const measure = wasserstein();
    const dead = tf.zeros([1, 3, 3, 4]) as tf.Tensor4D;
    const one = noise([1, 1, 1, 4], 3);
    for (const style of [dead, one]) {
      for (const x of [dead, one, noise([1, 3, 3, 4], 4)]) {
        const wanted = measure.describe(sumsOf(style));
        const f = (x: tf.Tensor) => measure.distance(sumsOf(x as tf.Tensor4D), wanted);
        const { value, grad } = tf.valueAndGrad(f)(x);
        assert(Number.isFinite(await read(value)) && await read(value) >= 0);
        assert((await grad.data()).every(Number.isFinite));
      }
    }
  },
);

Deno.test("wasserstein() refuses an epsilon of 0 and a mistyped option", () => {
  const message = "Cannot use the Wasserstein distance as epsilon must be a positive number";
  assertThrows(() => wasserstein({ epsilon: 0 }), RangeError, message);
  assertThrows(() => wasserstein({ epsilom: 1 } as never), TypeError, "did you mean epsilon");
});
