/**
 * The heavy operations, each a tiny ONNX model with one or two nodes that is loaded once and serves
 * every size: weights are inputs like the others, so neither a network nor a picture's size needs a
 * model of its own. All buffers come from outside and are read and written in place.
 *
 * @module
 */
import { findBlock } from "./block.ts";
import type { Barrier } from "./barrier.ts";
import type { BufferPool } from "./buffers.ts";
import type { Features } from "./layout.ts";
import type { Lanes } from "./lanes.ts";
import { partsFor } from "./parts.ts";
import { type Model, node } from "./onnx.ts";
import type { Runtime, Session } from "./ort.ts";
import type { NativeTensor } from "./ort_values.ts";
import { VectorUnit } from "./vector_unit.ts";

/** Where ONNX Runtime has no blocks: two vectors of WebAssembly. */
const FEWEST_SIDE_BY_SIDE = 8;

/** Where a thread works with others. */
export type Place = {
  readonly barrier: Barrier;
  readonly tiles: WebAssembly.Memory;
  /** Its number. */
  readonly lane: number;
  readonly unit?: VectorUnit;
};

/** Other threads, and a runtime that leaves them alone. */
export type Beside = { readonly lanes: Lanes; readonly alone: Runtime };

/** Runs operations on one runtime with one block size. */
export class Operations {
  readonly runtime: Runtime;
  readonly pool: BufferPool;
  /** Channels per block; 1 where ONNX Runtime has no blocked operations. */
  readonly block: number;
  readonly unit: VectorUnit;
  #sessions = new Map<string, Session>();
  readonly #lanes?: Lanes;
  readonly #barrier?: Barrier;
  /** The same on this thread alone, for its part of what several threads do. */
  readonly #alone: Operations;

  constructor(
    runtime: Runtime,
    pool: BufferPool,
    block = findBlock(runtime),
    beside?: Beside,
    place: Place | undefined = beside?.lanes.place,
  ) {
    const group = Math.max(block, FEWEST_SIDE_BY_SIDE);
    this.unit = place?.unit ?? new VectorUnit(group, place?.tiles, place?.lane);
    this.runtime = runtime;
    this.pool = pool;
    this.block = block;
    this.#barrier = place?.barrier;
    this.#lanes = beside?.lanes;
    this.#alone = beside
      ? new Operations(beside.alone, pool, block, undefined, { ...place!, unit: this.unit })
      : this;
  }

  /** How many threads could share a task now. */
  get threads(): number {
    return this.#lanes?.ready ?? 1;
  }

  /** How many threads there may be that see the tiles of this one. */
  get lanes(): number {
    return this.#lanes?.count ?? 1;
  }

  /** Waits until so many threads have come as far in a task that they do together. */
  meet(threads: number): void {
    this.#barrier?.meet(threads);
  }

  /** Into how many parts a task is best cut for these threads. */
  get parts(): number {
    return partsFor(this.threads);
  }

  /** Does the parts of a task, on several threads where there are several parts: see `Lanes.run`. */
  share<Task, Part>(
    name: string,
    run: (operations: Operations, task: Task, part: Part) => void,
    task: Task,
    parts: readonly Part[],
  ): void {
    if (parts.length === 1) run(this, task, parts[0]!);
    else this.#lanes!.run(name, (part) => run(this.#alone, task, part), task, parts);
  }

  /** Features with arbitrary content. */
  take(channels: number, height: number, width: number): Features {
    return { data: this.pool.take(channels * height * width), channels, height, width };
  }

  /** Gives features back. */
  give({ data }: Features): void {
    this.pool.give(data);
  }

  /** Matrix product over the last two axes, with either factor transposed; batch axes broadcast. */
  matMul(options: MatMulOptions): void {
    const { a, b, y, transposeA = false, transposeB = false, relu = false } = options;
    const ranks = { a: a.dims.length, b: b.dims.length, y: y.dims.length };
    const transposed = { transA: Number(transposeA), transB: Number(transposeB) };
    const [op, attributes] = relu
      ? ["FusedGemm", { ...transposed, activation: "Relu" }]
      : ["FusedMatMul", transposed];
    const session = this.#session(
      `matmul ${transposeA} ${transposeB} ${relu} ${Object.values(ranks)}`,
      () => ({
        nodes: [node(op, ["a", "b"], "y", attributes, "com.microsoft")],
        inputs: { a: ranks.a, b: ranks.b },
        outputs: { y: ranks.y },
      }),
    );
    session.run({ a, b }, { y });
  }

  /** A model of one's own, made at the first call with this key; writes its outputs in place. */
  run(
    key: string,
    model: () => Model,
    feeds: Readonly<Record<string, Matrix>>,
    fetches: Readonly<Record<string, Matrix>>,
  ): void {
    this.#session(key, model).run(feeds, fetches);
  }

  #session(key: string, model: () => Model): Session {
    let session = this.#sessions.get(key);
    if (!session) {
      session = this.runtime.session(model());
      this.#sessions.set(key, session);
    }
    return session;
  }
}

/** Numbers with their shape. */
export type Matrix = NativeTensor;

/** Factors and result of a matrix product. */
export type MatMulOptions = {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly y: Matrix;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** ReLU on the result, of matrices without batch axes. */
  readonly relu?: boolean;
};
