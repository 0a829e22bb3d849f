import { assert, assertEquals, assertThrows } from "@std/assert";
import { zipSync } from "fflate";
import { isZip, weightsMember, zipMembers } from "../../../lib/network/weights/zip.ts";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { goldenFile } from "../../helpers/seeded_networks.ts";

const noise = new Uint8Array(uniformNoise(75_000, 0, 1, seededRandom(1)).buffer);
const text = new TextEncoder().encode("kit fox\n");

const unzipWeights = (archive: Uint8Array, name: string, maxBytes?: number) =>
  weightsMember(zipMembers(archive, name, maxBytes), name);

/** Where a local or central header of an archive keeps the packed and the unpacked size. */
const SIZES = { local: [0x04034b50, 18, 22], central: [0x02014b50, 20, 24] } as const;

/** Lets the headers of an archive with one file claim another unpacked size. */
function claim(archive: Uint8Array, size: number): Uint8Array {
  const bytes = archive.slice();
  const view = new DataView(bytes.buffer);
  for (const [signature, , unpacked] of Object.values(SIZES)) {
    for (let i = 0; i + 30 < bytes.length; i++) {
      if (view.getUint32(i, true) === signature) view.setUint32(i + unpacked, size, true);
    }
  }
  return bytes;
}

Deno.test("weightsMember() takes the weights out of TensorFlow's archive", async () => {
  const archive = await Deno.readFile(goldenFile("inception5h.zip"));
  assert(isZip(archive));
  const { bytes, name } = unzipWeights(archive, "inception5h.zip");
  assertEquals([bytes[0], name], [10, "inception5h.zip/tensorflow_inception_graph.pb"]);
});

for (const level of [0, 6] as const) {
  Deno.test(`weightsMember() finds the file among others, level ${level}`, () => {
    const archive = zipSync({ "labels.txt": text, "a/w.pb": noise, LICENSE: text }, { level });
    const { bytes, name } = unzipWeights(archive, "x.zip");
    assertEquals(bytes, noise);
    assertEquals(name, "x.zip/a/w.pb");
  });
}

const one = zipSync({ "w.pb": noise });
const BROKEN: [string, Uint8Array, string][] = [
  [
    "an archive without weights",
    zipSync({ "labels.txt": text }),
    "must hold a .pb, .h5, .safetensors",
  ],
  ["an empty archive", zipSync({}), "must hold a .pb, .h5, .safetensors"],
  ["a cut-off archive", one.slice(0, 100_000), "must be whole"],
  ["an archive cut after the header", one.slice(0, 40), "must be whole"],
  ["an altered stream", one.map((byte, i) => i > 50 && i < 99 ? 0xff : byte), "must inflate to"],
  ["a size that is too small", claim(one, 1000), "w.pb in the archive must inflate to 1000 bytes"],
  ["a size that is too large", claim(one, 999_999), "w.pb in the archive must have 999999 bytes"],
  ["a claim of 4 GB", claim(one, 2 ** 32 - 1), "must have at most 268435456 bytes unpacked"],
];
for (const [what, archive, message] of BROKEN) {
  Deno.test(`weightsMember() refuses ${what}`, () => {
    const error = assertThrows(() => unzipWeights(archive, "x.zip"), Error, message);
    assert(error.message.startsWith("Cannot read the weights x.zip as "), error.message);
  });
}

Deno.test("weightsMember() stops a bomb that claims to be small", () => {
  const bomb = claim(zipSync({ "w.pb": new Uint8Array(100_000_000) }, { level: 1 }), 1000);
  assert(bomb.length < 1_000_000);
  const before = Deno.memoryUsage().rss;
  const rule = "w.pb in the archive must inflate to 1000 bytes";
  assertThrows(() => unzipWeights(bomb, "x.zip"), Error, rule);
  assert(Deno.memoryUsage().rss - before < 50e6, "memory grew");
});

Deno.test("zipMembers() bounds what all members inflate to together", () => {
  const archive = zipSync({ "a.npy": noise, "b.npy": noise, "c.npy": noise });
  const members = zipMembers(archive, "x.zip", 2.5 * noise.length);
  members.slice(0, 2).forEach(({ unpack }) => assertEquals(unpack(), noise));
  const rule =
    "c.npy in the archive must have at most 750000 bytes unpacked: current value is 900000";
  assertThrows(() => members[2]!.unpack(), Error, rule);
});

Deno.test("zipMembers() reads archives with 64-bit sizes, as PyTorch writes them", async () => {
  const archive = await Deno.readFile(goldenFile("vgg16.pth"));
  const data = zipMembers(archive, "x").find(({ name }) => name.endsWith("/data/0"))!;
  assertEquals([data.bytes, data.unpack().length], [216, 216]); // 3 * 3 * 3 * 2 values
});
