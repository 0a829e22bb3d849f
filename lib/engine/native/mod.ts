/**
 * The engine for machines without a GPU: a TensorFlow.js backend that computes with ONNX Runtime's
 * native library. A network is one operation, with its features in blocks of channels as wide as the
 * processor's vectors; losses and optimizers stay ordinary TensorFlow.js code.
 *
 * @module
 */
import { registerAdamKernel } from "./adam.ts";
import { type Kernel, registerBackend } from "./backend.ts";
import { BufferPool } from "./buffers.ts";
import { collectAllGarbage } from "./collector.ts";
import { deferredKernels } from "./deferred.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { Lanes } from "./lanes.ts";
import { registerLossKernels } from "./losses.ts";
import { registerNetworkKernel } from "./network_kernel.ts";
import { Operations } from "./operations.ts";
import { loadRuntime } from "./ort.ts";
import { productKernels } from "./products.ts";
import { shapeKernels } from "./shapes.ts";
import { registerTransportKernel } from "./transport.ts";
import { trimMemory } from "./trim.ts";

let starting: Promise<string> | undefined;
let description = "";
let pool: BufferPool | undefined;

/**
 * Registers the backend `native`; further calls do nothing.
 *
 * @throws {Error} when the native library cannot be loaded on this platform.
 */
export async function registerNative(): Promise<void> {
  starting ??= start();
  try {
    description = await starting;
  } catch (error) {
    starting = undefined;
    throw error;
  }
}

/** Gives back the memory of buffers that wait for reuse, and of garbage. */
export function releaseNative(): void {
  pool?.clear();
  collectAllGarbage();
  trimMemory();
}

/** The engine in a few words, once it is registered. */
export function nativeDescription(): string {
  return description;
}

async function start(): Promise<string> {
  const runtime = await loadRuntime();
  pool = new BufferPool();
  const lanes = new Lanes(runtime.threads);
  const alone = runtime.threads === 1 ? runtime : await loadRuntime(1);
  const operations = new Operations(runtime, pool, undefined, { lanes, alone });
  registerBackend(operations, {
    ...firstOf(deferredKernels(), elementwiseKernels()),
    ...shapeKernels(),
    ...productKernels(operations),
  });
  registerNetworkKernel(operations);
  registerTransportKernel(operations);
  registerLossKernels();
  registerAdamKernel();
  const threads = runtime.threads === 1 ? "1 thread" : `${runtime.threads} threads`;
  return `ONNX Runtime ${runtime.version} on the CPU, ${threads}`;
}

/** The kernels of both; those that both have leave to the second what the first does not do. */
function firstOf(
  first: Record<string, Kernel>,
  second: Record<string, Kernel>,
): Record<string, Kernel> {
  const both = Object.entries(first).map(([name, kernel]) => {
    const other: Kernel = (params) => kernel(params) ?? second[name]!(params);
    return [name, other];
  });
  return { ...second, ...Object.fromEntries(both) };
}
