/**
 * Kernels of our own on WebGPU, where TensorFlow.js has none, a slow or a wrong one.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { registerLossKernels } from "./webgpu_losses.ts";
import { type Call, compute } from "./webgpu_program.ts";

/** Buffers that any GPU binds at once are eight, one of them for the result. */
const MOST_INPUTS = 7;

/** Registers the kernels; again is harmless. */
export function registerWebGpuKernels(): void {
  if (tf.getKernel("ReluMask", "webgpu")) return;
  registerReluMask();
  registerLossKernels();
  replaceKernel("AddN", addInGroups);
  replaceKernel("BatchMatMul", productInBands);
}

type Inputs = Record<string, tf.TensorInfo>;

/** Registers a kernel that may hand on to the one which TensorFlow.js has under the same name. */
function replaceKernel(
  kernelName: string,
  kernelFunc: (call: Call, stock: tf.KernelFunc) => tf.TensorInfo | tf.TensorInfo[],
): void {
  const stock = tf.getKernel(kernelName, "webgpu")!.kernelFunc;
  tf.unregisterKernel(kernelName, "webgpu");
  tf.registerKernel({
    kernelName,
    backendName: "webgpu",
    kernelFunc: (call) => kernelFunc(call, stock),
  });
}

/**
 * A sum of any number of tensors, in groups of what every GPU can bind. TensorFlow.js' own kernel binds
 * them all together and fails from the eighth on.
 */
function addInGroups({ inputs, backend }: Call, stock: tf.KernelFunc): tf.TensorInfo {
  const gpu = backend as WebGPUBackend;
  const [first, ...rest] = Object.values(inputs as Inputs);
  let sum = first!;
  for (let i = 0; i < rest.length; i += MOST_INPUTS - 1) {
    const group = [sum, ...rest.slice(i, i + MOST_INPUTS - 1)];
    const next = stock({ inputs: group as unknown as Inputs, backend, attrs: {} });
    if (i > 0) gpu.disposeData(sum.dataId);
    sum = next as tf.TensorInfo;
  }
  return rest.length === 0 ? stock({ inputs, backend, attrs: {} }) as tf.TensorInfo : sum;
}

/** So many numbers at least are added up by one band of a product. */
const BAND = 256;
/** So many workgroups, each with a tile of 32 × 32, keep a large GPU busy. */
const WORKGROUPS = 512;

/**
 * `AᵀB` of tall matrices, as for a Gram matrix: bands of rows are multiplied side by side, and their
 * products added up. TensorFlow.js' own kernel goes through all rows in the few workgroups that the small result has,
 * or adds with atomics, in another order at every run.
 */
function productInBands(call: Call, stock: tf.KernelFunc) {
  const { inputs, backend, attrs } = call;
  const gpu = backend as WebGPUBackend;
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const { transposeA, transposeB } = attrs as { transposeA?: boolean; transposeB?: boolean };
  const flat = a.shape.slice(0, -2).every((n) => n === 1) &&
    b.shape.slice(0, -2).every((n) => n === 1);
  const [rows, m] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const bands = transposeA && !transposeB && flat ? bandsOf(rows, m, n) : 1;
  if (bands === 1) return stock({ inputs, backend, attrs });
  const banded = (x: tf.TensorInfo, columns: number) => ({
    ...x,
    shape: [bands, rows / bands, columns],
  });
  const products = stock({
    inputs: { a: banded(a, m), b: banded(b, n) },
    backend,
    attrs: { transposeA: true, transposeB: false },
  }) as tf.TensorInfo;
  const body = `
          var sum = 0.0;
          for (var band = 0; band < i32(uniforms.bands); band = band + 1) {
            sum = sum + x[band * uniforms.size + index];
          }
          setOutputAtIndex(index, sum);`;
  const shape = [...a.shape.slice(0, -2), m, n];
  const sum = compute(call, "bandSum", { x: products }, body, { bands }, shape);
  gpu.disposeData(products.dataId);
  return sum;
}

/** How many bands keep the GPU busy: a divisor of the rows. */
function bandsOf(rows: number, m: number, n: number): number {
  const wanted = WORKGROUPS / (Math.ceil(m / 32) * Math.ceil(n / 32));
  let bands = Math.floor(Math.min(wanted, rows / BAND));
  while (bands > 1 && rows % bands !== 0) bands--;
  return Math.max(1, bands);
}

/** The gradient of the ReLU in one pass: `dy` where `y > 0`, else 0. */
function registerReluMask(): void {
  tf.registerKernel({
    kernelName: "ReluMask",
    backendName: "webgpu",
    kernelFunc(call) {
      const { dy, y } = call.inputs as { dy: tf.TensorInfo; y: tf.TensorInfo };
      const body = "setOutputAtIndex(index, select(0.0, dy[index], y[index] > 0.0));";
      return compute(call, "reluMask", { dy, y }, body);
    },
  });
}
