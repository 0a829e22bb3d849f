import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { zipSync } from "fflate";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createNetwork } from "../../../lib/network/network.ts";
import { loadVgg16, vggArchitecture } from "../../../lib/network/vgg.ts";
import { parseSafetensors, readWeights } from "../../../lib/network/weights/read.ts";
import { goldenFile } from "../../helpers/seeded_networks.ts";
import { stubWeights } from "../../helpers/stub.ts";

type Header = Record<string, unknown>;

/** A safetensors file with the given header and body; `length` may lie about the header. */
function file(header: Header | string, body: Uint8Array, length?: number): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}

const entry = (dtype: string, shape: unknown, offsets: unknown) => ({
  dtype,
  shape,
  data_offsets: offsets,
});

Deno.test("parseSafetensors() reads float32 and widens half precision", () => {
  // Half precision: 0x3c00 = 1, 0xc000 = -2, 0x0001 = 2^-24, 0x7bff = 65504.
  const body = new Uint8Array(16);
  new Uint16Array(body.buffer, 0, 4).set([0x3c00, 0xc000, 0x0001, 0x7bff]);
  new Float32Array(body.buffer, 8, 2).set([0.5, -3]);
  const header = { a: entry("F16", [2, 2], [0, 8]), b: entry("F32", [2], [8, 16]) };
  const weights = parseSafetensors(file(header, body));
  assertEquals(Array.from(weights.a!.data), [1, -2, 2 ** -24, 65504]);
  assertEquals(weights.a!.shape, [2, 2]);
  assertEquals(Array.from(weights.b!.data), [0.5, -3]);
});

const BROKEN: [string, Uint8Array, string][] = [
  ["an empty file", new Uint8Array(), "at least 8 bytes"],
  ["a header longer than the file", file({}, new Uint8Array(), 1000), "at most 2 bytes"],
  ["a header of 2^60 bytes", file({}, new Uint8Array(), 2 ** 60), "at most 2 bytes"],
  ["a header that is no JSON", file("{,}", new Uint8Array()), "must be a JSON object"],
  ["a header that is a list", file("[]", new Uint8Array()), "must be a JSON object"],
  ["an unknown type", file({ a: entry("I8", [1], [0, 1]) }, new Uint8Array(1)), "a must be one of"],
  [
    "a negative size",
    file({ a: entry("F32", [-1], [0, 4]) }, new Uint8Array(4)),
    "shape of counts",
  ],
  ["a missing shape", file({ a: { dtype: "F32" } }, new Uint8Array(4)), "shape of counts"],
  ["one offset", file({ a: entry("F32", [1], [0]) }, new Uint8Array(4)), "two offsets"],
  ["a shape that lies", file({ a: entry("F32", [2], [0, 4]) }, new Uint8Array(4)), "takes 8 bytes"],
  ["a cut-off body", file({ a: entry("F32", [2], [0, 8]) }, new Uint8Array(5)), "ends at byte"],
  ["bytes left over", file({ a: entry("F32", [1], [0, 4]) }, new Uint8Array(8)), "tensors end at"],
  [
    "overlapping tensors",
    file({ a: entry("F32", [1], [0, 4]), b: entry("F32", [1], [0, 4]) }, new Uint8Array(4)),
    "must start at byte 4",
  ],
];
for (const [what, bytes, message] of BROKEN) {
  Deno.test(`parseSafetensors() refuses ${what}`, () => {
    assertThrows(() => parseSafetensors(bytes, "x.safetensors"), Error, message);
    assertThrows(() => parseSafetensors(bytes, "x.safetensors"), Error, "x.safetensors");
  });
}

Deno.test("readWeights() notices a single altered byte", async () => {
  const bytes = file({ a: entry("F32", [1], [0, 4]) }, new Uint8Array(4));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  assertEquals((await readWeights(bytes, { sha256 })).a!.shape, [1]);
  bytes[bytes.length - 1]! ^= 1;
  await assertRejects(() => readWeights(bytes, { sha256 }), Error, "SHA-256 must be");
});

Deno.test("readWeights() names a missing file", async () => {
  await assertRejects(() => readWeights("no/such.safetensors"), Error, "no/such.safetensors");
});

Deno.test("loadVgg16() refuses a file whose layers are missing", async () => {
  const bytes = file({ a: entry("F32", [1], [0, 4]) }, new Uint8Array(4));
  await assertRejects(() => loadVgg16({ weights: bytes }), Error, "no block1_conv1.kernel");
});

const architecture = vggArchitecture("stub", [2, 1, 2]);

Deno.test("createNetwork() refuses NaN and says where", () => {
  const weights = stubWeights();
  weights["block2_conv1.bias"]!.data[3] = NaN;
  assertThrows(
    () => createNetwork(architecture, weights),
    Error,
    "block2_conv1.bias at position 3",
  );
});

Deno.test("createNetwork() refuses a wrong shape and names it", () => {
  const weights = stubWeights();
  weights["block2_conv1.kernel"]!.shape = [3, 3, 6, 4];
  assertThrows(() => createNetwork(architecture, weights), Error, "[height, width, 4, out]");
});

