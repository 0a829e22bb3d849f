import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { currentEngine, useEngine } from "../../../lib/engine/engine.ts";
import { findBlock } from "../../../lib/engine/native/block.ts";
import { runBackward } from "../../../lib/engine/native/backward.ts";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { NetworkFilters } from "../../../lib/engine/native/filters.ts";
import { runForward } from "../../../lib/engine/native/forward.ts";
import type { Upstream } from "../../../lib/engine/native/gradients.ts";
import type { Features } from "../../../lib/engine/native/layout.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import type { Model } from "../../../lib/engine/native/onnx.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { featuresOf } from "../../../lib/network/features.ts";
import type { Network } from "../../../lib/network/network.ts";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { slopeError } from "../../helpers/finite_differences.ts";
import { convolution, maxPool, networkOf, NETWORKS } from "../../helpers/native_networks.ts";
import { stubNetwork, tensorsLeft } from "../../helpers/stub.ts";
import { slowTest } from "../../helpers/slow.ts";

const image = (height: number, width: number, seed = 1) =>
  tf.tensor4d(uniformNoise(height * width * 3, 0, 255, seededRandom(seed)), [1, height, width, 3]);

/** Features of all layers, and the gradient of a sum over them with seeded random weights. */
async function everything(network: Network, height: number, width: number) {
  const x = image(height, width);
  const features = featuresOf(network, x, network.layers);
  const random = seededRandom(9);
  const factors = Object.fromEntries(network.layers.map((layer) => {
    const { shape, size } = features[layer]!;
    return [layer, tf.tensor(uniformNoise(size, -1, 1, random), shape)];
  }));
  const gradient = tf.grad((x: tf.Tensor) => {
    const features = featuresOf(network, x as tf.Tensor4D, network.layers);
    return tf.addN(
      network.layers.map((layer) => tf.sum(tf.mul(features[layer]!, factors[layer]!))),
    );
  })(x);
  const values = await Promise.all(network.layers.map((layer) => features[layer]!.data()));
  const shapes = network.layers.map((layer) => features[layer]!.shape);
  tf.dispose([x, features, factors]);
  const dx = await gradient.data();
  gradient.dispose();
  return { shapes, values, dx };
}

for (const [name, create] of Object.entries(NETWORKS)) {
  for (const [height, width] of [[12, 16], [17, 15], [9, 7]]) {
    Deno.test(`${name} equals the plain engine at ${height}x${width}`, async () => {
      const network = create();
      await useEngine("cpu");
      const expected = await everything(network, height!, width!);
      await useEngine("native");
      const actual = await everything(network, height!, width!);
      network.dispose();
      assertEquals(actual.shapes, expected.shapes);
      for (const [i, values] of actual.values.entries()) {
        assertAllClose(values, expected.values[i]!, { rtol: 1e-5, scale: "rms" });
      }
      assertAllClose(actual.dx, expected.dx, { rtol: 1e-5, scale: "rms" });
    });
  }
}

Deno.test("the gradient of filters with even sides fits finite differences", async () => {
  await useEngine("native");
  const network = networkOf(
    [convolution("a", "image", 1, false), convolution("b", "a", 1, false)],
    {
      a: [2, 4, 3, 16],
      b: [4, 2, 16, 4],
    },
  );
  const value = (x: tf.Tensor4D) =>
    tf.sum(tf.square(featuresOf(network, x, ["b"]).b!)) as tf.Scalar;
  assert(await slopeError(value, image(9, 7)) < 1e-3);
  network.dispose();
});

Deno.test("processors without blocked operations compute the same", async () => {
  const runtime = await loadRuntime();
  const [height, width] = [9, 7];
  const pixels = uniformNoise(height * width * 3, 0, 255, seededRandom(1));
  for (const create of Object.values(NETWORKS)) {
    const network = create();
    const layer = network.layers.at(-1)!;
    const [blocked, plain] = [findBlock(runtime), 1].map((block) => {
      const operations = new Operations(runtime, new BufferPool(), block);
      const filters = new NetworkFilters(network, operations);
      let features: Float32Array = new Float32Array(0);
      const output = (_: string, { data }: Features) => features = data;
      const layers = [layer];
      const pass = runForward(operations, filters, network, {
        pixels,
        height,
        width,
        layers,
        output,
      });
      const dx = new Float32Array(pixels.length);
      runBackward(operations, filters, pass, { [layer]: features }, dx);
      return { features, dx };
    });
    assertAllClose(plain!.features, blocked!.features, { rtol: 1e-5, scale: "rms" });
    assertAllClose(plain!.dx, blocked!.dx, { rtol: 1e-5, scale: "rms" });
  }
});

