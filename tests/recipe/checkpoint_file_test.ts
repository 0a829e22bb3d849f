// Not quick: it runs everything twice.
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { adam, average, gradientDescent, lbfgs } from "../../lib/optimizers/mod.ts";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  readCheckpoint,
  type SavedCheckpoint,
  writeCheckpoint,
} from "../../lib/recipe/checkpoint_file.ts";
import type { StylizeOptions } from "../../lib/run/options.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork } from "../helpers/stub.ts";

const bytesOf = (saved: SavedCheckpoint) => Uint8Array.from(Buffer.concat(encodeCheckpoint(saved)));

const origin = { version: "1", style: "abc" };
const options: StylizeOptions = {
  content: { picture: noisePicture(24, 16, 1), layers: ["relu2_1"] },
  style: { picture: noisePicture(20, 18, 2) },
  denoise: {},
  weighting: "constant",
};
const runs: Record<string, StylizeOptions> = {
  "gradient descent": { optimizer: gradientDescent(), weighting: "adaptive", iterations: 8 },
  "adam": { optimizer: adam(), iterations: 8 },
  "lbfgs": { optimizer: lbfgs(), iterations: 8 },
  "coarse to fine": { optimizer: adam(), sizes: [12, 24], iterations: [5, 3] },
  "averages, coarse to fine": { optimizer: average(adam()), sizes: [12, 24], iterations: [5, 3] },
};

for (const [name, changes] of Object.entries(runs)) {
  useEachEngine(`a run that goes on from a file ends with the same values: ${name}`, async () => {
    const network = stubNetwork();
    const run = { ...options, ...changes };
    const whole = await stylize(network, run);
    for (const evaluations of [1, 4, 5, 6]) {
      const { checkpoint } = await stylize(network, { ...run, evaluations });
      const left = 8 - checkpoint.iteration;
      if (left === 0) continue;
      const { checkpoint: resume } = decodeCheckpoint(bytesOf({ checkpoint, origin }));
      const rest = await stylize(network, {
        ...run,
        resume,
        ...(!run.sizes && { iterations: left }),
      });
      assertEquals(rest.iterations, 8);
      assertEquals(rest.picture.data, whole.picture.data);
    }
    network.dispose();
  }, ["cpu", "native"]);
}

const picture = noisePicture(5, 4, 3);
const checkpoint = {
  iteration: 7,
  evaluations: 9,
  picture,
  adjustments: [1e-10, Math.fround(0.1)],
  optimizer: {
    unit: { shape: [], data: Float32Array.of(2) },
    m: { shape: [2], data: Float32Array.of(1, -3) },
  },
};

Deno.test("a checkpoint comes back as it was, with what it was made from", () => {
  assertEquals(decodeCheckpoint(bytesOf({ checkpoint, origin })), { checkpoint, origin });
});

Deno.test("a checkpoint that is cut off, altered, or none is refused", () => {
  const bytes = bytesOf({ checkpoint, origin });
  for (const length of [0, 7, 15, 40, bytes.length - 1]) {
    assertThrows(() => decodeCheckpoint(bytes.slice(0, length)), Error, "Cannot go on from");
  }
  for (const at of [bytes.length - 1, bytes.length - 100]) {
    const altered = bytes.slice();
    altered[at]! ^= 1;
    assertThrows(() => decodeCheckpoint(altered), Error, "its SHA-256 must be");
  }
  assertThrows(
    () => decodeCheckpoint(new TextEncoder().encode("<html>".repeat(9))),
    Error,
    "must be a",
  );
});

Deno.test("of a damaged file the one before is taken, and another origin is named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/run.safetensors`;
    await writeCheckpoint(path, { checkpoint, origin });
    await writeCheckpoint(path, { checkpoint: { ...checkpoint, iteration: 8 }, origin });
    assertEquals((await readCheckpoint(path, origin)).checkpoint.iteration, 8);
    await Deno.truncate(path, 50);
    const notes: string[] = [];
    const before = await readCheckpoint(path, origin, (line) => notes.push(line));
    assertEquals(before.checkpoint.iteration, 7);
    assert(notes[0]!.includes("the one before it is used"));
    const altered = bytesOf({ checkpoint: { ...checkpoint, iteration: 8 }, origin });
    altered[altered.length - 1]! ^= 1;
    await Deno.writeFile(path, altered);
    assertEquals((await readCheckpoint(path)).checkpoint.iteration, 7);
    await Deno.remove(path);
    assertEquals((await readCheckpoint(path)).checkpoint.iteration, 7);
    const other = { ...origin, style: "def" };
    await assertRejects(() => readCheckpoint(path, other), Error, "its style must be def");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
