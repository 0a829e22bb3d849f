import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "../../lib/engine/engine.ts"; // keeps TensorFlow.js from printing its banner
import { convertWeights } from "../../lib/terminal/convert.ts";
import { NETWORKS } from "../../lib/network/networks.ts";
import { readWeights } from "../../lib/network/weights/read.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { goldenFile, SMALL } from "../helpers/seeded_networks.ts";

const FILES = { vgg16: "vgg16_new.h5", vgg19: "vgg19_old.h5", inception5h: "inception5h.zip" };

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function convert(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "lib/terminal/convert.ts", ...args],
    cwd: new URL("../../", import.meta.url),
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

for (const [name, file] of Object.entries(FILES)) {
  Deno.test(`convertWeights() turns ${file} into safetensors that the network loads`, () =>
    inFolder(async (folder) => {
      const output = join(folder, "weights.safetensors");
      const { architecture, load } = NETWORKS[name];
      const converted = await convertWeights(fileURLToPath(goldenFile(file)), output);
      const bytes = await Deno.readFile(output);
      assertEquals(converted, {
        network: architecture.name,
        tensors: 2 * architecture.graph.filter(({ op }) => op === "conv2d").length,
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
      const network = await load({ weights: output });
      for (const [tensor, { shape, data }] of Object.entries(SMALL[name]())) {
        assertEquals(network.weights[tensor].shape, shape);
        assertAllClose(network.weights[tensor].data, data, { rtol: 2 ** -10, scale: "rms" });
      }
      network.dispose();
      assertEquals([...Deno.readDirSync(folder)].length, 1);
    }));
}

Deno.test("convertWeights() leaves the classifiers out", () =>
  inFolder(async (folder) => {
    const output = join(folder, "weights.safetensors");
    await convertWeights(fileURLToPath(goldenFile("inception5h.zip")), output);
    const names = Object.keys(await readWeights(output));
    assertEquals(names.filter((name) => !/^(conv2d|mixed)/.test(name)), []);
  }));

Deno.test("convertWeights() says why a file fits none of the networks, and writes nothing", () =>
  inFolder(async (folder) => {
    const input = fileURLToPath(new URL("../golden/golden.safetensors", import.meta.url));
    const attempt = () => convertWeights(input, join(folder, "x.safetensors"));
    const error = await assertRejects(attempt, Error, "as it fits no network");
    for (const { architecture } of Object.values(NETWORKS)) {
      assertStringIncludes(error.message, `Cannot build ${architecture.name}`);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("deno task convert writes a file and says what is in it", () =>
  inFolder(async (folder) => {
    const output = join(folder, "v.safetensors");
    const { code, text } = await convert(fileURLToPath(goldenFile("vgg19_old.h5")), output);
    assertEquals(code, 0, text);
    assertStringIncludes(text, "VGG-19, 32 tensors");
    assert(Deno.statSync(output).size > 1000);
    assertEquals((await convert("only-one")).code, 2);
    const missing = await convert("no/such.h5", output);
    assertEquals(missing.code, 1);
    assertStringIncludes(
      missing.text,
      'Cannot read the weights "no/such.h5" as there must be a file',
    );
  }));
