import { assert, assertEquals, assertThrows } from "@std/assert";
import { unzipSync } from "fflate";
import "../../../lib/engine/engine.ts"; // keeps TensorFlow.js from printing its banner
import { parseGraphDef } from "../../../lib/network/weights/graph_def.ts";
import { loadInception5h } from "../../../lib/network/inception.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { field, integer, varint } from "../../helpers/protobuf.ts";
import { goldenFile, SMALL } from "../../helpers/seeded_networks.ts";

const bytesOf = (values: { buffer: ArrayBufferLike }) => new Uint8Array(values.buffer);
const shapeOf = (shape: number[]) =>
  field(2, shape.flatMap((size) => field(2, size < 0 ? [8, ...MINUS_ONE] : integer(1, size))));
const MINUS_ONE = [...new Array(9).fill(255), 1];

/** A node `Const`; `values` are the tensor's fields after type and shape. */
function constant(name: string, dtype: number, shape: number[], values: number[]): number[] {
  const tensor = [...integer(1, dtype), ...shapeOf(shape), ...values];
  const value = field(5, [...field(1, "value"), ...field(2, field(8, tensor))]);
  return field(1, [...field(1, name), ...field(2, "Const"), ...value]);
}

const [FLOAT, DOUBLE, INT32, HALF] = [1, 2, 3, 19];
const parse = (...parts: number[][]) => parseGraphDef(Uint8Array.from(parts.flat()), "x.pb");
const content = (values: { buffer: ArrayBufferLike }) => field(4, bytesOf(values));

Deno.test("parseGraphDef() reads the constants of a frozen graph", async () => {
  const archive = await Deno.readFile(goldenFile("inception5h.zip"));
  const weights = parseGraphDef(unzipSync(archive)["tensorflow_inception_graph.pb"]!);
  const wanted = SMALL.inception5h!();
  assertEquals(Object.keys(wanted).length, 114);
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    assertEquals(weights[name], { shape, data });
  }
  // The classifiers are in the file as well, but are of no use; whole numbers are not weights.
  assertEquals(weights.softmax2_w, undefined);
  assertEquals(weights.concat_dim, undefined);
});

Deno.test("loadInception5h() takes TensorFlow's archive", async () => {
  const network = await loadInception5h({ weights: goldenFile("inception5h.zip") });
  assertEquals(network.weights, SMALL.inception5h!());
  network.dispose();
});

Deno.test("parseGraphDef() reads float, double and half, as bytes or as lists", () => {
  // Half precision: 0x3c00 = 1, 0xc000 = -2.
  const halves = new Uint16Array([0x3c00, 0xc000]);
  const { a, b, c, d, e, f, g } = parse(
    constant("a", FLOAT, [2], content(new Float32Array([1.5, -2]))),
    constant("b", DOUBLE, [2], content(new Float64Array([1.5, -2]))),
    constant("c", HALF, [2], content(halves)),
    constant("d", FLOAT, [1, 1, 1, 2], field(5, bytesOf(new Float32Array([1.5, -2])))),
    constant("e", FLOAT, [1], [5 * 8 + 5, ...bytesOf(new Float32Array([3]))]), // not packed
    constant("f", HALF, [2], field(13, [...varint(0x3c00), ...varint(0xc000)])),
    constant("g", FLOAT, [4], field(5, bytesOf(new Float32Array([0.5, 4])))),
  );
  for (const { data } of [a!, b!, d!]) assertEquals(Array.from(data), [1.5, -2]);
  assertEquals(d!.shape, [1, 1, 1, 2]);
  for (const { data } of [c!, f!]) assertEquals(Array.from(data), [1, -2]);
  assertEquals(Array.from(e!.data), [3]);
  assertEquals(Array.from(g!.data), [0.5, 4, 4, 4]); // a short list repeats its last value
});

Deno.test("parseGraphDef() skips what it does not know", () => {
  const { a, ...others } = parse(
    integer(3, 21), // versions
    field(1, [...field(1, "noop"), ...field(2, "NoOp"), ...field(4, "/device:GPU:0")]),
    constant("shape", INT32, [2], content(new Int32Array([1, 2]))),
    field(1, [...field(1, "empty"), ...field(2, "Const")]),
    constant("a", FLOAT, [1], content(new Float32Array([1]))),
    field(2, field(1, field(1, field(1, "a function")))),
  );
  assertEquals(Array.from(a!.data), [1]);
  assertEquals(others, {});
});

