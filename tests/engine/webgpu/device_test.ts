/**
 * What only WebGPU has: failures of the device, and how much work a step gives it.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { engineTrouble, useEngine } from "../../../lib/engine/engine.ts";
import { RunError } from "../../../lib/run/errors.ts";
import { frames } from "../../../lib/run/frames.ts";
import type { StylizeOptions } from "../../../lib/run/options.ts";
import { adam } from "../../../lib/optimizers/mod.ts";
import type { Picture } from "../../../lib/picture/picture.ts";
import { gatys } from "../../../lib/run/presets.ts";
import { stylize } from "../../../lib/run/stylize.ts";
import type { Network } from "../../../lib/network/network.ts";
import { loadVgg16 } from "../../../lib/network/vgg.ts";
import { ENGINES } from "../../helpers/engines.ts";
import { noisePicture, stubNetwork } from "../../helpers/stub.ts";

const ignore = !ENGINES.includes("webgpu"); // `engines.ts` prints why
const backend = () => tf.backend() as WebGPUBackend;

Deno.test({
  name: "a failing device ends the run with a message and the last picture",
  ignore,
  fn: async () => {
    await useEngine("webgpu");
    const network = stubNetwork();
    const content = noisePicture(12, 10, 1);
    let last: Picture | undefined;
    const options: StylizeOptions = { content: { picture: content }, iterations: 9 };
    const error = await assertRejects(
      () =>
        stylize(network, {
          ...options,
          readEvery: 1,
          onFrame: async (frame) => {
            last = frame.picture;
            if (frame.iteration !== 1) return;
            // A buffer that no device grants: the device reports it as an uncaptured error.
            backend().device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
            await backend().device.queue.onSubmittedWorkDone();
          },
        }),
      RunError,
      "Cannot go on as the GPU",
    );
    assertEquals(error.picture, last);
    assert(engineTrouble() !== undefined);
    // Choosing the engine again makes a new device.
    await useEngine("webgpu");
    assertEquals(engineTrouble(), undefined);
    await stylize(network, { ...options, iterations: 2 });
    network.dispose();
  },
});

const [content, style] = [noisePicture(64, 64, 1), noisePicture(64, 64, 2)];
const halves: Picture = {
  width: 64,
  height: 64,
  data: Float32Array.from(
    { length: 64 * 64 * 3 },
    (_, i) => i % 3 === (i % 192 < 96 ? 0 : 2) ? 255 : 0,
  ),
};

/** Programs of a step at 64 px, as counted on 2026-11-27. A change that needs more shows here. */
const STEPS: readonly [name: string, options: StylizeOptions, programs: number][] = [
  ["", gatys(content, style), 106],
  [" under masks", gatys(content, style, { regions: { content: halves, styles: halves } }), 212],
  [" of Wasserstein distances", gatys(content, style, { measure: "wasserstein" }), 352],
];

for (const [name, options, limit] of STEPS) {
  Deno.test({
    name: `a WebGPU step${name} wastes nothing: programs, uploads and read-backs are bounded`,
    ignore,
    fn: async () => {
      await useEngine("webgpu");
      const network = await loadVgg16();
      const { programs, reads, uploads } = await thirdStep(network, options);
      network.dispose();
      const count = (name: RegExp) => programs.filter((program) => name.test(program)).length;
      const tally = Map.groupBy(programs, (name) => name);
      console.log(
        `${programs.length} programs, ${uploads} uploads a step: ` +
          Array.from(tally, ([name, { length }]) => `${length} ${name}`).join(", "),
      );
      assertEquals(reads, 0, "nothing is read back when nothing is shown");
      assert(uploads <= 4, `${uploads} uploads: uniforms that stay the same are kept`);
      assertEquals(count(/Conv2DDerInput|Conv2DDerFilter/), 0, "no stock convolution gradient");
      assertEquals(count(/reluMask/), 0, "masks are part of the convolutions");
      assert(programs.length <= limit, `${programs.length} programs`);
    },
  });
}

/** What the third step of Adam asks of the GPU. */
async function thirdStep(network: Network, options: StylizeOptions) {
  const gpu = backend();
  const programs: string[] = [];
  let [reads, uploads] = [0, 0];
  const { runWebGPUProgram, read } = gpu;
  const { writeBuffer } = gpu.queue;
  gpu.runWebGPUProgram = (program, ...rest) => {
    const { name } = program.constructor;
    programs.push(name === "ElementProgram" ? program.shaderKey.split(" ")[0]! : name);
    return runWebGPUProgram.call(gpu, program, ...rest);
  };
  gpu.read = (id) => (reads++, read.call(gpu, id));
  gpu.queue.writeBuffer = (...args) => (uploads++, writeBuffer.apply(gpu.queue, args));
  try {
    const optimizer = adam({ stepSize: 5 });
    const run = frames(network, { ...options, optimizer, iterations: 5, readEvery: 100 });
    for (let i = 0; i < 2; i++) await run.next();
    programs.length = reads = uploads = 0;
    await run.next();
    await run.return(undefined as never);
  } finally {
    gpu.runWebGPUProgram = runWebGPUProgram;
    gpu.read = read;
    gpu.queue.writeBuffer = writeBuffer;
  }
  return { programs, reads, uploads };
}