Deno.test("readWeights() tells the format by the content, not by the name", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "weights.bin");
  const safetensors = file({ a: entry("F32", [1], [0, 4]) }, new Uint8Array(4));
  const contents: [Uint8Array, string][] = [
    [safetensors, "a"],
    [zipSync({ "a.safetensors": safetensors }), "a"],
    [await Deno.readFile(goldenFile("vgg19_old.h5")), "block1_conv1.kernel"],
    [await Deno.readFile(goldenFile("inception5h.zip")), "conv2d0_w"],
  ];
  for (const [bytes, name] of contents) {
    await Deno.writeFile(path, bytes);
    assertEquals(Object.keys(await readWeights(path))[0], name);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readWeights() takes Node's buffers for what they are: views into something larger", async () => {
  for (const name of ["vgg19_old.h5", "inception5h.zip"]) {
    const bytes = await Deno.readFile(goldenFile(name));
    const buffer = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    assertEquals(await readWeights(buffer), await readWeights(bytes));
  }
  const body = new Uint8Array(new Float32Array([2]).buffer);
  const buffer = Buffer.from(file({ a: entry("F32", [1], [0, 4]) }, body));
  assertEquals(Array.from(parseSafetensors(buffer).a!.data), [2]);
});

Deno.test("parseSafetensors() looks eight bits up in their table", () => {
  const body = new Uint8Array([...new Uint8Array(new Float32Array([-1, 0.5]).buffer), 1, 1, 0, 1]);
  const header = { "a.table": entry("F32", [2], [0, 8]), "a.index": entry("U8", [2, 2], [8, 12]) };
  const weights = parseSafetensors(file(header, body));
  assertEquals(weights, { a: { shape: [2, 2], data: new Float32Array([0.5, 0.5, -1, 0.5]) } });
});

Deno.test("readWeights() names the file in every refusal of what is broken", async () => {
  for (const name of ["dtype_object.safetensors", "forty_tensors.pb", "flipped_member.zip"]) {
    const place = goldenFile(`broken/${name}`);
    const error = await assertRejects(() => readWeights(place), Error, "Cannot read the weights ");
    assertStringIncludes(error.message, name);
  }
});

Deno.test("readWeights() notices a flipped bit in an archive by its checksum", async () => {
  const place = goldenFile("broken/flipped_member.zip");
  const rule = "w.safetensors in the archive must have the checksum";
  await assertRejects(() => readWeights(place), Error, rule);
});

Deno.test("readWeights() says what a file is that is no weights file, and what to do", async () => {
  const text = (text: string) => new TextEncoder().encode(text);
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 80134624\n";
  const tar = new Uint8Array(512);
  tar.set(text("ustar"), 257);
  const kinds: [Uint8Array, string][] = [
    [text(pointer), "a Git LFS pointer, which only names the file; fetch the file itself with"],
    [text("<!DOCTYPE html>\n<html></html>"), "a web page; its address is that of a page about"],
    [text("\n <html lang='en'>"), "a web page"],
    [text("MATLAB 5.0 MAT-file, Platform: GLNXA64"), "a MATLAB file; convert it"],
    [new Uint8Array([0x93, ...text("NUMPY"), 1, 0, 0, 0]), "a single NumPy array (.npy); save"],
    [new Uint8Array([0x80, 4, 0x4e, 0x2e]), "a Python pickle, which may run anything; save"],
    [new Uint8Array([0x1f, 0x8b, 8, 0]), "a file packed by gzip; unpack it first"],
    [tar, "a tar archive; unpack it first"],
    [new Uint8Array([8, 7, 0x12, 4]), "perhaps an ONNX model; save the weights as"],
    [new Uint8Array([0x1c, 0, 0, 0, ...text("TFL3")]), "a TensorFlow Lite model"],
  ];
  for (const [bytes, value] of kinds) {
    await assertRejects(() => readWeights(bytes), Error, `current value is ${value}`);
  }
});

Deno.test("readWeights() says what it can read and how another file starts", async () => {
  const formats =
    "safetensors, PyTorch's .pth, Keras' HDF5, a caffemodel, a TensorFlow GraphDef, " +
    "NumPy's .npz or a zip archive with one of them";
  const refusals: [Uint8Array, string][] = [
    [new Uint8Array(), "current value is an empty file; fetch it again"],
    [new TextEncoder().encode("not found, sorry"), "16 bytes that starts 6e 6f 74 20 66 6f 75 6e"],
  ];
  for (const [bytes, value] of refusals) {
    const error = await assertRejects(() => readWeights(bytes), Error, formats);
    assertStringIncludes(error.message, value);
  }
  await assertRejects(
    () => readWeights("lib/"),
    Error,
    'Cannot read the weights "lib/" as its path',
  );
});

Deno.test("readWeights() does not read a file that is too large", async () => {
  const path = await Deno.makeTempFile();
  await Deno.truncate(path, 2 ** 30 + 1); // takes no room on the disk
  await assertRejects(() => readWeights(path), Error, "it must have at most 1000 MB");
  await Deno.remove(path);
});

Deno.test("readWeights() checks an MD5 where that is what was published", async () => {
  const bytes = file({ a: entry("F32", [1], [0, 4]) }, new Uint8Array(4));
  const md5 = createHash("md5").update(bytes).digest("hex");
  assertEquals((await readWeights(bytes, { md5 })).a!.shape, [1]);
  bytes[bytes.length - 1]! ^= 1;
  await assertRejects(() => readWeights(bytes, { md5 }), Error, `MD5 must be ${md5}`);
});

Deno.test("readWeights() reads from an address", async () => {
  const bytes = file({ a: entry("F32", [1], [0, 4]) }, new Uint8Array(4));
  const handler = ({ url }: Request) =>
    new Response(new Uint8Array(bytes), { status: url.endsWith("/a.safetensors") ? 200 : 404 });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const address = `http://127.0.0.1:${server.addr.port}`;
  assertEquals((await readWeights(`${address}/a.safetensors`)).a!.shape, [1]);
  await assertRejects(() => readWeights(`${address}/b`), Error, "current value is the answer 404");
  await server.shutdown();
});
