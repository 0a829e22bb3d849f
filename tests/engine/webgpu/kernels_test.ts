/**
 * Kernels of our own on WebGPU beside the plain ones of the processor.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { useEngine } from "../../../lib/engine/engine.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { ENGINES } from "../../helpers/engines.ts";

const ignore = !ENGINES.includes("webgpu"); // `engines.ts` prints why

function randomValues(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => random() - 0.3);
}

Deno.test({
  name: "AddN on WebGPU adds up any number of tensors and leaves none behind",
  ignore,
  fn: async () => {
    await useEngine("webgpu");
    for (const count of [1, 2, 7, 8, 13, 14, 40]) {
      const parts = Array.from({ length: count }, (_, i) => tf.fill([3], 2 ** (i % 20)));
      const before = tf.engine().backend.numDataIds();
      const sum = tf.addN(parts);
      // One alone is the sum itself.
      assertEquals(tf.engine().backend.numDataIds(), before + (count > 1 ? 1 : 0));
      const wanted = parts.reduce((total, _, i) => total + 2 ** (i % 20), 0);
      assertEquals(Array.from(await sum.data()), [wanted, wanted, wanted], `${count} tensors`);
      tf.dispose([sum, ...parts]);
    }
  },
});

Deno.test({
  name:
    "a product of tall matrices on WebGPU is right, the same each time and leaves nothing behind",
  ignore,
  fn: async () => {
    await useEngine("webgpu");
    // A number of rows with divisors, a prime, a prime times eleven, few rows; one a batch of one.
    const shapes = [[64 * 48, 64], [1021, 40], [11 * 509, 16], [8, 24], [4096, 3]] as const;
    for (const [rows, columns] of shapes) {
      const [a, b] = [randomValues(rows * columns, 1), randomValues(rows * 7, 2)];
      const [left, right] = [tf.tensor3d(a, [1, rows, columns]), tf.tensor3d(b, [1, rows, 7])];
      const before = tf.engine().backend.numDataIds();
      const product = tf.matMul(left, right, true);
      assertEquals(tf.engine().backend.numDataIds(), before + 1);
      assertEquals(product.shape, [1, columns, 7]);
      const got = await product.data();
      const wanted = new Float64Array(columns * 7);
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < wanted.length; i++) {
          wanted[i]! += a[r * columns + Math.floor(i / 7)]! * b[r * 7 + i % 7]!;
        }
      }
      const scale = Math.max(...wanted.map(Math.abs));
      const worst = Math.max(...wanted.map((value, i) => Math.abs(value - got[i]!)));
      assert(worst < 2e-6 * scale, `${rows} x ${columns}: ${worst / scale} off`);
      const again = tf.matMul(left, right, true);
      assertEquals(await again.data(), got);
      tf.dispose([left, right, product, again]);
    }
  },
});

Deno.test({
  name: "uniforms on WebGPU are kept, and given up when they are too many, without harm",
  ignore,
  fn: async () => {
    await useEngine("webgpu");
    const backend = tf.backend() as WebGPUBackend;
    const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 5])];
    const sum = (weight: number) =>
      tf.engine().runKernel("AddScaled", { x, y }, { weight }) as tf.Tensor;
    tf.dispose(sum(0.5));
    // 2048 are kept: the first of these are made, given up and made again.
    for (let round = 0; round < 2; round++) {
      for (let weight = 0; weight < 2500; weight++) {
        const result = sum(weight);
        if (weight % 250 === 0) {
          assertEquals(await result.array(), [1 + 3 * weight, 2 + 5 * weight]);
        }
        result.dispose();
      }
    }
    // Those of the last round that are there: asked for again, nothing is made.
    let uploads = 0;
    const { writeBuffer } = backend.queue;
    backend.queue.writeBuffer = (...args) => (uploads++, writeBuffer.apply(backend.queue, args));
    try {
      for (let weight = 2000; weight < 2500; weight++) tf.dispose(sum(weight));
    } finally {
      backend.queue.writeBuffer = writeBuffer;
    }
    assertEquals(uploads, 0);
    tf.dispose([x, y]);
  },
});
