/**
 * PyTorch's files, made by `tests/reference/make_weights_golden.py`, and pickles that are none.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { zipSync } from "fflate";
import { seededRandom } from "../../../lib/base/random.ts";
import { unpickle } from "../../../lib/network/weights/pickle.ts";
import { parseWeights } from "../../../lib/network/weights/read.ts";
import {
  isOldTorch,
  isTorchZip,
  parseOldTorch,
  parseTorchZip,
} from "../../../lib/network/weights/torch.ts";
import { refusing, type Weights } from "../../../lib/network/weights/tensors.ts";
import { zipMembers } from "../../../lib/network/weights/zip.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { goldenFile, SMALL } from "../../helpers/seeded_networks.ts";

const newer = await Deno.readFile(goldenFile("vgg16.pth"));
const older = await Deno.readFile(goldenFile("vgg16_old.pth"));
const parseNewer = (bytes: Uint8Array) => parseTorchZip(zipMembers(bytes, "x.pth"), "x.pth");

/** Kernels `[height, width, in, out]` in PyTorch's order. */
function outFirst({ shape: [height, width, input, output], data }: Weights[string]): number[] {
  const area = height! * width!;
  return Array.from(data, (_, i) => {
    const position = i % area;
    const channel = Math.floor(i / area);
    return data[(position * input! + channel % input!) * output! + Math.floor(channel / input!)]!;
  });
}

/** Checks that the convolutions are those of the small VGG-16. */
function checkSmall(found: Weights, rtol: number): void {
  const wanted = Object.values(SMALL.vgg16!());
  const tensors = Object.entries(found).filter(([name]) => name.startsWith("features."));
  assertEquals(tensors.length, wanted.length);
  tensors.forEach(([name, { data, shape }], i) => {
    const { shape: [height, width, input, output] } = wanted[i]!;
    const isKernel = name.endsWith(".weight");
    assertEquals(shape, isKernel ? [output!, input!, height!, width!] : wanted[i]!.shape);
    const values = isKernel ? outFirst(wanted[i]!) : wanted[i]!.data;
    assertAllClose(data, values, { rtol, scale: "rms" });
  });
}

Deno.test("parseTorchZip() reads what torch.save() writes, dense layers left out", () => {
  assert(isTorchZip(zipMembers(newer, "x.pth")));
  const found = parseNewer(newer);
  checkSmall(found, 0);
  assertEquals(Object.hasOwn(found, "classifier.0.weight"), false);
});

Deno.test("parseOldTorch() reads the format before PyTorch 1.6", () => {
  assert(isOldTorch(older));
  checkSmall(parseOldTorch(older, "x.pth"), 0);
});

Deno.test("parseTorchZip() reads checkpoints: nested, half precision, views with strides", async () => {
  checkSmall(parseNewer(await Deno.readFile(goldenFile("vgg16_checkpoint.pth"))), 2 ** -10);
});

Deno.test("parseTorchZip() refuses a whole model by the name of its class", async () => {
  const model = await Deno.readFile(goldenFile("refused_model.pth"));
  const rule = "a pickle may hold only tensors and dictionaries";
  const error = assertThrows(() => parseNewer(model), Error, rule);
  assert(error.message.endsWith("torch.nn.modules.module.Module"), error.message);
});

// Pickles written by hand, an operation a character or more.

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const read = (text: string, functions = {}) =>
  unpickle(bytesOf(text), 0, { refuse: refusing("x.pkl"), functions }).value;

Deno.test("unpickle() reads plain data", () => {
  // {"a": (1, -2, 0.5), "b": [True, None, 2**40]}
  const half = "\x3f\xe0\0\0\0\0\0\0";
  const pickle = "\x80\x02}(X\x01\0\0\0aK\x01J\xfe\xff\xff\xffG" + half + "\x87" +
    "X\x01\0\0\0b](\x88N\x8a\x06\0\0\0\0\0\x01eu.";
  const wanted = new Map<string, unknown>([["a", [1, -2, 0.5]], ["b", [true, null, 2 ** 40]]]);
  assertEquals(read(pickle), wanted as never);
});

