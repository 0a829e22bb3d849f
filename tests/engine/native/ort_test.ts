import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { collectAllGarbage } from "../../../lib/engine/native/collector.ts";
import type { Model } from "../../../lib/engine/native/onnx.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { cText, OrtLibrary } from "../../../lib/engine/native/ort_library.ts";

const LEAKY: Model = {
  nodes: [{
    op: "LeakyRelu",
    inputs: ["x"],
    outputs: ["y"],
    attributes: { alpha: { float: 0.25 } },
  }],
  inputs: { x: 1 },
  outputs: { y: 1 },
};
const PRODUCT: Model = {
  nodes: [{ op: "MatMul", inputs: ["a", "b"], outputs: ["y"] }],
  inputs: { a: 2, b: 2 },
  outputs: { y: 2 },
};

const vector = (data: Float32Array) => ({ data, dims: [data.length] });

Deno.test("the library of onnxruntime-node is opened, of the version that is asked for", async () => {
  const config = await Deno.readTextFile(new URL("../../../deno.json", import.meta.url));
  const wanted = JSON.parse(config).imports["onnxruntime-node"];
  assertEquals(`npm:onnxruntime-node@${(await OrtLibrary.open()).version}`, wanted);
});

Deno.test("functions of the C interface are where the table says", async () => {
  const library = await OrtLibrary.open();
  const { functions: ort } = library;
  const fails = (status: () => Deno.PointerValue, message: string) =>
    assertThrows(() => library.check(status()), Error, message);
  // What each of them says when it is misused; places in between are those of the same header.
  const out = new BigUint64Array(1);
  const env = library.make((out) => ort.CreateEnv(3, cText("test"), out));
  const options = library.make((out) => ort.CreateSessionOptions(out));
  fails(() => ort.AddSessionConfigEntry(options, cText(""), cText("0")), "Config key");
  fails(
    () => ort.CreateSessionFromArray(env, cText("no model"), 8n, options, out),
    "protobuf parsing failed",
  );
  const memory = library.make((out) => ort.CreateCpuMemoryInfo(0, 0, out));
  const shape = BigInt64Array.of(-1n);
  fails(() => ort.CreateTensorWithDataAsOrtValue(memory, null, 0n, shape, 1n, 1, out), "shape");
});

Deno.test("a model written by encodeModel() runs, in place", async () => {
  const session = (await loadRuntime()).session(LEAKY);
  const y = new Float32Array(3);
  session.run({ x: vector(Float32Array.of(-4, 0, 2)) }, { y: vector(y) });
  assertEquals([...y], [-1, 0, 2]);
});

Deno.test("a part of a WebAssembly module's memory is read and written, and nothing beside", async () => {
  const session = (await loadRuntime()).session(LEAKY);
  const all = new Float32Array(new WebAssembly.Memory({ initial: 1 }).buffer);
  all.set([9, -4, 0, 2, 9, 9, 9, 9]);
  session.run({ x: vector(all.subarray(1, 4)) }, { y: vector(all.subarray(5, 8)) });
  assertEquals([...all.subarray(0, 9)], [9, -4, 0, 2, 9, -1, 0, 2, 0]);
});

Deno.test("memory is found again after it has moved", async () => {
  const session = (await loadRuntime()).session(LEAKY);
  const memory = new WebAssembly.Memory({ initial: 1 });
  for (const pages of [0, 1, 1000]) {
    memory.grow(pages);
    const y = new Float32Array(memory.buffer, 8, 2);
    session.run({ x: vector(Float32Array.of(-4 * pages, pages)) }, { y: vector(y) });
    assertEquals([...y], [-pages, pages]);
  }
});

Deno.test("what ONNX Runtime refuses is an error with its message", async () => {
  const runtime = await loadRuntime();
  const session = runtime.session(PRODUCT);
  const zeros = (rows: number, columns: number) => ({
    data: new Float32Array(rows * columns),
    dims: [rows, columns],
  });
  const [a, b] = [zeros(2, 3), zeros(3, 4)];
  const says = (run: () => void, message: string) => {
    const { message: said } = assertThrows(run, Error, "Cannot compute with ONNX Runtime: ");
    assertStringIncludes(said, message);
  };
  says(() => session.run({ a, b: a }, { y: zeros(2, 3) }), "dimension mismatch");
  says(() => session.run({ a, b }, { y: zeros(4, 2) }), "has shape {4,2}");
  says(
    () => session.run({ a, b: { ...b, data: b.data.subarray(1) } }, { y: zeros(2, 4) }),
    "not enough space",
  );
  const unknown: Model = { ...LEAKY, nodes: [{ ...LEAKY.nodes[0]!, op: "Unheard" }] };
  says(() => runtime.session(unknown), "Unheard");
  // And it goes on.
  const y = zeros(2, 4);
  a.data.fill(1);
  b.data.fill(2);
  session.run({ a, b }, { y });
  assertEquals([...y.data], Array(8).fill(6));
});

Deno.test("thousands of calls at thousands of places take no memory", async () => {
  const session = (await loadRuntime()).session(LEAKY);
  const [LENGTH, PLACES] = [2 ** 16, 5000];
  const [x, y] = [0, 1].map(() => new Float32Array(LENGTH + PLACES).fill(1));
  const run = (place: number) => {
    const part = (data: Float32Array) => vector(data.subarray(place, place + LENGTH));
    session.run({ x: part(x!) }, { y: part(y!) });
  };
  for (let place = 0; place < PLACES; place++) run(place);
  const before = Deno.memoryUsage().rss;
  for (let place = 0; place < PLACES; place++) run(place);
  // A copy of each result would be 1300 MB.
  const grown = (Deno.memoryUsage().rss - before) / 1e6;
  assert(grown < 20, `${grown} MB`);
});

Deno.test({
  name: "a session has the threads asked for, and takes them with it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const threads = () => [...Deno.readDirSync("/proc/self/task")].length;
    const runtime = await loadRuntime(3);
    const before = threads();
    // In a function of their own, so that nobody has them afterwards.
    (() => {
      const sessions = Array.from({ length: 20 }, () => runtime.session(LEAKY));
      assertEquals(threads(), before + 2 * sessions.length);
    })();
    for (const end = Date.now() + 20_000; threads() > before && Date.now() < end;) {
      collectAllGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert(threads() < before + 10, `${threads()} threads, ${before} before`);
  },
});
