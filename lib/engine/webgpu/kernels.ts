/**
 * Kernels of our own on WebGPU, where TensorFlow.js has none, a slow or a wrong one.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { registerAdamKernel } from "./adam.ts";
import { convolve, type GpuConvolution, suitsTiles } from "./convolution.ts";
import { registerLossKernels } from "./losses.ts";
import { convolvePicture, suitsPicture } from "./picture_convolution.ts";
import { maxPoolGradient } from "./pooling.ts";
import { product } from "./products.ts";
import { type Call, compute, type Tensors } from "./program.ts";
import { reduceInTwo } from "./reductions.ts";
import { registerTransportKernel } from "./transport.ts";

/** Buffers that any GPU binds at once are eight, one of them for the result. */
const MOST_INPUTS = 7;

/** Registers the kernels; again is harmless. */
export function registerWebGpuKernels(): void {
  if (tf.getKernel("ReluMask", "webgpu")) return;
  registerReluMask();
  registerMaskedConvolution();
  registerLossKernels();
  registerAdamKernel();
  registerTransportKernel();
  replaceKernel("Conv2D", convolution);
  replaceKernel("FusedConv2D", convolution);
  replaceKernel("MaxPoolGrad", maxPoolGradient);
  replaceKernel("AddN", addInGroups);
  replaceKernel("BatchMatMul", (call, stock) => product(call) ?? stock(call));
  for (const name of ["Sum", "Mean", "Max"]) replaceKernel(name, reduceInTwo);
}

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
  const [first, ...rest] = Object.values(inputs as Tensors);
  let sum = first!;
  for (let i = 0; i < rest.length; i += MOST_INPUTS - 1) {
    const group = [sum, ...rest.slice(i, i + MOST_INPUTS - 1)];
    const next = stock({ inputs: group as unknown as Tensors, backend, attrs: {} });
    if (i > 0) gpu.disposeData(sum.dataId);
    sum = next as tf.TensorInfo;
  }
  return rest.length === 0 ? stock({ inputs, backend, attrs: {} }) as tf.TensorInfo : sum;
}

/** A convolution in tiles, or, with strides and other rarities, TensorFlow.js' own. */
function convolution(call: Call, stock: tf.KernelFunc) {
  return own(call) ?? stock(call);
}

function own(call: Call): tf.TensorInfo | undefined {
  const { x, filter, bias, mask, preluActivationWeights } = call.inputs as Tensors;
  const { strides, dilations, pad, dataFormat, activation = "linear" } = call.attrs as Settings;
  const plain = [strides, dilations].flat().every((n) => n === 1) && dataFormat === "NHWC" &&
    (pad === "same" || pad === "valid") && ["linear", "relu"].includes(activation) &&
    !preluActivationWeights;
  if (!plain) return undefined;
  const convolution: GpuConvolution = {
    x: x!,
    filter: filter!,
    bias,
    mask,
    relu: activation === "relu",
    padding: pad,
  };
  if (suitsTiles(convolution)) return convolve(call, convolution);
  return suitsPicture(convolution) ? convolvePicture(call, convolution) : undefined;
}

type Settings = {
  strides: number | number[];
  dilations: number | number[];
  pad: GpuConvolution["padding"];
  dataFormat: string;
  activation?: string;
};

/** The convolution of `x` where `mask > 0`, and of 0 elsewhere. */
function registerMaskedConvolution(): void {
  tf.registerKernel({
    kernelName: "MaskedConv2D",
    backendName: "webgpu",
    kernelFunc(call) {
      const done = own(call);
      if (done) return done;
      const { x, mask, filter } = call.inputs as Tensors;
      const { backend, attrs } = call;
      const kernel = (name: string) => tf.getKernel(name, "webgpu")!.kernelFunc;
      const inputs = { dy: x!, y: mask! };
      const masked = kernel("ReluMask")({ inputs, backend, attrs: {} }) as tf.TensorInfo;
      const result = kernel("Conv2D")({ inputs: { x: masked, filter: filter! }, backend, attrs });
      (backend as WebGPUBackend).disposeData(masked.dataId);
      return result;
    },
  });
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