const HOSTILE: [string, string, string][] = [
  ["a call of the system", "\x80\x02cos\nsystem\n(X\x02\0\0\0lstR.", "current value is os.system"],
  ["the same by protocol 4", "\x80\x04\x8c\x02os\x8c\x06system\x93.", "current value is os.system"],
  ["eval", "c__builtin__\neval\n(V1+1\ntR.", "current value is __builtin__.eval"],
  ["a class of the table's own objects", "cObject\nconstructor\n.", "Object.constructor"],
  ["an instance by its class", "(ios\nsystem\n.", "only plain operations: current value is 0x69"],
  ["an object by its class", "(cos\nsystem\no.", "current value is os.system"],
  ["a new object", "cos\nsystem\n)\x81.", "current value is os.system"],
  ["an extension", "\x82\x01.", "only plain operations: current value is 0x82"],
  ["a call of something that is no function", "K\x01)R.", "may call only what is known"],
  ["an id of something outside", "K\x01Q.", "a pickle must stand alone"],
  ["an empty stack", ".", "the pickle must be in order"],
  ["a mark that is missing", "K\x01t.", "the pickle must be in order"],
  [
    "a place that nothing was put in",
    "h\x05.",
    "the pickle must be in order: current value is memo",
  ],
  ["an end that is missing", "K\x01", "the pickle must be whole"],
  ["a string longer than the file", "X\xff\xff\xff\x7fabc.", "the pickle must be whole"],
  ["a line without an end", "cos", "the pickle must be whole"],
  ["an item of no dictionary", "K\x01K\x02K\x03s.", "the pickle must be in order"],
];
for (const [what, pickle, message] of HOSTILE) {
  Deno.test(`unpickle() refuses ${what}`, () => {
    const error = assertThrows(() => read(pickle), Error, message);
    assert(error.message.startsWith("Cannot read the weights x.pkl as "), error.message);
  });
}

Deno.test("unpickle() stops a pickle of millions of objects", () => {
  const long = new Uint8Array(3_000_000).fill("N".charCodeAt(0));
  const options = { refuse: refusing("x.pkl"), functions: {} };
  assertThrows(() => unpickle(long, 0, options), Error, "at most 2097152 operations");
});

Deno.test("unpickle() is not led astray by a list that holds itself", () => {
  const list = read("]q\0h\0a.") as unknown[];
  assert(list[0] === list);
});

Deno.test("parseTorchZip() refuses archives that contradict themselves", () => {
  const members = Object.fromEntries(
    zipMembers(newer, "x").map(({ name, unpack }) => [name, new Uint8Array(unpack())]),
  );
  const pickle = Object.keys(members).find((name) => name.endsWith("data.pkl"))!;
  const data = Object.keys(members).find((name) => name.endsWith("/data/0"))!;
  const changed = (name: string, bytes?: Uint8Array) => {
    const { [name]: _, ...others } = members;
    return zipSync({ ...others, ...(bytes && { [name]: bytes }) }, { level: 0 });
  };
  const cases: [Uint8Array, string][] = [
    [changed(data), "the archive must hold"],
    [changed(data, members[data]!.slice(4)), "features.0.weight [2,3,3,3] must lie within"],
    [changed(pickle, members[pickle]!.slice(0, 300)), "the pickle must be whole"],
    [
      changed(pickle, bytesOf("K\x01.")),
      "it must hold a dictionary of tensors: current value is 1",
    ],
    [changed(pickle.replace("data.pkl", "byteorder"), bytesOf("big")), "must be little-endian"],
  ];
  for (const [archive, message] of cases) assertThrows(() => parseNewer(archive), Error, message);
});

Deno.test("parseOldTorch() refuses a file that is cut off", () => {
  for (const length of [40, 400, 5000, older.length - 1]) {
    assertThrows(() => parseOldTorch(older.slice(0, length)), Error, "must");
  }
});

Deno.test("PyTorch's files survive altered bytes: weights or an error", async () => {
  const random = seededRandom(1);
  for (let i = 0; i < 300; i++) {
    const bytes = (i % 2 ? newer : older).slice();
    for (let j = 0; j < 4; j++) bytes[Math.floor(random() ** 2 * bytes.length)] = 256 * random();
    try {
      await parseWeights(bytes, "x.pth");
    } catch (error) {
      const { message } = error as Error;
      assert(message.startsWith("Cannot read the weights x.pth"), (error as Error).stack);
    }
  }
});
