/**
 * Caffe's files, made by `tests/reference/make_weights_golden.py` with Google's protobuf library.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../../lib/base/random.ts";
import { isCaffeModel, parseCaffeModel } from "../../../lib/network/weights/caffe.ts";
import { parseWeights } from "../../../lib/network/weights/read.ts";
import { goldenFile, SMALL } from "../../helpers/seeded_networks.ts";
import { field, integer, varint } from "../../helpers/protobuf.ts";

for (const file of ["vgg16.caffemodel", "vgg16_new.caffemodel"]) {
  Deno.test(`parseCaffeModel() reads the convolutions of ${file}`, async () => {
    const bytes = await Deno.readFile(goldenFile(file));
    assert(isCaffeModel(bytes));
    const found = parseCaffeModel(bytes);
    const wanted = SMALL.vgg16!();
    const names = Object.keys(wanted).map((name) => name.replace(/block(\d)_conv/, "conv$1_"));
    assertEquals(Object.keys(found), names); // no fc6: dense layers are left out
    Object.values(wanted).forEach((tensor, i) => assertEquals(found[names[i]!], tensor));
  });
}

const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);
const blob = (sizes: number[], values: number[]) => [
  ...field(7, field(1, sizes.flatMap(varint))),
  ...field(5, floats(...values)),
];
const layer = (name: string, ...blobs: number[][]) => [
  ...field(100, [
    ...field(1, name),
    ...field(2, "Convolution"),
    ...blobs.flatMap((blob) => field(7, blob)),
  ]),
];
const parse = (...parts: number[][]) => parseCaffeModel(Uint8Array.from(parts.flat()), "x");

Deno.test("parseCaffeModel() turns kernels round: [out, in, height, width] to [height, width, in, out]", () => {
  const kernel = blob([2, 1, 1, 3], [1, 2, 3, 4, 5, 6]);
  const found = parse(layer("a", kernel, blob([2], [7, 8])));
  assertEquals(found["a.kernel"]!.shape, [1, 3, 1, 2]);
  assertEquals(Array.from(found["a.kernel"]!.data), [1, 4, 2, 5, 3, 6]);
  assertEquals(Array.from(found["a.bias"]!.data), [7, 8]);
});

const good = [blob([1, 1, 1, 1], [1]), blob([1], [1])] as const;
const BROKEN: [string, number[][], string][] = [
  ["a length beyond the end", [[0xa2, 6, 200, 1, 0]], "a whole caffemodel"],
  ["a cut-off layer", [layer("a", ...good).slice(0, -2)], "a whole caffemodel"],
  ["a layer without a bias", [layer("a", good[0])], "a must have a kernel and a bias"],
  ["a shape that lies", [layer("a", blob([1, 1, 2, 1], [1]), good[1])], "must have 2 values"],
  [
    "a shape of 2 TB",
    [layer("a", blob([8192, 8192, 8192, 1], [1]), good[1])],
    "a.kernel [8192,8192,8192,1] must have 549755813888 values: current value is 1",
  ],
  ["a kernel of rank 1", [layer("a", good[1], good[1])], "a must have a kernel of rank 4"],
  ["two layers of one name", [layer("a", ...good), layer("a", ...good)], "names must differ"],
  ["a million fields", [new Array(200_000).fill(0).flatMap(() => integer(2, 1))], "100000 fields"],
];
for (const [what, parts, message] of BROKEN) {
  Deno.test(`parseCaffeModel() refuses ${what}`, () => {
    const error = assertThrows(() => parse(...parts), Error, message);
    assert(error.message.startsWith("Cannot read the weights x as "), error.message);
  });
}

Deno.test("parseCaffeModel() survives altered bytes: weights or an error", async () => {
  const good = await Deno.readFile(goldenFile("vgg16.caffemodel"));
  const random = seededRandom(1);
  for (let i = 0; i < 200; i++) {
    const bytes = good.slice();
    for (let j = 0; j < 4; j++) bytes[Math.floor(random() * bytes.length)] = 256 * random();
    try {
      await parseWeights(bytes, "x");
    } catch (error) {
      assert((error as Error).message.startsWith("Cannot read the weights x as "), String(error));
    }
  }
});
