import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "../../lib/engine/engine.ts"; // keeps TensorFlow.js from printing its banner
import { convertWeights } from "../../lib/network/weights/convert.ts";
import { NETWORKS } from "../../lib/network/networks.ts";
import { loadVgg16, loadVgg19 } from "../../lib/network/vgg.ts";
import { readWeights } from "../../lib/network/weights/read.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { call } from "../helpers/command.ts";
import { inFolder } from "../helpers/folder.ts";
import { goldenFile, SMALL } from "../helpers/seeded_networks.ts";

const FILES = { vgg16: "vgg16_new.h5", vgg19: "vgg19_old.h5", inception5h: "inception5h.zip" };

const convert = (...args: string[]) => call("lib/terminal/convert.ts", args);

for (const [name, file] of Object.entries(FILES)) {
  Deno.test(`convertWeights() turns ${file} into safetensors that the network loads`, () =>
    inFolder(async (folder) => {
      const output = join(folder, "weights.safetensors");
      const { architecture, load } = NETWORKS[name]!;
      const converted = await convertWeights(fileURLToPath(goldenFile(file)), output);
      const bytes = await Deno.readFile(output);
      assertEquals(converted, {
        network: architecture.name,
        tensors: new Set(architecture.graph.flatMap((step) =>
          step.op === "conv2d" ? [step.filter, step.bias] : []
        )).size,
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
      const network = await load({ weights: output });
      for (const [tensor, { shape, data }] of Object.entries(SMALL[name]!())) {
        assertEquals(network.weights[tensor]!.shape, shape);
        assertAllClose(network.weights[tensor]!.data, data, { rtol: 2 ** -10, scale: "rms" });
      }
      network.dispose();
      assertEquals([...Deno.readDirSync(folder)].length, 1);
    }));
}

Deno.test("convertWeights() with 8 bits: a file that the network loads, weights by palette", () =>
  inFolder(async (folder) => {
    const output = join(folder, "v.safetensors");
    const { tensors } = await convertWeights(fileURLToPath(goldenFile(FILES.vgg19)), output, {
      bits: 8,
    });
    assertEquals(tensors, 32);
    const network = await loadVgg19({ weights: output });
    for (const [tensor, { shape, data }] of Object.entries(SMALL.vgg19!())) {
      const found = network.weights[tensor]!;
      assertEquals(found.shape, shape);
      assertAllClose(found.data, data, { rtol: 0.01, scale: "rms" });
    }
    network.dispose();
  }));

Deno.test("convertWeights() keeps what belongs to torchvision's pictures", () =>
  inFolder(async (folder) => {
    const output = join(folder, "v.safetensors");
    await convertWeights(fileURLToPath(goldenFile("vgg16.pth")), output);
    const [network, original] = await Promise.all(
      [output, goldenFile("vgg16.pth")].map((weights) => loadVgg16({ weights })),
    );
    assertAllClose(network!.preprocessing.mean, [123.675, 116.28, 103.53], { rtol: 1e-7 });
    for (const [tensor, { data }] of Object.entries(original!.weights)) {
      const found = network!.weights[tensor]!.data;
      assertAllClose(found, data, { rtol: 2 ** -10, scale: "rms" });
    }
  }));

Deno.test("convertWeights() refuses to write over what it reads, through links too", () =>
  inFolder(async (folder) => {
    const [input, link] = ["a.safetensors", "b.safetensors"].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    await Deno.copyFile(goldenFile("vgg16_torch.safetensors"), input);
    await Deno.symlink(input, link);
    const before = await Deno.readFile(input);
    for (const output of [input, link]) {
      const rule = "input and output must be two files";
      await assertRejects(() => convertWeights(input, output), Error, rule);
    }
    assertEquals(await Deno.readFile(input), before);
  }));

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
    const { code, said } = await convert(fileURLToPath(goldenFile("vgg19_old.h5")), output);
    assertEquals(code, 0, said);
    assertStringIncludes(said, "VGG-19, 32 tensors");
    assert(Deno.statSync(output).size > 1000);
    for (
      const wrong of [
        ["only-one"],
        ["a", "b.h5"],
        ["a", "b.safetensors", "--bits", "7"],
        [output, output],
        ["a", "b.safetensors", "--x"],
      ]
    ) {
      assertEquals((await convert(...wrong)).code, 2, wrong.join(" "));
    }
    const help = await convert("--help");
    assertEquals(help.code, 0);
    assertStringIncludes(help.out, "--bits BITS");
    await Deno.copyFile(goldenFile("vgg16.npz"), join(folder, "in.npz"));
    const args = ["in.npz", "out.safetensors", "--bits", "8"];
    const here = await call("lib/terminal/convert.ts", args, { INIT_CWD: folder });
    assertEquals(here.code, 0, here.said);
    assert(Deno.statSync(join(folder, "out.safetensors")).size > 1000);
    const missing = await convert("no/such.h5", output);
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.said, 'no/such.h5" as there must be a file');
  }));
