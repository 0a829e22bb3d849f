/**
 * Runs models on ONNX Runtime: at once, as TensorFlow.js kernels must return, and in place.
 *
 * @module
 */
import process from "node:process";
import { threadCount } from "../threads.ts";
import { encodeModel, type Model } from "./onnx.ts";
import { addressOf, cText, OrtLibrary } from "./ort_library.ts";
import { type NativeTensor, OrtValues } from "./ort_values.ts";

/** A loaded model. */
export type Session = {
  /**
   * Reads `feeds`, writes the model's outputs into the buffers of `fetches`.
   *
   * @throws Error when ONNX Runtime refuses, as sizes do not fit
   */
  run(
    feeds: Readonly<Record<string, NativeTensor>>,
    fetches: Readonly<Record<string, NativeTensor>>,
  ): void;
};

/** The parts of ONNX Runtime that the engine needs. */
export type Runtime = {
  /**
   * Loads a model.
   *
   * @throws Error when ONNX Runtime refuses it
   */
  session(model: Model): Session;
  readonly version: string;
  readonly threads: number;
};

/** `ORT_LOGGING_LEVEL_ERROR` */
const ERROR_LEVEL = 3;

/**
 * Loads the native library.
 *
 * @throws Error when the package has no library for this platform, or when it cannot be loaded
 */
export async function loadRuntime(threads = threadCount()): Promise<Runtime> {
  try {
    const library = await OrtLibrary.open();
    const { functions: ort, version } = library;
    // One for the whole process, however often it is asked for.
    const env = library.make((out) => ort.CreateEnv(ERROR_LEVEL, cText("stylebook"), out));
    const options = sessionOptions(library, threads);
    const values = new OrtValues(library);
    return {
      version,
      threads,
      session(model) {
        const bytes = encodeModel(model);
        const pointer = library.make((out) =>
          ort.CreateSessionFromArray(env, bytes, BigInt(bytes.length), options, out)
        );
        return new OrtSession(library, pointer, values, model);
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

function sessionOptions(library: OrtLibrary, threads: number): Deno.PointerObject {
  const { functions: ort } = library;
  const options = library.make((out) => ort.CreateSessionOptions(out));
  library.check(ort.SetIntraOpNumThreads(options, threads));
  // Every session would keep an arena of its own; the engine hands in all buffers anyway.
  library.check(ort.DisableCpuMemArena(options));
  library.check(ort.DisableMemPattern(options));
  library.check(ort.SetSessionLogSeverityLevel(options, ERROR_LEVEL));
  // Idle threads that spin take the processor away from the other sessions.
  const spinning = cText("session.intra_op.allow_spinning");
  library.check(ort.AddSessionConfigEntry(options, spinning, cText("0")));
  return options;
}

/** A session, freed once nobody has it any more. */
class OrtSession implements Session {
  readonly #library: OrtLibrary;
  readonly #pointer: Deno.PointerObject;
  readonly #values: OrtValues;
  readonly #inputs: Names;
  readonly #outputs: Names;
  /** Keeps the buffers of a call alive: once their addresses are known, nobody else may hold them. */
  #held?: readonly unknown[];

  constructor(library: OrtLibrary, pointer: Deno.PointerObject, values: OrtValues, model: Model) {
    this.#library = library;
    this.#pointer = pointer;
    this.#values = values;
    this.#inputs = new Names(Object.keys(model.inputs));
    this.#outputs = new Names(Object.keys(model.outputs));
    sessions.register(this, { library, pointer });
  }

  run(
    feeds: Readonly<Record<string, NativeTensor>>,
    fetches: Readonly<Record<string, NativeTensor>>,
  ): void {
    const [inputs, outputs] = [this.#inputs, this.#outputs];
    this.#values.limit();
    inputs.fill(feeds, this.#values);
    outputs.fill(fetches, this.#values);
    this.#held = [feeds, fetches];
    const status = this.#library.functions.Run(
      this.#pointer,
      null,
      inputs.pointers,
      inputs.values,
      inputs.count,
      outputs.pointers,
      outputs.count,
      outputs.values,
    );
    this.#held = undefined;
    this.#library.check(status);
  }
}

const sessions = new FinalizationRegistry<{ library: OrtLibrary; pointer: Deno.PointerObject }>(
  ({ library, pointer }) => library.functions.ReleaseSession(pointer),
);

/** Names of inputs or outputs, and room for what they stand for in a call. */
class Names {
  readonly #names: readonly string[];
  /** What `pointers` point to. */
  readonly #texts: readonly Uint8Array[];
  readonly pointers: BigUint64Array<ArrayBuffer>;
  readonly values: BigUint64Array<ArrayBuffer>;
  readonly count: bigint;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#texts = names.map(cText);
    this.pointers = BigUint64Array.from(this.#texts, (text) => BigInt(addressOf(text)));
    this.values = new BigUint64Array(names.length);
    this.count = BigInt(names.length);
  }

  fill(tensors: Readonly<Record<string, NativeTensor>>, values: OrtValues): void {
    for (let i = 0; i < this.#names.length; i++) {
      this.values[i] = values.of(tensors[this.#names[i]!]!);
    }
  }
}
