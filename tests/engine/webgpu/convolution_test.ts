/**
 * Convolutions, poolings, products and reductions of our own on WebGPU beside the plain ones of the
 * processor.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { seededRandom } from "../../../lib/base/random.ts";
import { useEngine } from "../../../lib/engine/engine.ts";
import { ENGINES } from "../../helpers/engines.ts";

const ignore = !ENGINES.includes("webgpu"); // `engines.ts` prints why

/** Numbers between -0.5 and 0.5; with few of them, many are equal. */
function randomTensor(shape: number[], seed: number, levels?: number): tf.Tensor {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
    const value = random() - 0.5;
    return levels ? Math.round(value * levels) / levels : value;
  });
  return tf.tensor(values, shape);
}

type Computation = {
  inputs: (readonly [shape: number[], levels?: number])[];
  compute: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** A program that must have run. */
  program: string;
};

/** The result on an engine, and the names of the programs that WebGPU ran. */
async function resultOf(engine: "webgpu" | "cpu", { inputs, compute }: Computation) {
  await useEngine(engine);
  const tensors = inputs.map(([shape, levels], i) => randomTensor(shape, i + 1, levels));
  const programs = new Set<string>();
  const gpu = tf.backend() as WebGPUBackend;
  const run = gpu.runWebGPUProgram;
  if (engine === "webgpu") {
    gpu.runWebGPUProgram = (program, ...rest) => {
      const { name } = program.constructor;
      programs.add(name === "ElementProgram" ? program.shaderKey.split(" ")[0]! : name);
      return run.call(gpu, program, ...rest);
    };
  }
  try {
    const kept = tf.engine().backend.numDataIds();
    const result = tf.tidy(() => compute(...tensors));
    const values = Array.from(await result.data());
    result.dispose();
    assertEquals(tf.engine().backend.numDataIds(), kept, "nothing is left behind");
    return { values, shape: result.shape, programs };
  } finally {
    if (engine === "webgpu") gpu.runWebGPUProgram = run;
    tf.dispose(tensors);
  }
}

/** Relative to the greatest number of the result. */
const TOLERANCE = 2e-6;

function isSame(name: string, computation: Computation): void {
  Deno.test({
    name: `${name} on WebGPU is that of the processor`,
    ignore,
    fn: async () => {
      const wanted = await resultOf("cpu", computation);
      const got = await resultOf("webgpu", computation);
      assert(got.programs.has(computation.program), `only ${[...got.programs].join()} ran`);
      assertEquals(got.shape, wanted.shape);
      const scale = wanted.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const worst = wanted.values.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - got.values[i]!)),
        0,
      );
      assert(worst <= TOLERANCE * scale, `${worst / scale} off`);
    },
  });
}

/** Sides of a picture, channels in and out, side of the filter. */
const CONVOLUTIONS: Record<string, [[number, number], number, number, number, string]> = {
  "a convolution in whole tiles": [[16, 32], 16, 64, 3, "TileProgram"],
  "one in parts of tiles": [[13, 17], 32, 20, 3, "TileProgram"],
  "one of few pixels and many channels": [[3, 2], 256, 72, 3, "sumOfParts"],
  "one of a single place": [[9, 30], 48, 132, 1, "TileProgram"],
  "one of a single pixel": [[1, 1], 16, 4, 3, "TileProgram"],
  "one of a picture": [[11, 14], 3, 64, 3, "PictureProgram"],
  "one to a picture": [[11, 14], 64, 3, 3, "PictureProgram"],
  "one from four channels to three": [[5, 6], 4, 3, 3, "PictureProgram"],
  "a large one of a picture": [[8, 9], 3, 16, 7, "PictureProgram"],
};

