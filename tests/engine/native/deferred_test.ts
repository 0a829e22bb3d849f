import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { useEngine } from "../../../lib/engine/engine.ts";
import type { NativeBackend } from "../../../lib/engine/native/backend.ts";
import { writeDeferral } from "../../../lib/engine/native/deferral.ts";
import { assertAllClose } from "../../helpers/assert.ts";

/** Rows enough that a product is put off, and more than are written at a time. */
const ROWS = 5000;
/** In a buffer of the engine's, as all that an operation makes. */
const noise = (rows: number, columns: number, seed: number) =>
  tf.neg(tf.tensor2d(uniformNoise(rows * columns, -1, 1, seededRandom(seed)), [rows, columns]));

/** One or two numbers in most columns: `[rows, ROWS / 10]`. */
const blends = (rows: number) => {
  const count = ROWS / 10;
  const values = new Float32Array(rows * count);
  for (let i = 0; i < count; i++) {
    if (i % 3 > 0) values[i % rows * count + i] = i / count;
    if (i % 3 > 1) values[(i + 1) % rows * count + i] = -1;
  }
  return tf.neg(tf.tensor2d(values, [rows, count])) as tf.Tensor2D;
};

/** 1 for the rows from one to another, with a soft edge inside; 0 for the others. */
const mask = (first: number, end: number) => {
  const soft = (row: number) => row === first + 1 ? -0.5 : -1;
  const inside = (row: number) => row >= first && row < end;
  const values = Array.from({ length: ROWS }, (_, row) => inside(row) ? soft(row) : 0);
  return tf.neg(tf.tensor2d(values, [ROWS, 1]));
};

/** Expressions of which the engine puts everything off. */
const CASES: Record<string, () => tf.Tensor> = {
  "a product": () => tf.matMul(noise(ROWS, 5, 1), noise(5, 32, 2)),
  "a column times a row": () => tf.matMul(noise(ROWS, 1, 3), noise(1, 32, 4)),
  "a blend of a few rows": () => tf.matMul(blends(7), noise(7, 320, 11), true),
  "a reshaped product whose rows are longer than the tensor's": () =>
    tf.reshape(tf.matMul(noise(ROWS / 10, 7, 10), noise(7, 320, 11)), [ROWS, 32]),
  "a reshaped blend whose rows are longer than the tensor's": () =>
    tf.reshape(CASES["a blend of a few rows"]!(), [ROWS, 32]),
  "a reshaped column times a row": () =>
    tf.reshape(tf.matMul(noise(ROWS / 10, 1, 12), noise(1, 320, 13)), [ROWS, 32]),
  "a sum of products": () =>
    tf.add(CASES["a product"]!(), tf.matMul(noise(ROWS, 3, 5), noise(3, 32, 6))),
  "a sum with numbers that are there": () => tf.add(noise(ROWS, 32, 7), CASES["a product"]!()),
  "a sum of a sum and a column times a row": () =>
    tf.add(CASES["a sum of products"]!(), CASES["a column times a row"]!()),
  "a product times a number for each row": () => tf.mul(CASES["a product"]!(), noise(ROWS, 1, 8)),
  "a reshaped product times a number for each row": () =>
    tf.mul(
      CASES["a reshaped product whose rows are longer than the tensor's"]!(),
      noise(ROWS, 1, 8),
    ),
  "a product under a mask": () => tf.mul(CASES["a product"]!(), mask(900, 3100)),
  "a product under a mask that ends early": () => tf.mul(CASES["a product"]!(), mask(0, 1000)),
  "a product under a mask that begins late": () => tf.mul(CASES["a product"]!(), mask(3700, ROWS)),
  "a product under a mask of another place": () => tf.mul(CASES["a product"]!(), mask(0, 700)),
  "a reshaped product of long rows times a number for each": () =>
    tf.reshape(
      tf.mul(
        tf.matMul(noise(ROWS / 10, 7, 10), noise(7, 320, 11)),
        noise(ROWS / 10, 1, 8),
      ),
      [ROWS, 32],
    ),
  "a sum of masks of a product": () =>
    tf.add(CASES["a product under a mask"]!(), CASES["a product under a mask that begins late"]!()),
  "a number times a sum": () => tf.mul(3, CASES["a sum of products"]!()),
  "a sum of multiples": () =>
    tf.add(
      CASES["a product times a number for each row"]!(),
      tf.mul(CASES["a sum of products"]!(), noise(ROWS, 1, 9)),
    ),
};

for (const [name, run] of Object.entries(CASES)) {
  Deno.test(`${name} is put off, and then equals the plain engine's`, async () => {
    await useEngine("cpu");
    const expected = tf.tidy(() => run().dataSync());
    await useEngine("native");
    const before = tf.memory().numTensors;
    const sum = tf.tidy(run); // the factors are disposed of before they are read
    const backend = tf.backend() as NativeBackend;
    const deferral = backend.floatsOrDeferral(sum);
    assert(!(deferral instanceof Float32Array));
    // From a row in the middle on, as the network's gradient asks for it; then on top of ones.
    const part = new Float32Array(32 * 3000);
    const start = sum.shape.at(-1)! === 32 ? 32 * 701 : 32 * 700;
    const wanted = expected.slice(start, start + part.length);
    writeDeferral(backend.operations, deferral, part, start);
    assertAllClose(part, wanted, { rtol: 1e-6, scale: "rms" });
    part.fill(1);
    writeDeferral(backend.operations, deferral, part, start, true);
    const added = wanted.map((value) => value + 1);
    assertAllClose(part, added, { rtol: 1e-6, scale: "rms" });
    assertAllClose(sum.dataSync(), expected, { rtol: 1e-6, scale: "rms" });
    sum.dispose();
    assertEquals(tf.memory().numTensors, before);
  });
}

Deno.test("a sum that is put off lets go of its factors, read or not", async () => {
  await useEngine("native");
  const { pool } = tf.backend() as NativeBackend;
  pool.clear();
  const bytes = [false, true].map((read) => {
    const sum = tf.tidy(CASES["a sum of products"]!);
    const held = pool.bytes;
    if (read) sum.dataSync();
    sum.dispose();
    assert(pool.bytes > held);
    const all = pool.bytes;
    pool.clear();
    return all;
  });
  // Both factors of both products come back; what was read brings the sum and a band along.
  assert(bytes[1]! > bytes[0]!);
});
