/**
 * Other poolings and borders: against PyTorch (`tests/reference/make_variant_golden.py`), by hand, and
 * against finite differences.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import type { Architecture } from "../../lib/network/architecture.ts";
import { featuresOf, type SeeOptions, seeThrough } from "../../lib/network/features.ts";
import { INCEPTION5H } from "../../lib/network/inception.ts";
import { createNetwork, type Network } from "../../lib/network/network.ts";
import type { Operation } from "../../lib/network/operation.ts";
import { tilesOf } from "../../lib/network/tiles.ts";
import { withPadding, withPooling } from "../../lib/network/variants.ts";
import { VGG16 } from "../../lib/network/vgg.ts";
import type { Weights } from "../../lib/network/weights/read.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import type { GoldenArray } from "../helpers/golden.ts";
import { mediumVgg16, SMALL } from "../helpers/seeded_networks.ts";
import { stubNetwork, tensorsLeft } from "../helpers/stub.ts";

type Case = {
  network: "vgg16" | "inception5h";
  options: SeeOptions;
  height: number;
  width: number;
  seed: number;
  activations: Record<string, GoldenArray & { shape: number[] }>;
  gradient: GoldenArray;
};
const golden: { weights_seed: number; cases: Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../golden/variants.json", import.meta.url)),
);

const NETWORKS: Record<Case["network"], (seed: number) => [Architecture, Weights]> = {
  vgg16: (seed) => [VGG16, mediumVgg16(seed)],
  inception5h: (seed) => [INCEPTION5H, SMALL.inception5h!(seed)],
};

const picture = (height: number, width: number, seed: number) =>
  tf.tensor4d(uniformNoise(height * width * 3, 0, 255, seededRandom(seed)), [1, height, width, 3]);

/** The sum over layers of the mean square of their features. */
function meanSquares(features: Record<string, tf.Tensor4D>): tf.Scalar {
  const squares = Object.values(features).map((f) => tf.mean<tf.Scalar>(tf.square(f)));
  return squares.reduce((sum, square) => tf.add(sum, square)); // addN binds too many buffers
}

for (const { network: name, options, height, width, seed, ...wanted } of golden.cases) {
  const title = `${name} with ${JSON.stringify(options)} equals PyTorch: features and gradient`;
  useEachEngine(title, async () => {
    const network = createNetwork(...NETWORKS[name](golden.weights_seed));
    const see = seeThrough(network, options);
    const x = picture(height, width, seed);
    const close = (actual: ArrayLike<number>, array: GoldenArray, rtol: number) => {
      const samples = array.values.map((_, i) => actual[i * array.stride]!);
      assertAllClose(samples, array.values, { rtol, atol: rtol * array.rms });
    };
    const found = see(x, network.layers);
    for (const layer of network.layers) {
      assertEquals(found[layer]!.shape, [1, ...wanted.activations[layer]!.shape]);
      close(await found[layer]!.data(), wanted.activations[layer]!, 1e-4);
    }
    const value = (x: tf.Tensor) => meanSquares(see(x as tf.Tensor4D, network.layers));
    close(await tf.grad(value)(x).data(), wanted.gradient, 1e-3);
    network.dispose();
  });
}

for (const pooling of ["average", "l2"] as const) {
  for (const padding of ["zeros", "replicate", "circular"] as const) {
    const name = `the gradient with ${pooling} pooling and ${padding} fits finite differences`;
    useEachEngine(name, async () => {
      const network = stubNetwork();
      const see = seeThrough(network, { pooling, padding, paddingWhere: "all" });
      const layers = network.layers.slice(-2);
      const error = await slopeError((x) => meanSquares(see(x, layers)), picture(13, 10, 1));
      assert(error < 5e-3, `relative error ${error}`); // float32; one cut off at the border: above 0.04
      network.dispose();
    });
  }
}

/** One 1x1 convolution that takes red as it is, and what follows. */
function redNetwork(...graph: Operation[]): Network {
  const first = { op: "conv2d", name: "a", input: "image", filter: "w", bias: "b" } as const;
  return createNetwork({
    name: "red",
    graph: [{ ...first, strides: 1, relu: false }, ...graph],
    layers: ["a", ...graph.map(({ name }) => name)],
    preprocessing: { channelOrder: "RGB", mean: [0, 0, 0] },
  }, {
    w: { shape: [1, 1, 3, 1], data: new Float32Array([1, 0, 0]) },
    b: { shape: [1], data: new Float32Array([0]) },
    // Sums rows: the one above, the middle, the one below, times 1, 10 and 100.
    rows: { shape: [3, 1, 1, 1], data: new Float32Array([1, 10, 100]) },
  });
}

const red = (values: number[], height: number, width: number) =>
  tf.tensor4d(values.flatMap((value) => [value, 0, 0]), [1, height, width, 3]);

useEachEngine("poolings of 3 4 0 / 0 0 6, of which the last window is half", async () => {
  const pool = { op: "pool", kind: "max", name: "p", input: "a", size: 2, strides: 2 } as const;
  const network = redNetwork(pool);
  const x = red([3, 4, 0, 0, 0, 6], 2, 3);
  const wanted = {
    max: [4, 6],
    average: [2 * 7 / 4, 2 * 6 / 2],
    l2: [0.78 * 5, 0.78 * 6 * Math.SQRT2], // the squares of half a window count twice
  };
  for (const [kind, values] of Object.entries(wanted)) {
    const { p } = featuresOf(withPooling(network, kind as "l2"), x, ["p"]);
    assertAllClose(await p!.data(), values, { rtol: 1e-6 });
  }
  const { p } = featuresOf(withPooling(network, "average", 1), x, ["p"]);
  assertAllClose(await p!.data(), [7 / 4, 6 / 2], { rtol: 1e-6 });
  assertThrows(() => withPooling(network, "max", 2), RangeError, "takes no poolingFactor");
  network.dispose();
});

