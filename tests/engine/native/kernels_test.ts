import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { useEngine } from "../../../lib/engine/engine.ts";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { assertAllClose } from "../../helpers/assert.ts";

const random = seededRandom(4);
const noise = (shape: number[]) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: uniformNoise(size, -3, 3, random) };
};

type Inputs = { shape: number[]; data: Float32Array }[];
type Case = { inputs: Inputs; run: (...tensors: tf.Tensor[]) => tf.Tensor };

const binary = [tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.squaredDifference];
const shapes = [
  [[4, 300], [4, 300]],
  [[4, 300], []],
  [[], [4, 300]],
  [[4, 300], [1, 1]],
  [[1, 1, 1], [4, 3]],
  [[4, 3], [3]],
  [[4, 1], [1, 3]],
  [[4, 3], [4, 1]],
  [[2, 4, 1], [2, 4, 3]],
  [[1, 3], [2, 4, 3]],
  [[4, 3], [1, 4, 1]],
  [[1, 4, 3], [4, 1]],
  [[0, 3], [0, 3]],
  // As many numbers as ONNX Runtime is asked for.
  [[90, 100], [90, 1]],
  [[90, 1], [90, 100]],
  [[100], [3, 30, 100]],
  [[90, 100], [1, 100]],
];
const as4D = (x: tf.Tensor) => x as tf.Tensor4D;