for (const [file, total] of [["four_tensors", 2], ["forty_tensors", 2]] as const) {
  Deno.test(`parseGraphDef() counts what the tensors of ${file}.pb claim together`, async () => {
    const bytes = await Deno.readFile(goldenFile(`broken/${file}.pb`));
    const before = Deno.memoryUsage().rss;
    const rule = `at most 67108864 values together: current value is ${total * 2 ** 26} up to a1`;
    assertThrows(() => parseGraphDef(bytes, "x.pb"), Error, rule);
    assert(Deno.memoryUsage().rss - before < 50e6, "memory grew");
  });
}

const four = content(new Float32Array([1]));
const BROKEN: [string, number[][], string][] = [
  ["a length beyond the end", [[10, 200, 1, 0]], "a whole GraphDef"],
  ["a length of 2^63", [[10, ...new Array(8).fill(255), 127]], "a whole GraphDef"],
  ["an endless number", [[10, ...new Array(20).fill(255)]], "a whole GraphDef"],
  ["a field of an unknown kind", [[15, 0, 0]], "a whole GraphDef"],
  ["deeply nested groups", [new Array(100_000).fill(11)], "a whole GraphDef"],
  ["a cut-off node", [constant("a", FLOAT, [1], four).slice(0, -2)], "a whole GraphDef"],
  [
    "a shape that lies",
    [constant("conv2d0_w", FLOAT, [1, 1, 3, 2], four)],
    "conv2d0_w [1,1,3,2] takes 24 bytes: current value is 4",
  ],
  [
    "a shape of 2 TB",
    [constant("conv2d0_w", FLOAT, [8192, 8192, 8192, 1], four)],
    "at most 67108864 values together: current value is 549755813888 up to conv2d0_w [8192,8192,",
  ],
  [
    "a list of one value for 2^62",
    [constant("a", FLOAT, [2 ** 31, 2 ** 21, 1, 1], field(5, bytesOf(new Float32Array(1))))],
    "at most 67108864 values together",
  ],
  ["a negative size", [constant("a", FLOAT, [-1], four)], "a must have a shape of counts"],
  ["a size of 2^60", [constant("a", FLOAT, [2 ** 60], four)], "a must have a shape of counts"],
  ["a tensor without values", [constant("a", FLOAT, [1], [])], "a [1] must list 1 to 1 values"],
  [
    "more values than the shape has",
    [constant("a", FLOAT, [1], field(5, bytesOf(new Float32Array(2))))],
    "a [1] must list 1 to 1 values: current value is 2",
  ],
  [
    "two nodes of one name",
    [constant("a", FLOAT, [1], four), constant("a", FLOAT, [1], four)],
    "names must differ: current value is a",
  ],
];
for (const [what, parts, message] of BROKEN) {
  Deno.test(`parseGraphDef() refuses ${what}`, () => {
    const error = assertThrows(() => parse(...parts), Error, message);
    assert(error.message.startsWith("Cannot read the weights x.pb as "), error.message);
  });
}

Deno.test("parseGraphDef() names the node before the broken place", () => {
  const parts = [constant("conv2d0_w", FLOAT, [1], four), [10, 99]];
  assertThrows(() => parse(...parts), Error, "after conv2d0_w must be a whole GraphDef");
});

Deno.test("parseGraphDef() is not led astray by names such as __proto__", () => {
  const weights = parse(
    field(1, [...field(1, "x"), ...field(2, "Const"), ...field(5, field(1, "__proto__"))]),
    constant("constructor", FLOAT, [1], four),
  );
  assertEquals(Array.from(weights["constructor" as string]!.data), [1]);
  assertEquals(({} as Record<string, unknown>).tensor, undefined);
});

Deno.test("parseGraphDef() needs little memory for a file of ten million empty nodes", () => {
  const bytes = new Uint8Array(20_000_000);
  for (let i = 0; i < bytes.length; i += 2) bytes[i] = 10;
  const before = Deno.memoryUsage().rss;
  assertEquals(parseGraphDef(bytes), {});
  assert(Deno.memoryUsage().rss - before < 200e6, "memory grew");
});

Deno.test("parseGraphDef() survives altered bytes: weights or an error", async () => {
  const archive = await Deno.readFile(goldenFile("inception5h.zip"));
  const good = unzipSync(archive)["tensorflow_inception_graph.pb"];
  const random = seededRandom(1);
  for (let i = 0; i < 300; i++) {
    const bytes = good!.slice();
    for (let j = 0; j < 5; j++) bytes[Math.floor(random() * bytes.length)] = 256 * random();
    try {
      parseGraphDef(bytes, "x.pb");
    } catch (error) {
      const { message } = error as Error;
      assert(message.startsWith("Cannot read the weights x.pb as "), message);
    }
  }
});
