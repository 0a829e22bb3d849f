import { Worker } from "node:worker_threads";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { Barrier } from "../../../lib/engine/native/barrier.ts";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { columnGradient } from "../../../lib/engine/native/column_gradient.ts";
import { columnConvolution, columnFilter } from "../../../lib/engine/native/columns.ts";
import type { Deferral } from "../../../lib/engine/native/deferral.ts";
import { packTask, unpackTask } from "../../../lib/engine/native/foreign.ts";
import { scaledDifference, sumOfSquares } from "../../../lib/engine/native/differences.ts";
import { Lanes, Mailbox } from "../../../lib/engine/native/lanes.ts";
import { windowOf } from "../../../lib/engine/native/layers.ts";
import type { Features } from "../../../lib/engine/native/layout.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { PLACES, sizesOnly } from "../../../lib/engine/native/pooled_rows.ts";
import { pairsGradient, poolPairs } from "../../../lib/engine/native/pooling.ts";
import { winogradConvolution } from "../../../lib/engine/native/winograd.ts";
import {
  transformFilter,
  type WinogradFilter,
} from "../../../lib/engine/native/winograd_filters.ts";
import { ROOT } from "../../helpers/command.ts";

const THREADS = [1, 2, 3, 4, 8];

/** Operations on so many threads, once all of them are ready. */
async function operationsOn(threads: number): Promise<{ operations: Operations; lanes: Lanes }> {
  const lanes = new Lanes(threads);
  for (const end = Date.now() + 60_000; lanes.ready < threads && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(lanes.ready, threads);
  const [runtime, alone] = [await loadRuntime(threads), await loadRuntime(1)];
  const operations = new Operations(runtime, new BufferPool(), undefined, { lanes, alone });
  return { operations, lanes };
}

const noise = (length: number, seed: number) => uniformNoise(length, -1, 1, seededRandom(seed));

/** `[height, width, channels]`: 1102 tiles, of which no count of threads gets equal shares. */
const [HEIGHT, WIDTH, CHANNELS] = [113, 151, 32];
const features = (seed: number): Features => (
  { data: noise(HEIGHT * WIDTH * CHANNELS, seed), channels: CHANNELS, height: HEIGHT, width: WIDTH }
);

/** How often `compute` shares something: as often as it returns what was written. */
const SHARED = 22;

/** Everything that is shared between threads; returns what it wrote. */
function compute(operations: Operations): Float32Array[] {
  const [x, apart, mask] = [features(1), features(2), features(3)];
  const filter = transformFilter(operations, noise(9 * CHANNELS ** 2, 4), [
    3,
    3,
    CHANNELS,
    CHANNELS,
  ]);
  winogradConvolution(operations, x, filter, apart, { bias: noise(CHANNELS, 5), relu: true });
  const matrix = (rows: number, columns: number, seed: number) => (
    { data: noise(rows * columns, seed), dims: [rows, columns] }
  );
  const positions = HEIGHT * WIDTH;
  const add: Deferral = {
    kind: "sum",
    parts: [
      { kind: "product", a: matrix(positions, 5, 6), b: matrix(5, CHANNELS, 7) },
      {
        kind: "multiple",
        of: {
          kind: "blend",
          few: {
            starts: Int32Array.from({ length: positions + 1 }, (_, i) => i),
            places: Int32Array.from({ length: positions }, (_, i) => i % 9),
            factors: noise(positions, 8),
          },
          b: matrix(9, CHANNELS, 9),
        },
        factors: Float32Array.of(0.5),
        columns: CHANNELS,
      },
      noise(positions * CHANNELS, 10),
    ],
  };
  const inPlace = features(11);
  winogradConvolution(operations, inPlace, filter, inPlace, { add, mask: mask.data });
  const whole = { channels: CHANNELS, height: HEIGHT - 2, width: WIDTH - 2 };
  const windows = { ...whole, data: new Float32Array(whole.height * whole.width * CHANNELS) };
  winogradConvolution(operations, x, filter, windows, {});
  const few = [...computeTogether(operations, filter), ...computeColumns(operations, x)];
  const atOnce = computePooled(operations, x, filter);
  const [height, width] = [Math.ceil(HEIGHT / 2), Math.ceil(WIDTH / 2)];
  const half = { channels: CHANNELS, height, width, data: noise(height * width * CHANNELS, 13) };
  const pooled = { ...half, data: new Float32Array(half.data.length) };
  poolPairs(operations, x, pooled);
  const gradient = features(14);
  pairsGradient(operations, x, half, gradient, { add: gradient.data, mask: true });
  const later = features(15);
  pairsGradient(operations, x, half, later, { add, mask: true });
  // Over the features that say where it is kept.
  const over = { ...x, data: x.data.slice() };
  winogradConvolution(operations, apart, filter, over, { add, mask: over.data });
  const differences = new Float32Array(x.data.length);
  scaledDifference(operations, x.data, apart.data, { scale: 0.7, by: 3 }, differences);
  const sum = Float32Array.of(sumOfSquares(operations, x.data, apart.data, 0.7));
  const alone = [filter.data, apart.data, inPlace.data, windows.data, pooled.data, gradient.data];
  return [...alone, later.data, over.data, ...few, ...atOnce, differences, sum];
}

/** A convolution that is pooled at once, and its gradient. */
function computePooled(
  operations: Operations,
  x: Features,
  filter: WinogradFilter,
): Float32Array[] {
  const [height, width] = [Math.ceil(x.height / 2), Math.ceil(x.width / 2)];
  const size = height * width * CHANNELS;
  const values = { channels: CHANNELS, height, width, data: new Float32Array(size) };
  const places = { ...values, channels: CHANNELS / PLACES, data: new Float32Array(size / PLACES) };
  const finish = { bias: noise(CHANNELS, 40), relu: true };
  winogradConvolution(operations, x, filter, sizesOnly(x), finish, { values, places });
  const pooled = { values: { ...values, data: noise(size, 41) }, places };
  const gradient = { ...x, data: new Float32Array(x.data.length) };
  winogradConvolution(operations, sizesOnly(x), filter, gradient, {}, pooled);
  return [values.data, gradient.data];
}

/** The first convolution of a network, and of one with larger steps, with their gradients. */
function computeColumns(operations: Operations, y: Features): Float32Array[] {
  const picture = {
    channels: 3,
    height: HEIGHT,
    width: WIDTH,
    data: noise(HEIGHT * WIDTH * 3, 30),
  };
  return [[3, 1], [7, 2]].flatMap(([side, step]) => {
    const size = [side!, side!] as const;
    const filter = columnFilter(noise(side! ** 2 * 3 * CHANNELS, 31), noise(CHANNELS, 32));
    const window = windowOf(picture, size, step!);
    const [height, width] = [Math.ceil(HEIGHT / step!), Math.ceil(WIDTH / step!)];
    const result = { ...y, height, width, data: new Float32Array(height * width * CHANNELS) };
    columnConvolution(operations, picture, filter, window, true, result);
    const gradient = { ...picture, data: new Float32Array(picture.data.length) };
    columnGradient(operations, result, filter, window, gradient);
    return [result.data, gradient.data];
  });
}

/** Convolutions of 90 tiles, too few for a thread by itself: all do them together. */
function computeTogether(operations: Operations, filter: WinogradFilter): Float32Array[] {
  const [height, width] = [37, 34];
  const some = (seed: number): Features => {
    const data = noise(height * width * CHANNELS, seed);
    return { data, channels: CHANNELS, height, width };
  };
  const [x, apart, mask, inPlace] = [some(20), some(21), some(22), some(23)];
  winogradConvolution(operations, x, filter, apart, { bias: noise(CHANNELS, 24), relu: true });
  winogradConvolution(operations, inPlace, filter, inPlace, {
    add: { kind: "sum", parts: [noise(x.data.length, 25)] },
    mask: mask.data,
  });
  const onTop = some(26);
  winogradConvolution(operations, x, filter, onTop, { add: onTop.data });
  const windows = { channels: CHANNELS, height: height - 2, width: width - 2 };
  const smaller = { ...windows, data: new Float32Array(35 * 32 * CHANNELS) };
  winogradConvolution(operations, x, filter, smaller, {});
  return [
    apart.data,
    inPlace.data,
    onTop.data,
    smaller.data,
    ...computePooled(operations, x, filter),
  ];
}

Deno.test("1, 2, 3, 4 and 8 threads write the same bytes", async () => {
  const expected = compute(new Operations(await loadRuntime(1), new BufferPool()));
  for (const threads of THREADS) {
    const { operations, lanes } = await operationsOn(threads);
    let shared = 0;
    const run = lanes.run.bind(lanes);
    lanes.run = (...parameters) => (shared++, run(...parameters));
    assertEquals(compute(operations), expected);
    // The filter, four convolutions, pooling and two gradients of it, four convolutions of few tiles,
    // two of the picture with their gradients, two that are pooled at once with theirs, two losses.
    assertEquals(shared, threads > 1 ? SHARED : 0);
  }
});

Deno.test("what goes wrong on another thread is said, and the next task is done", async () => {
  const { lanes } = await operationsOn(2);
  const run = (name: string, own: (part: number) => void, parts = [1, 2]) =>
    lanes.run(name, own, {}, parts);
  const slow = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  assertThrows(() => run("unheard", slow), Error, "Cannot compute on another thread");
  const stumble = () => {
    throw new Error("Cannot go on here");
  };
  assertThrows(() => run("pool", stumble, [1]), Error, "Cannot go on here");
  // Numbers are no tasks of "pool": whoever comes first says so.
  assertThrows(() => run("pool", stumble), Error, "Cannot");
  const { operations } = await operationsOn(2);
  assertEquals(compute(operations).length, SHARED);
});

Deno.test("who waits for a thread that has failed goes on, and says why that one failed", async () => {
  const { operations, lanes } = await operationsOn(2);
  for (let i = 0; i < 3; i++) {
    const meet = () => lanes.place.barrier.meet(2);
    // The other thread cannot convolve a number.
    const run = () => lanes.run("convolveTogether", meet, {}, [1, 2]);
    assertThrows(run, Error, "Cannot compute on another thread: TypeError");
    const stumble = () => {
      throw new Error("Cannot go on here");
    };
    assertThrows(() => lanes.run("convolveTogether", stumble, {}, [1, 2]), Error, "Cannot");
    // Nor can it find numbers that are nowhere: it does not even begin.
    assertThrows(
      () => lanes.run("convolveTogether", meet, { at: "nowhere" }, [1, 2]),
      Error,
      "Cannot",
    );
  }
  assertEquals(compute(operations).length, SHARED);
});

Deno.test("threads that meet go on together, as often as they like", async () => {
  const barrier = new Barrier();
  const counts = new Int32Array(new SharedArrayBuffer(4));
  const file = new URL("../../../lib/engine/native/barrier.ts", import.meta.url);
  const code = `
    import { parentPort, workerData } from "node:worker_threads";
    const { Barrier } = await import("${file}");
    const [barrier, counts] = [new Barrier(workerData.memory), workerData.counts];
    for (let i = 0; i < 100; i++) {
      Atomics.add(counts, 0, 1);
      barrier.meet(2);
      barrier.meet(2);
    }
    parentPort.postMessage("done");`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const worker = new Worker(url, { workerData: { memory: barrier.memory, counts } });
  const done = new Promise((resolve) => worker.on("message", resolve));
  for (let i = 0; i < 100; i++) {
    barrier.meet(2);
    assertEquals(Atomics.load(counts, 0), i + 1);
    barrier.meet(2);
  }
  assertEquals(await done, "done");
  await worker.terminate();
});

Deno.test("a task arrives with its numbers where they are", () => {
  const [floats, integers] = [noise(100, 1), Int32Array.of(1, -2, 3)];
  const halves = Float16Array.of(0.5, 65504);
  const task = {
    floats: floats.subarray(3, 9),
    integers,
    halves,
    deep: [{ name: "a", none: undefined }],
  };
  const found = unpackTask(packTask(task)) as typeof task;
  assertEquals(found, { ...task, deep: [{ name: "a" }] } as unknown);
  found.floats[0] = 42;
  assertEquals(floats[3], 42);
  assert(unpackTask(packTask(task)) === found); // it has been read before
});

Deno.test("a message has room for what eight threads need with many masks, and no more", () => {
  const mailbox = new Mailbox(new SharedArrayBuffer(2 ** 20));
  const place = packTask(noise(10, 1));
  mailbox.message = place.repeat(32 * 100);
  assertEquals(mailbox.message.length, place.length * 32 * 100);
  assertThrows(() => mailbox.message = "ä".repeat(2 ** 19), RangeError, "must be shorter");
  assertEquals(mailbox.message.length, place.length * 32 * 100);
});

/** Runs a few lines that start threads, with these flags for Deno. */
async function runProgram(flags: string[], threads: number): Promise<string> {
  const lanes = new URL("../../../lib/engine/native/lanes.ts", import.meta.url);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    file,
    `import { Lanes } from "${lanes}";
     const lanes = new Lanes(3);
     for (let i = 0; i < 500 && lanes.ready < ${threads}; i++) await new Promise((r) => setTimeout(r, 10));
     console.log(lanes.ready);`,
  );
  const args = ["run", "--no-prompt", "--config", `${ROOT}/deno.json`, ...flags, file];
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args }).output();
  await Deno.remove(file);
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("a program ends while its threads sleep", async () => {
  assertEquals(await runProgram(["-A"], 3), "3");
});

Deno.test("without the right to look at memory there is one thread", async () => {
  assertEquals(await runProgram(["--allow-read", "--allow-env"], 1), "1");
});