/** What must agree with the plain backend, by name. */
const CASES: Record<string, Case[]> = {
  "two tensors, with and without broadcasting": binary.flatMap((run) =>
    shapes.map(([a, b]) => ({ inputs: [noise(a!), noise(b!)], run }))
  ),
  "one tensor": [
    tf.abs,
    tf.neg,
    tf.square,
    tf.relu,
    tf.sign,
    (x: tf.Tensor) => tf.step(x),
    (x: tf.Tensor) => tf.step(x, 0.5),
    (x: tf.Tensor) => tf.sqrt(tf.abs(x)),
    (x: tf.Tensor) => tf.clipByValue(x, -1, 2),
    (x: tf.Tensor) => tf.tanh(x),
  ].map((run) => ({ inputs: [{ shape: [5], data: Float32Array.of(-2.5, -0, 0, 1, 3) }], run })),
  "sums and means": [undefined, 0, 1, 2, [0, 1], [1, 2], [0, 2], []].flatMap((axis) =>
    [true, false].flatMap((keep) => [
      { inputs: [noise([3, 4, 5])], run: (x: tf.Tensor) => tf.sum(x, axis, keep) },
      { inputs: [noise([3, 4, 5])], run: (x: tf.Tensor) => tf.mean(x, axis, keep) },
      { inputs: [noise([3, 4, 5])], run: (x: tf.Tensor) => tf.moments(x, axis, keep).variance },
    ])
  ),
  "the greatest of all": [
    { inputs: [noise([3, 4, 5])], run: (x) => tf.max(x) },
    { inputs: [noise([3, 4, 5])], run: (x) => tf.max(x, 1) },
    { inputs: [noise([3, 4, 5])], run: (x) => tf.max(x, undefined, true) },
    { inputs: [noise([4, 33])], run: (x) => tf.argMax(x, 1) },
    { inputs: [noise([2, 3, 5])], run: (x) => tf.argMax(x) },
    {
      inputs: [{ shape: [2, 4], data: Float32Array.of(1, 3, 3, 2, 0, NaN, 7, 7) }],
      run: (x) => tf.argMax(x, -1),
    },
  ],
  "addN, slices, padding": [
    { inputs: [noise([3, 4]), noise([3, 4]), noise([3, 4])], run: (...x) => tf.addN(x) },
    { inputs: [noise([7])], run: (x) => tf.slice(x, [2], [3]) },
    { inputs: [noise([1, 5, 6, 3])], run: (x) => tf.slice(x, [0, 1, 0, 0], [1, 4, 6, 3]) },
    { inputs: [noise([1, 5, 6, 3])], run: (x) => tf.slice(x, [0, 0, 1, 0], [-1, 5, 5, -1]) },
    { inputs: [noise([2, 5, 6])], run: (x) => tf.slice(x, [1, 2, 3], [1, 2, 2]) },
    { inputs: [noise([2, 5])], run: (x) => tf.slice(x, [1, 2], [1, 0]) },
    { inputs: [noise([2, 3]), noise([2, 4])], run: (x, y) => tf.concat([x, y], -1) },
    { inputs: [noise([1, 2, 3, 2]), noise([1, 4, 3, 2])], run: (x, y) => tf.concat([x, y, x], 1) },
    { inputs: [noise([3]), noise([0])], run: (x, y) => tf.concat([x, y]) },
    { inputs: [noise([2, 3, 4])], run: (x) => tf.pad(x, [[1, 0], [0, 2], [3, 1]], 7) },
    { inputs: [noise([2, 3])], run: (x) => tf.pad(x, [[0, 0], [0, 0]]) },
    { inputs: [noise([35, 18])], run: (x) => tf.transpose(x) },
    { inputs: [noise([2, 3, 4])], run: (x) => tf.transpose(x, [2, 0, 1]) },
    { inputs: [noise([4, 6])], run: (x) => tf.addN(tf.split(x, 2, 1)) },
    { inputs: [noise([4, 6])], run: (x) => tf.gather(x, [3, 0, 3]) },
    {
      inputs: [noise([4, 2, 3])],
      run: (x) => tf.gather(x, tf.tensor2d([[1], [2]], [2, 1], "int32")),
    },
    { inputs: [noise([4, 6])], run: (x) => tf.gather(x, [5, 0], 1) },
  ],
  "matrix products": [
    { inputs: [noise([5, 7]), noise([7, 3])], run: (a, b) => tf.matMul(a, b) },
    { inputs: [noise([7, 5]), noise([7, 3])], run: (a, b) => tf.matMul(a, b, true) },
    { inputs: [noise([5, 7]), noise([3, 7])], run: (a, b) => tf.matMul(a, b, false, true) },
    { inputs: [noise([7, 5]), noise([3, 7])], run: (a, b) => tf.matMul(a, b, true, true) },
    { inputs: [noise([4, 5, 7]), noise([4, 7, 3])], run: (a, b) => tf.matMul(a, b) },
    // A factor that is mostly 0.
    ...[false, true].map((turned) => ({
      inputs: [noise([6, 6]), noise([6, 70])],
      run: (a: tf.Tensor, b: tf.Tensor) => tf.matMul(tf.mul(a, tf.eye(6)), b, turned),
    })),
    // Large enough to be put off until somebody reads it.
    { inputs: [noise([2050, 40]), noise([40, 40])], run: (a, b) => tf.matMul(a, b) },
    { inputs: [noise([2050, 40]), noise([40, 40])], run: (a, b) => tf.tanh(tf.matMul(a, b)) },
    {
      inputs: [noise([2050, 40]), noise([40, 40])],
      run: (a, b) => tf.reshape(tf.matMul(tf.matMul(a, b), b), [1, 25, 82, 40]).sum(-1),
    },
    { inputs: [noise([2050, 40]), noise([40, 40])], run: (a, b) => tf.matMul(a, b).toInt() },
    { inputs: [noise([4, 5, 7]), noise([1, 7, 3])], run: (a, b) => tf.matMul(a, b) },
  ],
  "convolutions of a user's own network": ([
    [[2, 9, 8, 3], [3, 3, 3, 5], 1, "same", 1],
    [[1, 9, 8, 16], [3, 3, 16, 32], 2, "same", 1],
    [[1, 9, 8, 16], [3, 2, 16, 16], [2, 1], "valid", 1],
    [[1, 9, 8, 4], [3, 3, 4, 16], 1, "valid", 2],
    [[1, 9, 8, 4], [5, 5, 4, 4], 1, 1, 1],
  ] as const).flatMap(([x, filter, strides, pad, dilations]) => [
    {
      inputs: [noise([...x]), noise([...filter])],
      run: (x, filter) =>
        tf.conv2d(as4D(x), as4D(filter), strides as number, pad, "NHWC", dilations),
    },
    {
      inputs: [noise([...x]), noise([...filter]), noise([filter[3]])],
      run: (x, filter, bias) =>
        tf.fused.conv2d({
          x: as4D(x),
          filter: as4D(filter),
          bias,
          strides: strides as number,
          pad,
          dilations,
          activation: "relu",
        }),
    },
  ]),
  "gradients of a user's own network": [
    {
      inputs: [noise([1, 9, 8, 3]), noise([3, 3, 3, 5])],
      run: (x, filter) =>
        tf.grad((x: tf.Tensor) => tf.sum(tf.square(tf.conv2d(as4D(x), as4D(filter), 2, "same"))))(
          x,
        ),
    },
    {
      inputs: [noise([1, 9, 8, 3]), noise([3, 3, 3, 5])],
      run: (x, filter) =>
        tf.grad((f: tf.Tensor) => tf.sum(tf.square(tf.conv2d(as4D(x), as4D(f), 1, "valid"))))(
          filter,
        ),
    },
    {
      inputs: [noise([2, 9, 8, 3])],
      run: (x) =>
        tf.grad((x: tf.Tensor) => tf.sum(tf.square(tf.maxPool(as4D(x), 3, 2, "same"))))(x),
    },
    {
      inputs: [noise([2, 9, 8, 3])],
      run: (x) =>
        tf.grad((x: tf.Tensor) => tf.sum(tf.square(tf.maxPool(as4D(x), 2, 2, "valid"))))(x),
    },
    {
      inputs: [noise([4, 5]), noise([4, 3])],
      run: (a, b) => tf.grad((a: tf.Tensor) => tf.sum(tf.square(tf.matMul(a, b, true))))(a),
    },
  ],
};

async function results(cases: Case[]) {
  const found = [];
  for (const { inputs, run } of cases) {
    const tensors = inputs.map(({ data, shape }) => tf.tensor(data, shape));
    const y = tf.tidy(() => run(...tensors));
    found.push({ shape: y.shape, data: await y.data() });
    tf.dispose([y, ...tensors]);
  }
  return found;
}

