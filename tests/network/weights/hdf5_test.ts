// Runs alone: it measures seconds.
import { assert, assertEquals, assertRejects } from "@std/assert";
import h5wasm, { type File, type Group } from "h5wasm";
import { deflateSync, inflateSync } from "node:zlib";
import "../../../lib/engine/engine.ts"; // keeps TensorFlow.js from printing its banner
import { parseHdf5 } from "../../../lib/network/weights/hdf5.ts";
import { readWeights } from "../../../lib/network/weights/read.ts";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { loadVgg16, loadVgg19 } from "../../../lib/network/vgg.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { goldenFile, SMALL } from "../../helpers/seeded_networks.ts";

const old = await Deno.readFile(goldenFile("vgg19_old.h5"));

/** The bytes of an HDF5 file. */
async function file(build: (file: File) => void): Promise<Uint8Array<ArrayBuffer>> {
  const { FS } = await h5wasm.ready;
  const made = new h5wasm.File("/made.h5", "w");
  build(made);
  made.close();
  const bytes = FS.readFile("/made.h5") as Uint8Array;
  FS.unlink("/made.h5");
  return new Uint8Array(bytes);
}

function layer(root: Group, name: string, weights: string[]): Group {
  const group = root.create_group(name);
  group.create_attribute("weight_names", weights);
  return group;
}

/** A file with one layer `a`, whose kernel is as given. */
function kernel(settings: { data: Float32Array | Int32Array | Float64Array; shape: number[] }) {
  return file((root) => {
    const group = layer(root, "a", ["w", "b"]);
    group.create_dataset({ name: "w", ...settings });
    group.create_dataset({ name: "b", data: new Float32Array(2), shape: [2] });
  });
}

Deno.test("parseHdf5() reads Keras' old names, groups without weights left out", async () => {
  const weights = await parseHdf5(old);
  assertEquals(weights, SMALL.vgg19!());
});

Deno.test("parseHdf5() reads nested names, gzip, and halves, doubles, big-endian numbers", async () => {
  const weights = await parseHdf5(await Deno.readFile(goldenFile("vgg16_new.h5")));
  const wanted = SMALL.vgg16!();
  assertEquals(Object.keys(weights), Object.keys(wanted)); // no fc1: dense layers are left out
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    assertEquals(weights[name]!.shape, shape);
    assertAllClose(weights[name]!.data, data, { rtol: 2 ** -11, scale: "rms" });
  }
});

Deno.test("parseHdf5() tells kernel and bias by their shapes, not their order", async () => {
  const bytes = await file((root) => {
    const group = layer(root, "a", ["first", "second"]);
    group.create_dataset({ name: "first", data: new Float32Array([7]), shape: [1] });
    group.create_dataset({
      name: "second",
      data: new Float32Array([1, 2, 3]),
      shape: [1, 1, 3, 1],
    });
  });
  const weights = await parseHdf5(bytes);
  assertEquals(Array.from(weights["a.kernel"]!.data), [1, 2, 3]);
  assertEquals(Array.from(weights["a.bias"]!.data), [7]);
});

Deno.test("loadVgg16() and loadVgg19() take Keras' files", async () => {
  for (
    const [load, name] of [[loadVgg16, "vgg16_new.h5"], [loadVgg19, "vgg19_old.h5"]] as const
  ) {
    const network = await load({ weights: goldenFile(name) });
    assertEquals(network.weights["block5_conv3.kernel"]!.shape, [3, 3, 6, 6]);
    network.dispose();
  }
});

Deno.test("parseHdf5() reads Keras 3, weights and whole models", async () => {
  const wanted = SMALL.vgg16!();
  const named = await parseHdf5(await Deno.readFile(goldenFile("vgg16.weights.h5")));
  assertEquals(named, wanted);
  // Layers without names of their own: conv2d, conv2d_1, … in the order of their numbers.
  const model = await readWeights(goldenFile("vgg16.keras"));
  assertEquals(Object.keys(model).slice(2, 6), [
    "conv2d_1.kernel",
    "conv2d_1.bias",
    "conv2d_2.kernel",
    "conv2d_2.bias",
  ]);
  assertEquals(Object.values(model), Object.values(wanted));
});

Deno.test("parseHdf5() gives a file up on which the library never ends", async () => {
  const bytes = await Deno.readFile(goldenFile("broken/hang.h5"));
  const start = performance.now();
  const rule = "as it must be a whole HDF5 file: current value is one that is not read in 3 s";
  await assertRejects(() => parseHdf5(bytes, "hang.h5"), Error, rule);
  const seconds = (performance.now() - start) / 1000;
  assert(seconds < 20, `it took ${seconds} s`); // 3 s and the start of the library
});

