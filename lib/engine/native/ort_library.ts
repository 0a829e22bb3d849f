/**
 * ONNX Runtime's C interface, called through Deno's foreign functions (`--allow-ffi`).
 *
 * The library exports one function, which leads to a table of all others. New ones are only ever
 * appended to it, so a function has the same place in every version. Places and types:
 * `struct OrtApi` in
 * https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_c_api.h
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The version of the table since which it has all of these functions. */
const TABLE_VERSION = 5;
const POINTER_BYTES = 8;

/** A result "pointer" is an `OrtStatus*`, null where all went well, but for that of the first. */
const FUNCTIONS = {
  GetErrorMessage: { place: 2, parameters: ["pointer"], result: "pointer" },
  CreateEnv: { place: 3, parameters: ["i32", "buffer", "buffer"], result: "pointer" },
  CreateSessionFromArray: {
    place: 8,
    parameters: ["pointer", "buffer", "usize", "pointer", "buffer"],
    result: "pointer",
  },
  Run: {
    place: 9,
    parameters: [
      "pointer", // session
      "pointer", // options of this call
      "buffer", // names of inputs
      "buffer", // inputs
      "usize",
      "buffer", // names of outputs
      "usize",
      "buffer", // outputs
    ],
    result: "pointer",
  },
  CreateSessionOptions: { place: 10, parameters: ["buffer"], result: "pointer" },
  DisableMemPattern: { place: 17, parameters: ["pointer"], result: "pointer" },
  DisableCpuMemArena: { place: 19, parameters: ["pointer"], result: "pointer" },
  SetSessionLogSeverityLevel: { place: 22, parameters: ["pointer", "i32"], result: "pointer" },
  SetIntraOpNumThreads: { place: 24, parameters: ["pointer", "i32"], result: "pointer" },
  CreateTensorWithDataAsOrtValue: {
    place: 49,
    parameters: ["pointer", "pointer", "usize", "buffer", "usize", "i32", "buffer"],
    result: "pointer",
  },
  CreateCpuMemoryInfo: { place: 69, parameters: ["i32", "i32", "buffer"], result: "pointer" },
  ReleaseStatus: { place: 93, parameters: ["pointer"], result: "void" },
  ReleaseSession: { place: 95, parameters: ["pointer"], result: "void" },
  ReleaseValue: { place: 96, parameters: ["pointer"], result: "void" },
  AddSessionConfigEntry: {
    place: 130,
    parameters: ["pointer", "buffer", "buffer"],
    result: "pointer",
  },
} as const satisfies Record<string, Deno.ForeignFunction & { place: number }>;

type Functions = typeof FUNCTIONS;

/** The functions of the C interface by their names there. */
export type OrtFunctions = {
  readonly [Name in keyof Functions]: Deno.UnsafeFnPointer<Functions[Name]>["call"];
};

/** The loaded library. */
export class OrtLibrary {
  readonly version: string;
  readonly functions: OrtFunctions;

  private constructor(base: Deno.PointerObject) {
    const versionText = functionAt(base, 1, { parameters: [], result: "pointer" });
    this.version = textAt(versionText());
    const getTable = functionAt(base, 0, { parameters: ["u32"], result: "pointer" });
    const table = getTable(TABLE_VERSION)!;
    const functions = Object.entries(FUNCTIONS).map(([name, { place, ...definition }]) => {
      return [name, functionAt(table, place, definition)];
    });
    this.functions = Object.fromEntries(functions);
  }

  /**
   * Opens the library of the package `onnxruntime-node`, by itself: its code for Node.js copies every
   * result.
   *
   * @throws Error when the package has none for this platform, or when it cannot be loaded
   */
  static async open(): Promise<OrtLibrary> {
    // Nothing but a name is needed of the package, but it must be part of the program to be there.
    await import("onnxruntime-node/package.json", { with: { type: "json" } });
    const { platform, arch } = process;
    const file = platform === "win32"
      ? "onnxruntime.dll"
      : platform === "darwin"
      ? "libonnxruntime.1.dylib"
      : "libonnxruntime.so.1";
    const path = `./bin/napi-v6/${platform}/${arch}/${file}`;
    const url = new URL(path, import.meta.resolve("onnxruntime-node/package.json"));
    const { symbols } = Deno.dlopen(url, {
      OrtGetApiBase: { parameters: [], result: "pointer" },
    });
    keepLoaded(fileURLToPath(url));
    return new OrtLibrary(symbols.OrtGetApiBase()!);
  }

  /** @throws Error with ONNX Runtime's message if a call failed */
  check(status: Deno.PointerValue): void {
    if (status === null) return;
    const message = textAt(this.functions.GetErrorMessage(status));
    this.functions.ReleaseStatus(status);
    throw new Error(`Cannot compute with ONNX Runtime: ${message}`);
  }

  /** What a call writes into `out`. */
  make(call: (out: BigUint64Array<ArrayBuffer>) => Deno.PointerValue): Deno.PointerObject {
    const out = new BigUint64Array(1);
    this.check(call(out));
    return Deno.UnsafePointer.create(out[0]!)!;
  }
}

/** `RTLD_NOW | RTLD_NODELETE` */
const KEEP: Record<string, { library: string; flags: number }> = {
  linux: { library: "libc.so.6", flags: 0x1002 },
  darwin: { library: "libSystem.B.dylib", flags: 0x82 },
};

/**
 * Keeps a library in memory to the end: Deno unloads those that it opened when a program or a thread
 * ends, which takes the code away under ONNX Runtime's own threads. Where the system cannot be asked, as on
 * Windows, nothing happens.
 */
function keepLoaded(path: string): void {
  const { library, flags } = KEEP[process.platform] ?? {};
  if (library === undefined) return;
  try {
    const { symbols } = Deno.dlopen(library, {
      dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
    });
    symbols.dlopen(cText(path), flags!);
  } catch {
    // an older C library has it elsewhere
  }
}

/** Text as C has it. */
export function cText(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** A buffer does not move; to ask for its address takes longer than to find it here. */
const addresses = new WeakMap<ArrayBufferLike, number>();

/** The address of numbers. */
export function addressOf({ buffer, byteOffset }: ArrayBufferView): number {
  let address = addresses.get(buffer);
  if (address === undefined) {
    // A view, as Deno takes no shared buffer itself.
    const pointer = Deno.UnsafePointer.of(new Uint8Array(buffer as ArrayBuffer));
    address = Number(Deno.UnsafePointer.value(pointer));
    addresses.set(buffer, address);
  }
  return address + byteOffset;
}

/** The function that a table has at a place. */
function functionAt<const Definition extends Deno.ForeignFunction>(
  table: Deno.PointerObject,
  place: number,
  definition: Definition,
): Deno.UnsafeFnPointer<Definition>["call"] {
  const view = new Deno.UnsafePointerView(table);
  const pointer = view.getPointer<Deno.ForeignFunction>(POINTER_BYTES * place);
  const found = new Deno.UnsafeFnPointer<Deno.ForeignFunction>(pointer!, definition);
  return found.call.bind(found) as Deno.UnsafeFnPointer<Definition>["call"];
}

function textAt(pointer: Deno.PointerValue): string {
  return new Deno.UnsafePointerView(pointer!).getCString();
}
