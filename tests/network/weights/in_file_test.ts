import { assertEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { featuresOf } from "../../../lib/network/features.ts";
import { loadNetwork } from "../../../lib/network/load.ts";
import { createNetwork, type Network } from "../../../lib/network/network.ts";
import { vggArchitecture } from "../../../lib/network/vgg.ts";
import { parseSafetensors, type Weights } from "../../../lib/network/weights/read.ts";
import { writeSafetensors } from "../../../lib/network/weights/safetensors.ts";
import { toTensor } from "../../../lib/picture/picture.ts";
import { useEachEngine } from "../../helpers/engines.ts";
import { inFolder } from "../../helpers/folder.ts";
import { noisePicture, stubWeights } from "../../helpers/stub.ts";

const STUB = vggArchitecture("stub", [2, 1, 2]);
const BYTES = {
  16: writeSafetensors(stubWeights()),
  8: writeSafetensors(stubWeights(), { bits: 8 }),
};

/** A network whose weights are in a file that the library takes for one of its own, and its path. */
async function inFile(
  bits: 8 | 16,
  work: (network: Network, path: string) => Promise<void> | void,
) {
  await inFolder(async (folder) => {
    const path = `${folder}/stub.safetensors`;
    await Deno.writeFile(path, BYTES[bits]);
    const sha256 = createHash("sha256").update(BYTES[bits]).digest("hex");
    await work(await loadNetwork(STUB, { path: pathToFileURL(path), sha256 }), path);
  });
}

const listed = (weights: Weights) =>
  Object.entries(weights).map(([name, { shape, data }]) => [name, shape, Array.from(data)]).sort();

for (const bits of [8, 16] as const) {
  useEachEngine(`weights of ${bits} bits stay in their file: numbers and features`, async () => {
    await inFile(bits, async (network) => {
      const plain = createNetwork(STUB, parseSafetensors(BYTES[bits]));
      const image = toTensor(noisePicture(13, 11));
      const seen = await Promise.all([network, plain].map(async (each) => {
        return Array.from(await featuresOf(each, image, ["relu3_2"]).relu3_2!.data());
      }));
      assertEquals(seen[0], seen[1]);
      assertEquals(seen[0]!.some((value) => value > 0), true);
      assertEquals(listed(network.weights), listed(plain.weights));
      network.dispose();
      plain.dispose();
    });
  });
}

Deno.test("what is read belongs to the caller; what was looked at stays", async () => {
  await inFile(16, (network) => {
    const tensor = network.weights["block2_conv1.kernel"]!;
    const before = tensor.data;
    const numbers = Array.from(before);
    (tensor.read!().buffer as ArrayBuffer).transfer(0);
    assertEquals(Array.from(tensor.data), numbers);
    assertEquals(tensor.data === before, true);
  });
});

Deno.test("a file of weights may be touched or copied in use, but not changed or taken away", async () => {
  await inFile(16, async (network, path) => {
    const { read } = network.weights["block1_conv1.kernel"]!;
    const numbers = Array.from(read!());
    await Deno.utime(path, 1, 1);
    assertEquals(Array.from(read!()), numbers);
    await Deno.remove(path);
    assertThrows(() => read!(), Error, "the file must stay in its place while it is used");
    await Deno.writeFile(path, BYTES[16]);
    assertEquals(Array.from(read!()), numbers);
    await Deno.writeFile(path, BYTES[8]);
    assertThrows(() => read!(), Error, "the file must not change in use: load the network again");
    assertThrows(() => network.weights["block1_conv1.bias"]!.data, Error, "SHA-256");
  });
});