const BROKEN: [string, () => Promise<Uint8Array> | Uint8Array, string][] = [
  ["a layer without weight_names", () => file((root) => root.create_group("a")), "a must have the"],
  [
    "a dataset where a layer should be",
    () => file((root) => root.create_dataset({ name: "a", data: new Float32Array(1) })),
    "a must be a group",
  ],
  ["a missing dataset", () => file((root) => layer(root, "a", ["w", "b"])), "hold a dataset w"],
  [
    "layer_names with a layer that is not there",
    () => file((root) => root.create_attribute("layer_names", ["block1_conv1"])),
    "block1_conv1 must be a group: current value is null",
  ],
  [
    "a link to another file",
    () => file((root) => root.create_external_link("/etc/passwd", "x", "a")),
    "a must be a group: current value is an object of class ExternalLink",
  ],
  [
    "a kernel of rank 3",
    () => kernel({ data: new Float32Array(6), shape: [1, 3, 2] }),
    "a must have a kernel of rank 4 and a bias of rank 1: current value is ranks 3,1",
  ],
  [
    "whole numbers",
    () => kernel({ data: new Int32Array(6), shape: [1, 1, 3, 2] }),
    'a.kernel must hold floating-point numbers: current value is "<i"',
  ],
  ["a file that ends after the signature", () => old.slice(0, 8), "a whole HDF5 file"],
  ["a file cut in the middle", () => old.slice(0, old.length / 2), "a whole HDF5 file"],
  ["a file that lacks its last byte", () => old.slice(0, -1), "truncated file"],
];
for (const [what, make, message] of BROKEN) {
  Deno.test(`parseHdf5() refuses ${what}`, async () => {
    const bytes = await make();
    const error = await assertRejects(() => parseHdf5(bytes, "x.h5"), Error, message);
    assert(error.message.startsWith("Cannot read the weights x.h5 as "), error.message);
    assert(!error.message.includes("\n"), error.message);
    assertEquals(Object.keys(await parseHdf5(old)).length, 32); // the library is still in order
  });
}

Deno.test("parseHdf5() refuses a shape of 2 TB without asking for the memory", async () => {
  const bytes = await file((root) => {
    const group = layer(root, "a", ["w", "b"]);
    const [shape, chunks] = [[8, 8, 65536, 131072], [1, 1, 1, 8]];
    const sparse = group.create_dataset({
      name: "w",
      data: new Float32Array(8),
      shape: [1, 1, 1, 8],
      maxshape: shape,
      chunks,
    });
    sparse.resize(shape);
    group.create_dataset({ name: "b", data: new Float32Array(2), shape: [2] });
  });
  const rule =
    "at most 67108864 values together: current value is 549755813888 up to a.kernel [8,8,";
  await assertRejects(() => parseHdf5(bytes), Error, rule);
});

/** A file in which a compressed chunk was replaced by one that inflates to a thousand times as much. */
async function bomb(): Promise<Uint8Array> {
  const shape = [1, 1, 512, 1024];
  const noise = uniformNoise(512 * 1024, 0, 1, seededRandom(3)); // hardly compressible: 2 MB
  const bytes = await file((root) => {
    const group = layer(root, "a", ["w", "b"]);
    const settings = { name: "w", data: noise, shape, chunks: shape, compression: 1 };
    group.create_dataset(settings);
    group.create_dataset({ name: "b", data: new Float32Array(1024), shape: [1024] });
  });
  const start = bytes.findIndex((byte, i) => {
    if (byte !== 0x78 || (bytes[i]! << 8 | bytes[i + 1]!) % 31 !== 0) return false;
    try {
      return inflateSync(bytes.subarray(i)).length === noise.byteLength;
    } catch {
      return false;
    }
  });
  assert(start > 0, "the chunk must be in the file");
  const zeros = deflateSync(new Uint8Array(2 ** 29), { level: 9 });
  assert(start + zeros.length < bytes.length, "the bomb must fit in");
  bytes.set(zeros, start);
  return bytes;
}

Deno.test("parseHdf5() gives up on a chunk that inflates to 512 MB where 2 MB belong", async () => {
  const bytes = await bomb();
  const before = Deno.memoryUsage().rss;
  await assertRejects(() => parseHdf5(bytes), Error, "a whole HDF5 file");
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < 450e6, `memory grew by ${grown / 1e6} MB`);
  assertEquals(Object.keys(await parseHdf5(old)).length, 32);
});

Deno.test("parseHdf5() survives altered bytes: weights or an error, and always in order", async () => {
  const random = seededRandom(1);
  for (let i = 0; i < 20; i++) {
    const bytes = old.slice();
    for (let j = 0; j < 8; j++) {
      bytes[8 + Math.floor(random() * (i % 2 ? 4000 : bytes.length - 8))] = 256 * random();
    }
    try {
      await parseHdf5(bytes, "x.h5");
    } catch (error) {
      const { message } = error as Error;
      assert(message.startsWith("Cannot read the weights x.h5 as "), message);
    }
  }
  assertEquals(await parseHdf5(old), SMALL.vgg19!());
});
