/**
 * What ONNX Runtime takes for a tensor, an `OrtValue`: an address and a shape.
 *
 * @module
 */
import { addressOf, type OrtLibrary } from "./ort_library.ts";

/** Numbers that ONNX Runtime reads, or writes, in place. */
export type NativeTensor = {
  readonly data: Float32Array;
  readonly dims: readonly number[];
};

/** Numbers as a tensor with one axis. */
export function line(data: Float32Array): NativeTensor {
  return { data, dims: [data.length] };
}

/** `OrtDeviceAllocator`, `OrtMemTypeDefault`: plain memory. */
const [DEVICE_ALLOCATOR, DEFAULT_MEMORY] = [0, 0];
/** `ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT` */
const FLOAT = 1;
/** More are made anew. */
const MOST_VALUES = 1024;

type Value = {
  readonly pointer: bigint;
  readonly length: number;
  readonly dims: readonly number[];
};

/**
 * Makes values and keeps them: buffers are used again and again. A value owns nothing, so it serves for
 * whatever lies at its address later.
 */
export class OrtValues {
  readonly #library: OrtLibrary;
  readonly #memory: Deno.PointerObject;
  readonly #byAddress = new Map<number, Value[]>();
  #count = 0;

  constructor(library: OrtLibrary) {
    this.#library = library;
    this.#memory = library.make((out) =>
      library.functions.CreateCpuMemoryInfo(DEVICE_ALLOCATOR, DEFAULT_MEMORY, out)
    );
  }

  /**
   * The value of a tensor, until the next `limit`.
   *
   * @throws Error when there are fewer numbers than the shape asks for
   */
  of({ data, dims }: NativeTensor): bigint {
    const address = addressOf(data);
    let here = this.#byAddress.get(address);
    if (!here) this.#byAddress.set(address, here = []);
    for (const { pointer, length, dims: known } of here) {
      if (length === data.length && sameDims(known, dims)) return pointer;
    }
    const pointer = Deno.UnsafePointer.value(
      this.#library.make((out) =>
        this.#library.functions.CreateTensorWithDataAsOrtValue(
          this.#memory,
          Deno.UnsafePointer.create(BigInt(address)),
          BigInt(data.byteLength),
          BigInt64Array.from(dims, BigInt),
          BigInt(dims.length),
          FLOAT,
          out,
        )
      ),
    );
    here.push({ pointer, length: data.length, dims: [...dims] });
    this.#count++;
    return pointer;
  }

  /** Frees all if there are too many. */
  limit(): void {
    if (this.#count <= MOST_VALUES) return;
    for (const values of this.#byAddress.values()) {
      for (const { pointer } of values) {
        this.#library.functions.ReleaseValue(Deno.UnsafePointer.create(pointer));
      }
    }
    this.#byAddress.clear();
    this.#count = 0;
  }
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
