import { assert, assertEquals, assertThrows } from "@std/assert";
import { zipSync } from "fflate";
import { isNpy, isNpz, parseNpz } from "../../../lib/network/weights/numpy.ts";
import { zipMembers } from "../../../lib/network/weights/zip.ts";
import { goldenFile, SMALL } from "../../helpers/seeded_networks.ts";

const open = async (file: string) => zipMembers(await Deno.readFile(goldenFile(file)), "x.npz");

Deno.test("parseNpz() reads numpy.savez: two types, Fortran's order, dense layers left out", async () => {
  const members = await open("vgg16.npz");
  assert(isNpz(members));
  const found = parseNpz(members);
  const wanted = SMALL.vgg16!();
  assertEquals(found["conv2_1_W"], wanted["block2_conv1.kernel"]); // in Fortran's order there
  assertEquals(found["conv2_1_b"], wanted["block2_conv1.bias"]); // float64 there
  assertEquals(found["conv5_3_W"], wanted["block5_conv3.kernel"]);
  assertEquals(Object.keys(found).filter((name) => /W$/.test(name)).length, 13); // no fc8
});

Deno.test("parseNpz() refuses Python's objects without unpacking them", async () => {
  const members = await open("refused_objects.npz");
  assertThrows(
    () => parseNpz(members, "x.npz"),
    Error,
    "a must hold numbers, not Python's objects",
  );
});

/** An array with a header as written. */
function array(header: string, bytes = 4, length = header.length): Uint8Array {
  const start = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, length % 256, length >> 8];
  return new Uint8Array([...start, ...new TextEncoder().encode(header), ...new Uint8Array(bytes)]);
}
const HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
const parse = (bytes: Uint8Array) => parseNpz(zipMembers(zipSync({ "a.npy": bytes }), "x"), "x");

Deno.test("parseNpz() reads an array written by hand", () => {
  assert(isNpy(array(HEADER)));
  assertEquals(parse(array(HEADER)), { a: { shape: [1], data: new Float32Array(1) } });
});

const BROKEN: [string, Uint8Array, string][] = [
  ["a cut-off header", array("{'descr'", 0), "a must have a header with descr"],
  ["a file that ends after its magic", array("", 0).slice(0, 8), "a must be a whole array"],
  ["no array at all", new Uint8Array(20), "a must be a whole array"],
  [
    "a type it does not know",
    array(HEADER.replace("<f4", ">f4")),
    "a must be little-endian f2, f4",
  ],
  ["whole numbers", array(HEADER.replace("<f4", "<i8")), "a must be little-endian f2, f4 or f8"],
  ["a shape that lies", array(HEADER.replace("(1,)", "(2,)")), "a [2] in <f4 takes 8 bytes"],
  [
    "a shape of 2 TB",
    array(HEADER.replace("(1,)", "(8192, 8192, 8192, 1)")),
    "tensors must have at most 67108864 values together",
  ],
  ["a header longer than the file", array(HEADER, 4, 60_000), "a [1] in <f4 takes 4 bytes"],
];
for (const [what, bytes, message] of BROKEN) {
  Deno.test(`parseNpz() refuses ${what}`, () => {
    const error = assertThrows(() => parse(bytes), Error, message);
    assert(error.message.startsWith("Cannot read the weights x as "), error.message);
  });
}