useEachEngine(
  "l2 pooling of zeros has no gradient, rather than one that is no number",
  async () => {
    const pool = { op: "pool", kind: "max", name: "p", input: "a", size: 2, strides: 2 } as const;
    const network = withPooling(redNetwork(pool), "l2");
    const value = (x: tf.Tensor) =>
      tf.sum<tf.Scalar>(featuresOf(network, x as tf.Tensor4D, ["p"]).p!);
    const gradient = tf.grad(value)(red([0, 0, 3, 0, 0, 0, 4, 0], 2, 4));
    const reds = Array.from(await gradient.data()).filter((_, i) => i % 3 === 0);
    assertAllClose(reds, [0, 0, 0.78 * 3 / 5, 0, 0, 0, 0.78 * 4 / 5, 0], { rtol: 1e-6 });
    network.dispose();
  },
);

useEachEngine("borders of a column 1 2 3 under a filter of three rows", async () => {
  const rows = { op: "conv2d", name: "c", input: "a", filter: "rows", bias: "b" } as const;
  const network = redNetwork({ ...rows, strides: 1, relu: false });
  const x = red([1, 2, 3], 3, 1);
  const wanted = { zeros: [210, 321, 32], replicate: [211, 321, 332], circular: [213, 321, 132] };
  for (const [padding, values] of Object.entries(wanted)) {
    const seen = withPadding(network, { padding: padding as "zeros", where: "all" });
    assertAllClose(await featuresOf(seen, x, ["c"]).c!.data(), values, { rtol: 1e-6 });
  }
  network.dispose();
});

useEachEngine(
  "with a circular border everywhere, a shifted picture has shifted features",
  async () => {
    const network = stubNetwork();
    const see = seeThrough(network, { padding: "circular", paddingWhere: "all" });
    const x = picture(12, 16, 3);
    const shift = (t: tf.Tensor4D, rows: number, columns: number) => {
      const [, height, width] = t.shape;
      const turned = tf.concat(
        [t.slice([0, height - rows]), t.slice([0, 0], [1, height - rows])],
        1,
      );
      const [left, right] = [[0, 0, 0], [0, 0, width - columns]] as [number[], number[]];
      return tf.concat([turned.slice(right), turned.slice(left, [1, -1, width - columns])], 2);
    };
    const [first, second] = [x, shift(x, 4, 8) as tf.Tensor4D].map((x) =>
      see(x, ["relu3_2"]).relu3_2!
    );
    const wanted = shift(first!, 1, 2); // its stride is 4
    assertAllClose(await second!.data(), await wanted.data(), { rtol: 1e-4, scale: "rms" });
    network.dispose();
  },
);

useEachEngine("variants share the weights, and what the engine made of them", async () => {
  const network = stubNetwork();
  const average = withPooling(network, "average");
  assert(average.weights === network.weights);
  assert(withPooling(network, "average") === average, "made once");
  const x = picture(8, 8, 1);
  const run = (network: Network) => tf.tidy(() => void featuresOf(network, x, ["relu3_2"]));
  run(network);
  assertEquals(await tensorsLeft(() => run(average)), 0); // no filter twice
  const freed = await tensorsLeft(() => average.dispose());
  assert(freed <= 0);
  run(network); // and made again
  network.dispose();
});

useEachEngine("a variant and its network, in turn between forward and backward pass", async () => {
  const network = stubNetwork();
  const [plain, other] = [seeThrough(network), seeThrough(network, { pooling: "l2" })];
  const x = picture(9, 11, 2);
  const both = (x: tf.Tensor) =>
    tf.add<tf.Scalar>(
      meanSquares(plain(x as tf.Tensor4D, ["relu3_2"])),
      meanSquares(other(x as tf.Tensor4D, ["relu3_2"])),
    );
  const alone = [plain, other].map((see) =>
    tf.grad((x: tf.Tensor) => meanSquares(see(x as tf.Tensor4D, ["relu3_2"])))(x)
  );
  const wanted = await tf.add(alone[0]!, alone[1]!).data();
  assertAllClose(await tf.grad(both)(x).data(), wanted, { rtol: 1e-4, scale: "rms" });
  network.dispose();
});

Deno.test("withPooling() and withPadding() name what there is to choose from", () => {
  const network = stubNetwork();
  assertThrows(() => withPooling(network, "mean" as "max"), RangeError, "max, average, l2");
  const border = () => withPadding(network, { padding: "reflect" as "zeros" });
  assertThrows(border, RangeError, "one of zeros, replicate, circular");
  assert(withPadding(network, { padding: "zeros" }) === network);
});

Deno.test("a circular border and tiles do not go together, and say so", () => {
  const network = withPadding(stubNetwork(), { padding: "circular" });
  const size = { width: 64, height: 48 };
  assertEquals(tilesOf(network, ["relu3_2"], size, 64).length, 1);
  const rule = "a circular border needs the picture as a whole: current value is tiles of 32";
  assertThrows(() => tilesOf(network, ["relu3_2"], size, 32), RangeError, rule);
});
