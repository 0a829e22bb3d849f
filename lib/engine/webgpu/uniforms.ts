/**
 * Uniforms of programs that are kept: a step hands the GPU the same shapes and factors as the step before, and
 * TensorFlow.js writes them to a buffer anew for every program.
 *
 * @module
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** Shapes, strides and numbers of a program, one behind the other. */
type Uniforms = readonly { type: string; data: readonly number[] }[];

/** What TensorFlow.js 4.22 does not tell of its backend. */
type Inside = {
  makeUniforms(uniforms: Uniforms): GPUBufferBinding;
  /** Buffers that may be written to again once the programs recorded so far are handed over. */
  uniformPendingDisposal: GPUBuffer[];
};

/** More are not kept: a factor that changes from step to step is never asked for again. */
const MOST = 2048;

/** Makes a backend write uniforms of the same contents once. */
export function keepUniforms(backend: WebGPUBackend): WebGPUBackend {
  const inside = backend as unknown as Inside;
  const make = inside.makeUniforms.bind(backend);
  const kept = new Map<string, GPUBufferBinding>();
  inside.makeUniforms = (uniforms) => {
    const key = uniforms.map(({ type, data }) => `${type} ${data}`).join();
    const found = kept.get(key);
    if (found) return found;
    const made = make(uniforms);
    inside.uniformPendingDisposal.pop();
    kept.set(key, made);
    if (kept.size > MOST) giveUpHalf(kept, inside);
    return made;
  };
  return backend;
}

/** Of uniforms that were made first. */
function giveUpHalf(kept: Map<string, GPUBufferBinding>, { uniformPendingDisposal }: Inside): void {
  for (const [key, { buffer }] of [...kept].slice(0, MOST / 2)) {
    uniformPendingDisposal.push(buffer);
    kept.delete(key);
  }
}