for (const [name, cases] of Object.entries(CASES)) {
  Deno.test(`${name}: every case equals the plain engine`, async () => {
    await useEngine("cpu");
    const expected = await results(cases);
    await useEngine("native");
    const actual = await results(cases);
    for (const [i, { shape, data }] of actual.entries()) {
      assertEquals(shape, expected[i]!.shape, `shape of case ${i}`);
      assertAllClose(data, expected[i]!.data, { rtol: 1e-5, atol: 1e-6, scale: "rms" });
    }
  });
}

Deno.test("NaN and infinity are what they are among few numbers and many, and the greatest is NaN", async () => {
  await useEngine("native");
  for (const length of [1, 2, 9, 20_003]) {
    for (const odd of [NaN, Infinity, -Infinity]) {
      for (const place of new Set([0, 1, length >> 1, length - 1])) {
        if (place >= length) continue;
        const data = new Float32Array(length).map((_, i) => i % 7 - 3);
        data[place] = odd;
        const x = tf.tensor1d(data);
        const all = [tf.clipByValue(x, -1, 2), tf.square(x), tf.neg(x), tf.abs(x), tf.max(x)];
        const [clipped, squares, negative, sizes, most] = await Promise.all(
          all.map((y) => y.data()),
        );
        tf.dispose([x, ...all]);
        // Compared by `===`, in which 0 and -0 are the same, and NaN by hand.
        const same = (found: ArrayLike<number>, expected: Float32Array) =>
          expected.every((value, i) =>
            found[i] === value || (value !== value && found[i] !== found[i])
          );
        assert(same(clipped!, data.map((v) => Math.min(2, Math.max(-1, v)))), `clip ${odd}`);
        assert(same(squares!, data.map((v) => v * v)), `square ${odd}`);
        assert(same(negative!, data.map((v) => -v)), `neg ${odd}`);
        assert(same(sizes!, data.map(Math.abs)), `abs ${odd}`);
        assert(same(most!, Float32Array.of(Math.max(...data))), `max ${odd} at ${place}`);
      }
    }
  }
});

Deno.test("integers and booleans are left to the plain kernels", async () => {
  await useEngine("native");
  const x = tf.tensor1d([1, -2, 3], "int32");
  const all = [tf.add(x, x), tf.abs(x), tf.sum(x), tf.slice(x, 1, 2), tf.greater(x, 0)];
  assertEquals(await Promise.all(all.map(async (y) => [...await y.data()])), [
    [2, -4, 6],
    [1, 2, 3],
    [2],
    [-2, 3],
    [1, 0, 1],
  ]);
  assertEquals(all.map((y) => y.dtype), ["int32", "int32", "int32", "int32", "bool"]);
  tf.dispose([x, ...all]);
});

Deno.test("what was read stays as it is when its buffer is used again", async () => {
  await useEngine("native");
  const size = 5000;
  const [one, two] = [tf.fill([size], 1), tf.fill([size], 2)];
  const sum = tf.add(one, two);
  const read = await sum.data();
  const view = tf.transpose(tf.reshape(sum, [1, size])); // a plain kernel that may keep a view
  sum.dispose();
  const other = tf.mul(two, two);
  assertEquals([read[0], (await view.data())[0], (await other.data())[0]], [3, 3, 4]);
  tf.dispose([one, two, view, other]);
});

Deno.test("a product that is put off keeps its factors, and no longer than it needs them", async () => {
  await useEngine("native");
  const before = tf.memory().numDataBuffers;
  const b = tf.eye(40);
  const products = [1, 2].map((value) => tf.tidy(() => tf.matMul(tf.fill([2050, 40], value), b)));
  const others = [3, 4].map((value) => tf.fill([2050, 40], value)); // may take a freed buffer
  b.dispose();
  products[1]!.dispose(); // without having been read
  const values = await products[0]!.data();
  assert(values.every((value) => value === 1));
  tf.dispose([products[0], ...others]);
  assertEquals(tf.memory().numDataBuffers, before);
});

Deno.test("a buffer comes back once, and is dropped when nobody asks for its size", () => {
  const pool = new BufferPool();
  const first = pool.take(2048);
  pool.give(first);
  assertEquals(pool.bytes, 4 * 2048);
  assert(pool.take(2048).buffer === first.buffer);
  assert(pool.take(2048).buffer !== first.buffer);
  pool.give(first);
  for (let pass = 0; pass < 5; pass++) pool.startPass();
  assertEquals(pool.bytes, 0);
  // A longer one serves, up to twice as long, as long as was asked for.
  const long = pool.take(2048);
  pool.give(long);
  assert(pool.take(1023).buffer !== long.buffer);
  const part = pool.take(1500);
  assertEquals([part.length, part.buffer === long.buffer], [1500, true]);
  pool.give(part);
  assertEquals(pool.bytes, 4 * 2048);
  pool.give(pool.take(4096));
  pool.clear();
  assertEquals([pool.bytes, pool.take(4096).length], [0, 4096]);
});
