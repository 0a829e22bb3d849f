/**
 * WebGPU: TensorFlow.js' own backend on a device that we ask for ourselves. The package's factory
 * hands over a nested feature list that Deno rejects, and asks for the default limits of some
 * buffers, which a picture of 1024 pixels exceeds.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { registerWebGpuKernels } from "./kernels.ts";
import { keepUniforms } from "./uniforms.ts";

/** An adapter, and whether it is a program that plays a GPU. */
export type FoundAdapter = { adapter: GPUAdapter; description: string; software: boolean };

/** Names that software adapters go by; Deno 2.8 does not set `isFallbackAdapter` for them. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|softpipe|basic render/i;

/**
 * Programs that are handed over together: each time costs as much as some programs. TensorFlow.js' 15 made a step at
 * 128 px on an H100 take 14.8 ms, 64 make it 11.3; buffers are used again a little later, which
 * takes 4 % more memory.
 */
const PROGRAMS_AT_A_TIME = 64;

let registered = false;
let trouble: string | undefined;

/** The adapter that WebGPU offers, if any. */
export async function findAdapter(): Promise<FoundAdapter | undefined> {
  // Without this variable Mesa writes "error: XDG_RUNTIME_DIR is invalid" on headless machines.
  const quieten = Deno.build.os === "linux" && !Deno.env.has("XDG_RUNTIME_DIR");
  if (quieten) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (quieten) Deno.env.delete("XDG_RUNTIME_DIR");
  if (!adapter) return undefined;
  const { description, vendor, isFallbackAdapter } = adapter.info;
  const software = isFallbackAdapter || SOFTWARE.test(description);
  return { adapter, description: description || vendor || "unnamed adapter", software };
}

/**
 * Registers the backend `webgpu` on a device of the adapter with all that it can do; on a new device
 * when the last one failed.
 */
export async function registerWebGpu({ adapter }: FoundAdapter): Promise<void> {
  if (registered && !trouble) return;
  // No requiredFeatures: nothing here needs one, and Deno 2.8 sometimes cannot read the list.
  const device = await adapter.requestDevice({ requiredLimits: allLimits(adapter.limits) });
  registered = true;
  trouble = undefined;
  device.lost.then(({ reason, message }) => {
    if (reason !== "destroyed") trouble ??= `the GPU was lost (${message || reason})`;
  });
  device.addEventListener("uncapturederror", (event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    const outOfMemory = error instanceof GPUOutOfMemoryError;
    trouble ??= outOfMemory
      ? `the GPU's memory does not suffice; choose a smaller size (${error.message})`
      : `the GPU reported: ${error.message}`;
  });
  tf.env().set("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE", PROGRAMS_AT_A_TIME);
  tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => keepUniforms(new WebGPUBackend(device, adapter.info)));
  registerWebGpuKernels();
}

/** What went wrong on the device since it was made, if anything. */
export function webGpuTrouble(): string | undefined {
  return trouble;
}

function allLimits(limits: GPUSupportedLimits): Record<string, number> {
  const names = [
    "maxComputeWorkgroupStorageSize",
    "maxComputeWorkgroupsPerDimension",
    "maxStorageBufferBindingSize",
    "maxBufferSize",
    "maxComputeWorkgroupSizeX",
    "maxComputeInvocationsPerWorkgroup",
  ] as const;
  return Object.fromEntries(names.map((name) => [name, limits[name]]));
}
