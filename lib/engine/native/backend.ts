/**
 * The TensorFlow.js backend `native`: all kernels of the plain CPU backend under a name of its own,
 * with the costly ones replaced, and buffers that are used again.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Copying } from "../../base/kernels.ts";
import type { BufferPool } from "./buffers.ts";
import { type Deferral, writeDeferral } from "./deferral.ts";
import type { Operations } from "./operations.ts";

/** The name by which TensorFlow.js knows the engine. */
export const BACKEND = "native";

type Bucket = {
  values?: tf.backend_util.BackendValues;
  dtype: tf.DataType;
  refCount: number;
  /** The values come from the pool, and no other tensor looks at them. */
  pooled?: boolean;
  deferred?: Deferred;
};

/** Numbers that are not there: how they are made, as data too if they can be, and the buffers that that needs. */
type Deferred = { make(): Float32Array; deferral?: Deferral; held: readonly Float32Array[] };

/** What the plain CPU backend offers to its kernels; its class is not exported by name. */
type PlainBackend = tf.KernelBackend & {
  data: tf.DataStorage<Bucket>;
  firstUse: boolean;
  makeTensorInfo(
    shape: number[],
    dtype: tf.DataType,
    values?: tf.backend_util.BackendValues,
  ): tf.TensorInfo;
};

const Plain = tf.findBackend("cpu").constructor as new () => PlainBackend;

/** Plain kernels whose result shares the input's data id: nothing can outlive the buffer. */
const SHARING = new Set(["Cast", "ExpandDims", "Identity", "Reshape"]);

/** Inputs of the kernels that are replaced: TensorFlow.js hands each operation those that it has. */
type InputName = "x" | "a" | "b" | "dy" | "input" | "filter" | "indices";
type OptionalInputName = "bias" | "preluActivationWeights";
type Inputs =
  & Record<InputName, tf.TensorInfo>
  & Partial<Record<OptionalInputName, tf.TensorInfo>>;

/** A kernel of this engine; returns undefined to leave a case to the plain kernel. */
export type Kernel = (params: {
  inputs: Inputs;
  attrs: Record<string, unknown>;
  backend: NativeBackend;
}) => tf.TensorInfo | undefined;

/** Storage of tensors in recycled buffers. */
export class NativeBackend extends Plain implements Copying {
  readonly handsOutCopies = true;
  readonly operations: Operations;
  readonly pool: BufferPool;
  #disposal = new WeakMap<tf.DataId, () => void>();

  constructor(operations: Operations) {
    super();
    this.operations = operations;
    this.pool = operations.pool;
    this.firstUse = false; // no banner that advises another package
  }

  /** A float32 tensor with arbitrary content, and its buffer. */
  output(shape: number[]): { info: tf.TensorInfo; values: Float32Array } {
    const values = this.pool.take(tf.util.sizeFromShape(shape));
    return { info: this.adopt(shape, values), values };
  }

  /** A float32 tensor whose buffer comes from the pool, and goes back there. */
  adopt(shape: number[], values: Float32Array): tf.TensorInfo {
    const info = this.makeTensorInfo(shape, "float32", values);
    this.data.get(info.dataId).pooled = true;
    return info;
  }

  /**
   * A float32 tensor whose numbers are written when somebody asks for them. Keeps the buffers of
   * `inputs` until then, and what those that are put off themselves need.
   */
  defer(shape: number[], inputs: readonly tf.TensorInfo[], deferral: Deferral): tf.TensorInfo {
    const info = this.makeTensorInfo(shape, "float32");
    const held = inputs.flatMap((input) => {
      const { deferred, pooled } = this.data.get(input.dataId);
      return deferred?.held ?? (pooled ? [this.floats(input)] : []);
    });
    for (const buffer of held) this.pool.share(buffer);
    const make = () => {
      const values = this.pool.take(tf.util.sizeFromShape(shape));
      writeDeferral(this.operations, deferral, values, 0);
      return values;
    };
    this.data.get(info.dataId).deferred = { make, deferral, held };
    return info;
  }

  /** How a tensor is put off, if it is. */
  deferralOf({ dataId }: tf.TensorInfo): Deferral | undefined {
    return this.data.has(dataId) ? this.data.get(dataId).deferred?.deferral : undefined;
  }

