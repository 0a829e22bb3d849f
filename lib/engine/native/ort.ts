/**
 * The one place that touches ONNX Runtime's internals.
 *
 * TensorFlow.js kernels must return at once, but the public `InferenceSession.run` is asynchronous.
 * It wraps a synchronous call of the native binding, which is what this file reaches for. Because
 * that entry is internal, the package's version is pinned and a test checks that it is still there.
 *
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { threadCount } from "../threads.ts";

/** A view of numbers that ONNX Runtime reads, or writes, in place. */
export type NativeTensor = {
  readonly data: Float32Array;
  readonly dims: readonly number[];
};

/** Runs a loaded model: reads `feeds`, writes its outputs into the buffers of `fetches`. */
export type Session = {
  run(feeds: Record<string, NativeTensor>, fetches: Record<string, NativeTensor>): void;
};

/** The parts of ONNX Runtime that the engine needs. */
export type Runtime = {
  /** Wraps a buffer, without a copy. */
  tensor(data: Float32Array, dims: readonly number[]): NativeTensor;
  /** Loads a model, given as the bytes of an ONNX file. */
  session(model: Uint8Array): Session;
  readonly version: string;
  readonly threads: number;
};

type Binding = {
  initOrt(): void;
  binding: {
    InferenceSession: new () => {
      loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
      run(feeds: object, fetches: object, options: object): Record<string, NativeTensor>;
    };
  };
};

/**
 * Loads the native library.
 *
 * @throws Error when the package has no library for this platform, or when it cannot be loaded
 */
export async function loadRuntime(threads = threadCount()): Promise<Runtime> {
  try {
    const { Tensor, env } = await import("onnxruntime-node");
    const require = createRequire(import.meta.resolve("onnxruntime-node"));
    const { binding, initOrt } = require("./binding.js") as Binding;
    initOrt();
    const options = {
      intraOpNumThreads: threads,
      // Every session would keep an arena of its own; the engine hands in all buffers anyway.
      enableCpuMemArena: false,
      enableMemPattern: false,
      logSeverityLevel: 3,
      // Idle threads that spin take the processor away from the other sessions.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    };
    return {
      version: env.versions.node ?? "unknown",
      threads,
      tensor: (data, dims) => new Tensor("float32", data, dims) as NativeTensor,
      session(model) {
        const session = new binding.InferenceSession();
        session.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
        return {
          run(feeds, fetches) {
            // What was written in place comes back as a copy, too: free it now, as the garbage
            // collector would let many of them pile up.
            const copies = session.run(feeds, fetches, {});
            for (const [name, { data: { buffer } }] of Object.entries(copies)) {
              if (buffer !== fetches[name]!.data.buffer) (buffer as ArrayBuffer).transfer(0);
            }
          },
        };
      },
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `Cannot load the native engine as onnxruntime-node must work on this platform: current value ` +
        `is ${process.platform}/${process.arch} (${reason})`,
      { cause },
    );
  }
}