Deno.test("gradients that are written when they are needed give the same", async () => {
  const runtime = await loadRuntime();
  const operations = new Operations(runtime, new BufferPool());
  const network = networkOf(
    [
      convolution("a", "image"),
      convolution("b", "a"),
      maxPool("p", "b", 2, 2),
      convolution("c", "p"),
      convolution("d", "c"),
    ],
    { a: [3, 3, 3, 16], b: [3, 3, 16, 16], c: [3, 3, 16, 16], d: [1, 1, 16, 8] },
  );
  const filters = new NetworkFilters(network, operations);
  // Rows of tiles that the picture does not fill, and a band that ends below it.
  const [height, width] = [270, 37];
  const pixels = uniformNoise(height * width * 3, 0, 255, seededRandom(1));
  const layers = ["a", "b", "p", "c", "d"];
  const gradients = [false, true].map((deferred) => {
    const features = new Map<string, Float32Array>();
    const output = (name: string, { data }: Features) => void features.set(name, data.slice());
    const pass = runForward(operations, filters, network, {
      pixels,
      height,
      width,
      layers,
      output,
    });
    const upstream = Object.fromEntries([...features].map(([name, data]): [string, Upstream] => {
      return [name, deferred ? { kind: "sum", parts: [data] } : data];
    }));
    const dx = new Float32Array(pixels.length);
    runBackward(operations, filters, pass, upstream, dx);
    return dx;
  });
  assertAllClose(gradients[1]!, gradients[0]!, { rtol: 1e-6, scale: "rms" });
});

Deno.test("what is pooled at once is not kept, unless it is wanted", async () => {
  const operations = new Operations(await loadRuntime(), new BufferPool());
  const network = NETWORKS["convolutions that are pooled at once"]!();
  const filters = new NetworkFilters(network, operations);
  const [height, width] = [32, 48];
  const pixels = uniformNoise(height * width * 3, 0, 255, seededRandom(1));
  const kept = (layers: string[]) => {
    const { values } = runForward(operations, filters, network, { pixels, height, width, layers });
    return values.get("b")?.data.length;
  };
  assertEquals(kept(["b", "c"]), height * width * 32);
  assertEquals(kept(["c"]), height * width * 32 / 16); // a byte for each window
});

Deno.test("a pass without a gradient keeps nothing", async () => {
  const runtime = await loadRuntime();
  const operations = new Operations(runtime, new BufferPool());
  const network = stubNetwork();
  const filters = new NetworkFilters(network, operations);
  const pixels = uniformNoise(64 * 64 * 3, 0, 255, seededRandom(1));
  const layers = [network.layers.at(-1)!];
  const options = { pixels, height: 64, width: 64, layers };
  const { values } = runForward(operations, filters, network, { ...options, keep: false });
  assertEquals([...values.keys()], []);
});

Deno.test("equal values in a pooling window send the gradient to the first", async () => {
  await useEngine("native");
  const network = networkOf(
    [convolution("a", "image", 1, false), maxPool("p", "a", 2, 2), maxPool("q", "a", 3, 2)],
    { a: [1, 1, 3, 16] },
  );
  const x = tf.ones([1, 3, 5, 3]).mul(7) as tf.Tensor4D;
  for (
    const [layer, expected] of [["p", [0, 2, 4, 10, 12, 14]], ["q", [0, 1, 3, 5, 6, 8]]] as const
  ) {
    const dx = tf.grad((x: tf.Tensor) =>
      tf.sum(featuresOf(network, x as tf.Tensor4D, [layer])[layer]!)
    )(x);
    const red = (await dx.data()).filter((_, i) => i % 3 === 0);
    const hit = [...red.keys()].filter((i) => red[i] !== 0);
    assertEquals(hit, [...expected]);
    dx.dispose();
  }
  x.dispose();
});