  /** How often a tensor counts among the owners of a buffer: for its numbers, or for what they are made from. */
  sharesOf({ dataId }: tf.TensorInfo, buffer: Float32Array): number {
    if (!this.data.has(dataId)) return 0;
    const { values, pooled, deferred } = this.data.get(dataId);
    if (deferred) return deferred.held.filter((held) => held === buffer).length;
    return pooled && values === buffer ? 1 : 0;
  }

  /** The numbers of a tensor, which stay as they are until this owner gives them back to the pool. */
  snapshot(info: tf.TensorInfo): Float32Array {
    const values = this.floats(info);
    if (this.data.get(info.dataId).pooled) {
      this.pool.share(values);
      return values;
    }
    const copy = this.pool.take(values.length);
    copy.set(values);
    return copy;
  }

  /** Takes a buffer away from a tensor that has it; whoever reads the tensor lets `make` use `needed`. */
  takeAway(
    info: tf.TensorInfo,
    buffer: Float32Array,
    needed: Float32Array,
    make: () => Float32Array,
  ): void {
    const shares = this.sharesOf(info, buffer);
    if (shares === 0) return;
    const bucket = this.data.get(info.dataId);
    const others = bucket.deferred?.held.filter((held) => held !== buffer) ?? [];
    for (let i = 0; i < shares; i++) this.pool.give(buffer);
    this.pool.share(needed);
    bucket.values = undefined;
    bucket.pooled = false;
    bucket.deferred = { make, held: [...others, needed] };
  }

  #release({ held }: Deferred): void {
    for (const buffer of held) this.pool.give(buffer);
  }

  /** The numbers of a float32 tensor, not a copy. */
  floats({ dataId }: tf.TensorInfo): Float32Array {
    const bucket = this.data.get(dataId);
    const { deferred } = bucket;
    if (deferred) {
      bucket.values = deferred.make();
      bucket.pooled = true;
      bucket.deferred = undefined;
      this.#release(deferred);
    }
    return bucket.values as Float32Array;
  }

  /** The numbers of a float32 tensor, or how they are made if they are not there yet. */
  floatsOrDeferral(info: tf.TensorInfo): Float32Array | Deferral {
    return this.data.get(info.dataId).deferred?.deferral ?? this.floats(info);
  }

  /** Calls back when the data of a tensor is given up. */
  onDispose({ dataId }: tf.TensorInfo, callback: () => void): void {
    this.#disposal.set(dataId, callback);
  }

  /** From now on others may look at the values, so the buffer is left to the garbage collector. */
  pin(inputs: Record<string, tf.TensorInfo | tf.TensorInfo[] | undefined>): void {
    for (const tensor of Object.values(inputs).flat()) {
      if (!tensor || !this.data.has(tensor.dataId)) continue;
      this.floats(tensor);
      this.data.get(tensor.dataId).pooled = false;
    }
  }

  override readSync(dataId: tf.DataId): tf.backend_util.BackendValues {
    this.floats({ dataId } as tf.TensorInfo);
    const values = super.readSync(dataId);
    return this.data.get(dataId).dtype === "string" ? values : (values as Float32Array).slice();
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    const bucket = this.data.has(dataId) ? this.data.get(dataId) : undefined;
    const gone = super.disposeData(dataId, force);
    if (!bucket || !gone) return gone;
    if (bucket.deferred) this.#release(bucket.deferred);
    if (bucket.pooled) this.pool.give(bucket.values as Float32Array);
    this.#disposal.get(dataId)?.();
    this.#disposal.delete(dataId);
    return gone;
  }
}

/** Registers the backend with all plain kernels, those in `kernels` replaced. */
export function registerBackend(
  operations: Operations,
  kernels: Readonly<Record<string, Kernel>>,
): void {
  tf.registerBackend(BACKEND, () => new NativeBackend(operations));
  for (const plain of tf.getKernelsForBackend("cpu")) {
    const { kernelName, kernelFunc } = plain;
    const own: Kernel | undefined = kernels[kernelName];
    const fallback: tf.KernelFunc = (params) => {
      const backend = params.backend as NativeBackend;
      if (!SHARING.has(kernelName)) backend.pin(params.inputs);
      else if (kernelName === "Cast") backend.floats(params.inputs.x!); // it may read them
      return kernelFunc(params);
    };
    const both: tf.KernelFunc = (params) =>
      own?.(params as unknown as Parameters<Kernel>[0]) ?? fallback(params);
    tf.registerKernel({ ...plain, backendName: BACKEND, kernelFunc: both });
  }
}
