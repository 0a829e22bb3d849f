import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { featuresOf } from "../../lib/network/features.ts";
import { createNetwork, layerStride, type Network } from "../../lib/network/network.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import { LAYERS } from "../../lib/network/vgg.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const image = (height: number, width: number, seed = 1) =>
  tf.tensor4d(uniformNoise(height * width * 3, 0, 255, seededRandom(seed)), [1, height, width, 3]);

/** A stub with a 3x3 convolution of stride 2, LRN, 3x3 pooling and a concatenation. */
function branchingNetwork(): Network {
  const random = seededRandom(5);
  const weight = (shape: number[]) => ({
    shape,
    data: uniformNoise(shape.reduce((a, b) => a * b), -0.3, 0.3, random),
  });
  return createNetwork({
    name: "branching stub",
    graph: [
      { op: "conv2d", name: "a", input: "image", filter: "a", bias: "a0", strides: 2, relu: true },
      {
        op: "localResponseNormalization",
        name: "norm",
        input: "a",
        depthRadius: 2,
        bias: 1,
        alpha: 1e-3,
        beta: 0.75,
      },
      { op: "pool", kind: "max", name: "pool", input: "norm", size: 3, strides: 2 },
      { op: "conv2d", name: "b", input: "pool", filter: "b", bias: "b0", strides: 1, relu: true },
      { op: "pool", kind: "max", name: "flat", input: "pool", size: 3, strides: 1 },
      { op: "conv2d", name: "c", input: "flat", filter: "c", bias: "c0", strides: 1, relu: false },
      { op: "concat", name: "mixed", inputs: ["b", "c"] },
    ],
    layers: ["a", "b", "mixed"],
    preprocessing: { channelOrder: "RGB", mean: [117, 117, 117] },
  }, {
    a: weight([5, 5, 3, 6]),
    a0: weight([6]),
    b: weight([1, 1, 6, 4]),
    b0: weight([4]),
    c: weight([3, 3, 6, 5]),
    c0: weight([5]),
  });
}

Deno.test("LAYERS keeps the tutorial's order: layer id 4 is relu3_1", () => {
  assertEquals(LAYERS.length, 13);
  assertEquals([LAYERS[0], LAYERS[4], LAYERS[12]], ["relu1_1", "relu3_1", "relu5_3"]);
});

Deno.test("layerStride() counts the pools on the way", () => {
  const network = stubNetwork();
  assertEquals(["relu1_2", "relu2_1", "relu3_2"].map((l) => layerStride(network, l)), [1, 2, 4]);
});

useEachEngine("featuresOf() agrees with a convolution written as loops", async () => {
  const network = stubNetwork();
  const x = image(5, 6);
  const pixels = await x.data();
  const kernel = network.weights["block1_conv1.kernel"]!.data;
  const bias = network.weights["block1_conv1.bias"]!.data;
  const mean = [103.939, 116.779, 123.68];
  const expected: number[] = [];
  for (let row = 0; row < 5; row++) {
    for (let column = 0; column < 6; column++) {
      for (let out = 0; out < 4; out++) {
        let sum = bias[out]!;
        for (let i = 0; i < 3; i++) {
          for (let j = 0; j < 3; j++) {
            const [y, z] = [row + i - 1, column + j - 1];
            if (y < 0 || y >= 5 || z < 0 || z >= 6) continue;
            for (let bgr = 0; bgr < 3; bgr++) {
              const value = pixels[(y * 6 + z) * 3 + 2 - bgr]! - mean[bgr]!;
              sum += value * kernel[((i * 3 + j) * 3 + bgr) * 4 + out]!;
            }
          }
        }
        expected.push(Math.max(0, sum));
      }
    }
  }
  const { relu1_1 } = featuresOf(network, x, ["relu1_1"]);
  assertEquals(relu1_1!.shape, [1, 5, 6, 4]);
  assertAllClose(await relu1_1!.data(), expected, { rtol: 1e-5, scale: "rms" });
  network.dispose();
});

for (const make of [stubNetwork, branchingNetwork]) {
  for (const [height, width] of [[8, 8], [7, 9], [13, 10]]) {
    const name = `the gradient of the ${make().name} at ${width}x${height} fits finite differences`;
    useEachEngine(name, async () => {
      const network = make();
      const layers = network.layers.slice(-2);
      const value = (x: tf.Tensor4D) =>
        tf.addN(
          Object.values(featuresOf(network, x, layers)).map((a) => tf.mean(tf.square(a))),
        ) as tf.Scalar;
      const error = await slopeError(value, image(height!, width!));
      if (!(error < 1e-3)) throw new Error(`relative error ${error}`);
      network.dispose();
    });
  }
}

useEachEngine("the gradient of a max pool goes to one of equal values", async () => {
  const network = createNetwork({
    name: "pool",
    graph: [
      { op: "conv2d", name: "a", input: "image", filter: "w", bias: "b", strides: 1, relu: true },
      { op: "pool", kind: "max", name: "pool", input: "a", size: 2, strides: 2 },
      { op: "conv2d", name: "c", input: "pool", filter: "u", bias: "b", strides: 1, relu: true },
    ],
    layers: ["a", "c"],
    preprocessing: { channelOrder: "RGB", mean: [0, 0, 0] },
  }, {
    w: { shape: [1, 1, 3, 1], data: new Float32Array([1, 0, 0]) },
    u: { shape: [1, 1, 1, 1], data: new Float32Array([1]) },
    b: { shape: [1], data: new Float32Array([0]) },
  });
  const gradient = tf.grad((x: tf.Tensor) =>
    tf.sum(featuresOf(network, x as tf.Tensor4D, ["c"]).c!)
  )(tf.fill([1, 2, 2, 3], 7));
  // Four equal pixels in one window: the whole gradient at the red channel of the first one, as in
  // PyTorch and TensorFlow.
  const expected = [1, ...new Array(11).fill(0)];
  assertEquals(Array.from(await gradient.data()), expected);
  network.dispose();
});

useEachEngine("featuresOf() says which layers there are", () => {
  const network = stubNetwork();
  assertThrows(
    () => featuresOf(network, image(8, 8), ["relu9_1"]),
    RangeError,
    "relu1_1, relu1_2, relu2_1, relu3_1, relu3_2",
  );
});

useEachEngine("featuresOf() refuses a picture too small for the layer", () => {
  const network = stubNetwork();
  assertThrows(
    () => featuresOf(network, image(3, 40), ["relu3_1"]),
    RangeError,
    "at least 4 pixels: current value is 40x3",
  );
});

useEachEngine("featuresOf() and their gradient leave no tensor behind", async () => {
  const network = stubNetwork();
  const step = () =>
    tf.tidy(() => {
      const value = (x: tf.Tensor) =>
        tf.sum(featuresOf(network, x as tf.Tensor4D, ["relu3_2", "relu1_1"]).relu3_2!) as tf.Scalar;
      tf.valueAndGrad(value)(image(9, 8));
    });
  step();
  assertEquals(await tensorsLeft(() => [1, 2, 3].forEach(step)), 0);
  const held = tf.memory().numTensors;
  network.dispose();
  step();
  assertEquals(tf.memory().numTensors, held);
  network.dispose();
});
