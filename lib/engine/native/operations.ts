/**
 * The heavy operations, each a tiny ONNX model with one or two nodes that is loaded once and serves
 * every size: weights are inputs like the others, so neither a network nor a picture's size needs a
 * model of its own. All buffers come from outside and are read and written in place.
 *
 * @module
 */
import { findBlock } from "./block.ts";
import type { BufferPool } from "./buffers.ts";
import { copyChannels, type Features, type PackedFilter, roundUp } from "./layout.ts";
import { type Lanes, partsFor } from "./lanes.ts";
import type { Attribute, Model, Node } from "./onnx.ts";
import type { Runtime, Session } from "./ort.ts";
import type { NativeTensor } from "./ort_values.ts";
import { VectorUnit } from "./vector_unit.ts";

const NCHWC = "com.microsoft.nchwc";

/** Where ONNX Runtime has no blocks: two vectors of WebAssembly. */
const FEWEST_SIDE_BY_SIDE = 8;

/** TensorFlow's "same" padding, or explicit `[top, left, bottom, right]`. */
export type Padding = "same" | readonly [number, number, number, number];

/** What a direct convolution needs besides its input. */
export type ConvolutionOptions = {
  readonly filter: PackedFilter;
  /** With its last block filled up. */
  readonly bias?: Float32Array;
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly padding?: Padding;
  readonly relu?: boolean;
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
  #lanes?: Lanes;
  /** The same on this thread alone, for its part of what several threads do. */
  #alone: Operations;

  constructor(
    runtime: Runtime,
    pool: BufferPool,
    block = findBlock(runtime),
    beside?: Beside,
    unit = new VectorUnit(Math.max(block, FEWEST_SIDE_BY_SIDE)),
  ) {
    this.unit = unit;
    this.runtime = runtime;
    this.pool = pool;
    this.block = block;
    this.#lanes = beside?.lanes;
    this.#alone = beside ? new Operations(beside.alone, pool, block, undefined, unit) : this;
  }

  /** How many threads could share a task now. */
  get threads(): number {
    return this.#lanes?.ready ?? 1;
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

  /** A direct convolution, then bias and ReLU if asked for. */
  convolution(x: Features, options: ConvolutionOptions, y: Features): void {
    const { filter, bias, strides = [1, 1], dilations = [1, 1] } = options;
    const { padding = "same", relu = false } = options;
    const [outChannels, inChannels, kernelHeight, kernelWidth] = filter.dims;
    const kernel = [kernelHeight, kernelWidth];
    const blockedX = this.#toBlocks(x, filter.planar ? 1 : this.block);
    const blockedY = this.take(outChannels, y.height, y.width);
    const key = `conv ${kernel} ${strides} ${dilations} ${padding} ${relu} ${!!bias}`;
    const session = this.#session(key, () => this.#convolutionModel(kernel, options));
    const feeds = {
      x: { data: blockedX.data, dims: [1, inChannels, x.height, x.width] },
      filter,
      ...(bias ? { bias: { data: bias, dims: [outChannels] } } : {}),
    };
    session.run(feeds, { y: planes(blockedY) });
    this.give(blockedX);
    this.#fromBlocks(blockedY, y);
    this.give(blockedY);
  }

  #convolutionModel(kernel: number[], options: ConvolutionOptions): Model {
    const { bias, strides = [1, 1], dilations = [1, 1] } = options;
    const { padding = "same", relu = false } = options;
    const attributes: Record<string, Attribute> = {
      kernel_shape: kernel,
      strides: [...strides],
      dilations: [...dilations],
      group: 1,
      ...(padding === "same" ? { auto_pad: "SAME_UPPER" } : { pads: [...padding] }),
    };
    const inputs = { x: 4, filter: 4, ...(bias ? { bias: 1 } : {}) };
    const names = Object.keys(inputs);
    if (this.block > 1) {
      const activation: Record<string, Attribute> = relu ? { activation: "Relu" } : {};
      const all = { ...attributes, ...activation };
      return { nodes: [node("Conv", names, "y", all, NCHWC)], inputs, outputs: { y: 4 } };
    }
    const nodes: Node[] = [node("Conv", names, relu ? "0" : "y", attributes)];
    if (relu) nodes.push(node("Relu", ["0"], "y"));
    return { nodes, inputs, outputs: { y: 4 } };
  }

  /** NHWC to blocks in a buffer of their own. */
  #toBlocks(x: Features, block: number): Features {
    const { channels, height, width } = x;
    const y = this.take(roundUp(channels, block), height, width);
    if (block !== this.block || channels % block !== 0) {
      if (channels % block !== 0) y.data.fill(0);
      copyChannels(x, y, block);
      return y;
    }
    const session = this.#session("to blocks", () => ({
      nodes: [
        block > 1
          ? node("ReorderInput", ["x"], "y", { channels_last: 1 }, NCHWC)
          : node("Transpose", ["x"], "y", { perm: [0, 3, 1, 2] }),
      ],
      inputs: { x: 4 },
      outputs: { y: 4 },
    }));
    session.run({ x: rows(x) }, { y: planes(y) });
    return y;
  }

  /** Blocks to NHWC. */
  #fromBlocks(x: Features, y: Features): void {
    const { block } = this;
    if (y.channels % block !== 0) return copyChannels(y, x, block, true);
    const reorder = { channels: y.channels, channels_last: 1 };
    const session = this.#session(`from blocks ${block > 1 ? y.channels : ""}`, () => ({
      nodes: [
        block > 1
          ? node("ReorderOutput", ["x"], "y", reorder, NCHWC)
          : node("Transpose", ["x"], "y", { perm: [0, 2, 3, 1] }),
      ],
      inputs: { x: 4 },
      outputs: { y: 4 },
    }));
    session.run({ x: planes(x) }, { y: rows(y) });
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

function planes({ data, channels, height, width }: Features): NativeTensor {
  return { data, dims: [1, channels, height, width] };
}

function rows({ data, channels, height, width }: Features): NativeTensor {
  return { data, dims: [1, height, width, channels] };
}

function node(
  op: string,
  inputs: string[],
  output: string,
  attributes: Record<string, Attribute> = {},
  domain = "",
): Node {
  return { op, domain, inputs, outputs: [output], attributes };
}