for (const [name, [[height, width], from, to, side, program]] of Object.entries(CONVOLUTIONS)) {
  const inputs: Computation["inputs"] = [
    [[1, height, width, from]],
    [[side, side, from, to]],
    [[to]],
    [[1, height, width, from]],
  ];
  const kernel = (name: string, tensors: object, attributes: object) =>
    tf.engine().runKernel(name, tensors as tf.NamedTensorMap, attributes as never) as tf.Tensor;
  for (const pad of ["same", "valid"] as const) {
    if (pad === "valid" && Math.min(height, width) < side) continue;
    const settings = { strides: [1, 1], pad, dataFormat: "NHWC", dilations: [1, 1] };
    isSame(`${name}, ${pad}`, {
      inputs,
      program,
      compute: (x, filter) => kernel("Conv2D", { x, filter }, settings),
    });
    isSame(`${name}, ${pad}, with bias and ReLU`, {
      inputs,
      program,
      compute: (x, filter, bias) =>
        kernel("FusedConv2D", { x, filter, bias }, { ...settings, activation: "relu" }),
    });
    isSame(`${name}, ${pad}, of what a mask leaves`, {
      inputs,
      program,
      compute: (x, filter, _, mask) =>
        tf.getBackend() === "webgpu"
          ? kernel("MaskedConv2D", { x, filter, mask }, settings)
          : kernel("Conv2D", { x: tf.mul(x!, tf.step(mask!)), filter }, settings),
    });
  }
}

isSame("a masked convolution that only TensorFlow.js has", {
  inputs: [[[1, 6, 7, 5]], [[3, 3, 5, 6]], [[1, 6, 7, 5]]],
  program: "reluMask",
  compute: (x, filter, mask) => {
    const settings = { strides: [2, 2], pad: "same", dataFormat: "NHWC", dilations: [1, 1] };
    return tf.getBackend() === "webgpu"
      ? tf.engine().runKernel("MaskedConv2D", { x, filter, mask } as never, settings) as tf.Tensor
      : tf.conv2d(tf.mul(x!, tf.step(mask!)) as tf.Tensor4D, filter as tf.Tensor4D, 2, "same");
  },
});

// With five levels there are equal numbers in most windows.
for (const [height, width, pad] of [[8, 6, "same"], [7, 5, "same"], [7, 5, "valid"]] as const) {
  isSame(`the gradient of max pooling, ${height} x ${width}, ${pad}`, {
    inputs: [[[1, height, width, 5], 4]],
    program: "maxPoolGradient",
    compute: (x) => tf.grad((x) => tf.sum(tf.square(tf.maxPool(x as tf.Tensor4D, 2, 2, pad))))(x!),
  });
}

for (const [rows, columns, other] of [[1024, 64, 64], [900, 32, 12], [2048, 16, 70]] as const) {
  isSame(`AᵀB of ${rows} x ${columns} and ${other}`, {
    inputs: [[[1, rows, columns]], [[1, rows, other]]],
    program: "BandProgram",
    compute: (a, b) => tf.matMul(a!, b!, true),
  });
}
for (const [rows, inner, columns] of [[1024, 32, 64], [900, 16, 12], [16 * 37, 16, 4]] as const) {
  isSame(`AB of ${rows} x ${inner} and ${columns}`, {
    inputs: [[[1, rows, inner]], [[1, inner, columns]]],
    program: "TileProgram",
    compute: (a, b) => tf.matMul(a!, b!),
  });
}

for (const shape of [[1, 300, 300, 3], [65_536], [2, 65_537]]) {
  for (const keep of [false, true]) {
    const inputs: Computation["inputs"] = [[shape]];
    const how = `of ${shape.join(" x ")}${keep ? ", kept in shape" : ""}`;
    const program = "ReduceProgram";
    isSame(`the sum of squares ${how}`, {
      inputs,
      program,
      compute: (x) => tf.sum(tf.square(x!), undefined, keep),
    });
    isSame(`the mean of squares ${how}`, {
      inputs,
      program,
      compute: (x) => tf.mean(tf.square(x!), undefined, keep),
    });
    isSame(`the greatest number ${how}`, {
      inputs,
      program,
      compute: (x) => tf.max(x!, undefined, keep),
    });
  }
}
