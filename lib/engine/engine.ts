/**
 * Picks the engine that computes: a GPU through WebGPU where there is one, else the native CPU
 * engine, else TensorFlow.js' plain (slow) one. The mathematics is written once, as TensorFlow.js
 * operations; nothing but this file knows which engines there are.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkOneOf } from "../base/check.ts";
import { inKernel } from "../base/notebook.ts";

/** `auto` picks; the others force one. */
export type EngineName = "auto" | "webgpu" | "native" | "cpu";

/** The names for `useEngine()`, `STYLEBOOK_ENGINE` and `--engine`. */
export const ENGINES: readonly EngineName[] = ["auto", "webgpu", "native", "cpu"];

/** An engine in use, and why it was picked. */
export type Engine = {
  name: Exclude<EngineName, "auto">;
  description: string;
  reason: string;
  /** After how many iterations a run reads losses and picture: to read from a GPU means to wait. */
  readEvery: number;
};

let current: Engine | undefined;
let announced: string | undefined;
let trouble: () => string | undefined = () => undefined;
let release: () => void = () => {};

// Silences the banner with which the plain backend advises Node users to install another package.
tf.enableProdMode();

/**
 * Chooses the engine for everything that follows.
 *
 * @param name the environment variable `STYLEBOOK_ENGINE` by default, else `auto`
 * @throws {RangeError} for an unknown name, {Error} when a forced engine is not to be had.
 */
export async function useEngine(name?: EngineName): Promise<Engine> {
  const wanted = name ?? environment() ?? "auto";
  checkOneOf("choose an engine", "engine", wanted, ENGINES);
  const source = name ? "asked for" : "asked for by STYLEBOOK_ENGINE";
  const engine = wanted === "auto" ? await pick() : await MAKE[wanted](source);
  await tf.setBackend(engine.name);
  await tf.ready();
  return current = engine;
}

/** The engine in use; picks one at the first call. */
export async function currentEngine(): Promise<Engine> {
  if (current && current.name === tf.getBackend() && !trouble()) return current;
  return await useEngine();
}

/** How an engine is shown to people. */
export function describeEngine({ name, description, reason }: Engine): string {
  return `Engine: ${name}, ${description} (${reason})`;
}

/** Says in a notebook which engine computes, when it is another one than before. */
export function announceEngine(engine: Engine): void {
  const line = describeEngine(engine);
  if (!inKernel() || line === announced) return;
  announced = line;
  console.log(line);
}

/** How the engine in use has failed, such as a GPU that was lost or whose memory did not suffice. */
export function engineTrouble(): string | undefined {
  return trouble();
}

/**
 * Gives back memory that the engine keeps to use again. What needs much of it, such as the tiles of a large
 * picture and the step after them, then has it one after the other.
 */
export function releaseMemory(): void {
  release();
}

function environment(): EngineName | undefined {
  // STYLEBOOK_BACKEND is what it was called before.
  const name = Deno.env.get("STYLEBOOK_ENGINE") || Deno.env.get("STYLEBOOK_BACKEND");
  return (name || undefined) as EngineName | undefined;
}

async function pick(): Promise<Engine> {
  const { findAdapter } = await import("./webgpu/mod.ts");
  const found = await findAdapter();
  if (found && !found.software) return await MAKE.webgpu("a GPU was found");
  const noGpu = found ? `no GPU was found, only ${found.description}` : "no GPU was found";
  try {
    return await MAKE.native(noGpu);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return await MAKE.cpu(`${noGpu}; the native engine did not start: ${message}`);
  }
}

const MAKE: Record<Engine["name"], (reason: string) => Promise<Engine>> = {
  async webgpu(reason) {
    const { findAdapter, registerWebGpu, webGpuTrouble } = await import("./webgpu/mod.ts");
    const found = await findAdapter();
    if (!found) {
      throw new Error(
        "Cannot use the engine webgpu as no WebGPU adapter was found; install the GPU's driver " +
          "or choose another engine: native, cpu",
      );
    }
    await registerWebGpu(found);
    [trouble, release] = [webGpuTrouble, () => {}];
    return { name: "webgpu", description: found.description, reason, readEvery: 10 };
  },
  async native(reason) {
    const { nativeDescription, registerNative, releaseNative } = await import("./native/mod.ts");
    await registerNative();
    [trouble, release] = [() => undefined, releaseNative];
    return { name: "native", description: nativeDescription(), reason, readEvery: 1 };
  },
  cpu(reason) {
    [trouble, release] = [() => undefined, () => {}];
    return Promise.resolve({
      name: "cpu",
      description: "TensorFlow.js in plain JavaScript",
      reason,
      readEvery: 1,
    });
  },
};