Deno.test("two pictures may take turns between forward and backward", async () => {
  await useEngine("native");
  const network = stubNetwork();
  const [a, b] = [image(9, 11, 1), image(8, 12, 2)];
  const loss = (x: tf.Tensor) =>
    tf.sum(tf.square(featuresOf(network, x as tf.Tensor4D, ["relu3_1"]).relu3_1!));
  const alone = [await tf.grad(loss)(a).data(), await tf.grad(loss)(b).data()];
  const [da, db] = tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.add(loss(a), loss(b)))([a, b]);
  assertAllClose(await da!.data(), alone[0]!, { rtol: 1e-6, scale: "rms" });
  assertAllClose(await db!.data(), alone[1]!, { rtol: 1e-6, scale: "rms" });
  network.dispose();
});

Deno.test("a disposed network comes back when it is used again", async () => {
  await useEngine("native");
  const network = stubNetwork();
  const x = image(8, 8);
  const run = () => tf.tidy(() => featuresOf(network, x, ["relu3_2"]).relu3_2!.dataSync());
  const before = run();
  network.dispose();
  assertEquals(run(), before);
  network.dispose();
  x.dispose();
});

Deno.test("sizes may change at every step, and no tensor is left", async () => {
  await useEngine("native");
  const network = stubNetwork();
  const left = await tensorsLeft(() => {
    for (const [height, width] of [[8, 8], [9, 7], [8, 8], [30, 21]]) {
      const loss = (x: tf.Tensor) => {
        const features = featuresOf(network, x as tf.Tensor4D, ["relu1_1", "relu3_2"]);
        return tf.add(tf.sum(features.relu1_1!), tf.sum(features.relu3_2!));
      };
      const x = image(height!, width!);
      tf.dispose([tf.grad(loss)(x), x]);
    }
  });
  assertEquals(left, 0);
  network.dispose();
});

Deno.test("the engine says what it is", async () => {
  await useEngine("native");
  const { name, description } = await currentEngine();
  assertEquals(name, "native");
  assert(/^ONNX Runtime 1\.\d+\.\d+ on the CPU, \d+ threads?$/.test(description), description);
});

Deno.test("another size needs no further compilation", async () => {
  const runtime = await loadRuntime();
  let sessions = 0;
  const counting = {
    ...runtime,
    session: (model: Model) => (sessions++, runtime.session(model)),
  };
  const operations = new Operations(counting, new BufferPool(), findBlock(runtime));
  const network = stubNetwork();
  const filters = new NetworkFilters(network, operations);
  const layers = [network.layers.at(-1)!];
  const sizes = [[64, 64], [96, 80], [65, 131]] as const;
  const counts = sizes.map(([height, width]) => {
    const pixels = uniformNoise(height * width * 3, 0, 255, seededRandom(1));
    const options = { pixels, height, width, layers };
    const pass = runForward(operations, filters, network, options);
    const upstream = Object.fromEntries(layers.map((layer) => {
      const { data } = pass.values.get(layer)!;
      return [layer, data.slice()];
    }));
    runBackward(operations, filters, pass, upstream, pixels);
    return sessions;
  });
  assert(counts[0]! > 0);
  assertEquals(counts, [counts[0], counts[0], counts[0]]);
});

slowTest("the resident memory does not creep over many steps", async () => {
  await useEngine("native");
  const network = networkOf([convolution("a", "image"), convolution("b", "a")], {
    a: [3, 3, 3, 64],
    b: [3, 3, 64, 64],
  });
  const x = image(96, 96);
  const step = () => {
    const loss = (x: tf.Tensor) =>
      tf.sum(tf.square(featuresOf(network, x as tf.Tensor4D, ["b"]).b!));
    tf.dispose(tf.grad(loss)(x));
  };
  for (let i = 0; i < 50; i++) step();
  const [resident, tensors] = [Deno.memoryUsage().rss, tf.memory().numTensors];
  for (let i = 0; i < 150; i++) step();
  const growth = Deno.memoryUsage().rss / resident;
  assert(growth < 1.05, `grew by a factor of ${growth}`);
  assertEquals(tf.memory().numTensors, tensors);
  x.dispose();
  network.dispose();
});
