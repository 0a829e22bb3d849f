/**
 * The heavy operations, each a tiny ONNX model with one or two nodes that is loaded once and serves
 * every size: weights are inputs like the others, so neither a network nor a picture's size needs a
 * model of its own. All buffers come from outside and are read and written in place.
 *
 * @module
 */
import type { BufferPool } from "./buffers.ts";
import {
  type Blocked,
  blockedView,
  copyChannels,
  type PackedFilter,
  roundUp,
  rowsView,
} from "./layout.ts";
import { type Attribute, encodeModel, type Model, type Node } from "./onnx.ts";
import type { Runtime, Session } from "./ort.ts";

const NCHWC = "com.microsoft.nchwc";

/** TensorFlow's "same" padding, or explicit `[top, left, bottom, right]`. */
export type Padding = "same" | readonly [number, number, number, number];

/** What a convolution needs besides its input. */
export type ConvolutionOptions = {
  readonly filter: PackedFilter;
  readonly bias?: Float32Array;
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly padding?: Padding;
  readonly relu?: boolean;
  /** The input is `[C, H, W]` with fewer channels than a block. */
  readonly planar?: boolean;
  /** Add the result to this buffer and return it. */
  readonly addTo?: Blocked;
};

/** Runs operations on one runtime with one block size. */
export class Operations {
  readonly runtime: Runtime;
  readonly pool: BufferPool;
  /** Channels per block; 1 where ONNX Runtime has no blocked operations. */
  readonly block: number;
  #sessions = new Map<string, Session>();

  constructor(runtime: Runtime, pool: BufferPool, block = findBlock(runtime)) {
    this.runtime = runtime;
    this.pool = pool;
    this.block = block;
  }

  /** A blocked buffer with arbitrary content. */
  take(channels: number, height: number, width: number): Blocked {
    const length = roundUp(channels, this.block) * height * width;
    return { data: this.pool.take(length), channels, height, width };
  }

  /** Gives a blocked buffer back. */
  give({ data }: Blocked): void {
    this.pool.give(data);
  }

  /** Convolution, then bias and ReLU if asked for. */
  convolution(x: Blocked, options: ConvolutionOptions): Blocked {
    const { filter, bias, strides = [1, 1], dilations = [1, 1], addTo } = options;
    const { padding = "same", relu = false, planar = false } = options;
    const [, inChannels, kernelHeight, kernelWidth] = filter.dims;
    const kernel = [kernelHeight, kernelWidth];
    const size = [0, 1].map((axis) => {
      const length = axis === 0 ? x.height : x.width;
      if (padding === "same") return Math.ceil(length / strides[axis]);
      const reach = dilations[axis] * (kernel[axis] - 1) + 1;
      return Math.floor((length + padding[axis] + padding[axis + 2] - reach) / strides[axis]) + 1;
    });
    const y = addTo ?? this.take(filter.outChannels, size[0], size[1]);
    const key = `conv ${kernel} ${strides} ${dilations} ${padding} ${relu} ${!!bias} ${!!addTo}`;
    const session = this.#session(key, () => this.#convolutionModel(kernel, options));
    const feeds: Parameters<Session["run"]>[0] = {
      x: this.runtime.tensor(x.data, [1, inChannels, x.height, x.width]),
      filter: this.runtime.tensor(filter.data, filter.dims),
    };
    if (planar && inChannels !== x.channels) throw new Error("Cannot convolve planes as blocks");
    if (bias) feeds.bias = this.runtime.tensor(bias, [filter.dims[0]]);
    const result = this.runtime.tensor(y.data, [1, filter.dims[0], size[0], size[1]]);
    if (addTo) feeds.sum = result;
    session.run(feeds, { y: result });
    return y;
  }

  #convolutionModel(kernel: number[], options: ConvolutionOptions): Model {
    const { bias, strides = [1, 1], dilations = [1, 1], addTo } = options;
    const { padding = "same", relu = false } = options;
    const attributes: Record<string, Attribute> = {
      kernel_shape: kernel,
      strides: [...strides],
      dilations: [...dilations],
      group: 1,
      ...(padding === "same" ? { auto_pad: "SAME_UPPER" } : { pads: [...padding] }),
    };
    const inputs = { x: 4, filter: 4, ...(bias ? { bias: 1 } : {}), ...(addTo ? { sum: 4 } : {}) };
    if (this.block > 1) {
      const names = ["x", "filter", bias ? "bias" : "", ...(addTo ? ["sum"] : [])];
      const activation: Record<string, Attribute> = relu ? { activation: "Relu" } : {};
      const all = { ...attributes, ...activation };
      return { nodes: [node("Conv", names, "y", all, NCHWC)], inputs, outputs: { y: 4 } };
    }
    const nodes: Node[] = [
      node("Conv", ["x", "filter", ...(bias ? ["bias"] : [])], "0", attributes),
    ];
    if (addTo) nodes.push(node("Add", ["0", "sum"], "1"));
    nodes.push(node(relu ? "Relu" : "Identity", [addTo ? "1" : "0"], "y"));
    return { nodes, inputs, outputs: { y: 4 } };
  }

  /** Max pooling with "same" padding. */
  maxPool(x: Blocked, size: number, strides: number): Blocked {
    const y = this.take(x.channels, Math.ceil(x.height / strides), Math.ceil(x.width / strides));
    const attributes = {
      kernel_shape: [size, size],
      strides: [strides, strides],
      auto_pad: "SAME_UPPER",
    };
    const domain = this.block > 1 ? NCHWC : "";
    const session = this.#session(`pool ${size} ${strides}`, () => ({
      nodes: [node("MaxPool", ["x"], "y", attributes, domain)],
      inputs: { x: 4 },
      outputs: { y: 4 },
    }));
    session.run({ x: this.#tensor(x) }, { y: this.#tensor(y) });
    return y;
  }

  /** Blocked to NHWC. */
  toRows(x: Blocked, rows: Float32Array): void {
    const { block } = this;
    if (x.channels % block !== 0) {
      return copyChannels(blockedView(x, block), rowsView(rows, x.channels), x.channels);
    }
    const reorder = { channels: x.channels, channels_last: 1 };
    const session = this.#session(`to rows ${block > 1 ? x.channels : ""}`, () => ({
      nodes: [
        block > 1
          ? node("ReorderOutput", ["x"], "y", reorder, NCHWC)
          : node("Transpose", ["x"], "y", { perm: [0, 2, 3, 1] }),
      ],
      inputs: { x: 4 },
      outputs: { y: 4 },
    }));
    const y = this.runtime.tensor(rows, [1, x.height, x.width, x.channels]);
    session.run({ x: this.#tensor(x) }, { y });
  }

  /** NHWC to blocked. */
  fromRows(rows: Float32Array, channels: number, height: number, width: number): Blocked {
    const y = this.take(channels, height, width);
    const { block } = this;
    if (channels % block !== 0) {
      y.data.fill(0);
      copyChannels(rowsView(rows, channels), blockedView(y, block), channels);
      return y;
    }
    const session = this.#session("from rows", () => ({
      nodes: [
        block > 1
          ? node("ReorderInput", ["x"], "y", { channels_last: 1 }, NCHWC)
          : node("Transpose", ["x"], "y", { perm: [0, 3, 1, 2] }),
      ],
      inputs: { x: 4 },
      outputs: { y: 4 },
    }));
    const x = this.runtime.tensor(rows, [1, height, width, channels]);
    session.run({ x }, { y: this.#tensor(y) });
    return y;
  }

  /** Matrix product over the last two axes, with either factor transposed; batch axes broadcast. */
  matMul(options: MatMulOptions): void {
    const { a, b, y, transposeA, transposeB } = options;
    const ranks = [a, b, y].map(({ dims }) => dims.length);
    const session = this.#session(`matmul ${transposeA} ${transposeB} ${ranks}`, () => ({
      nodes: [
        node(
          "FusedMatMul",
          ["a", "b"],
          "y",
          { transA: Number(transposeA), transB: Number(transposeB) },
          "com.microsoft",
        ),
      ],
      inputs: { a: ranks[0], b: ranks[1] },
      outputs: { y: ranks[2] },
    }));
    session.run({ a: this.#matrix(a), b: this.#matrix(b) }, { y: this.#matrix(y) });
  }

  #matrix({ data, dims }: Matrix) {
    return this.runtime.tensor(data, dims);
  }

  #tensor({ data, channels, height, width }: Blocked) {
    return this.runtime.tensor(data, [1, roundUp(channels, this.block), height, width]);
  }

  #session(key: string, model: () => Model): Session {
    let session = this.#sessions.get(key);
    if (!session) {
      session = this.runtime.session(encodeModel(model()));
      this.#sessions.set(key, session);
    }
    return session;
  }
}

/** Numbers with their shape. */
export type Matrix = { readonly data: Float32Array; readonly dims: readonly number[] };

/** Factors and result of a matrix product. */
export type MatMulOptions = {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly y: Matrix;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
};

function node(
  op: string,
  inputs: string[],
  output: string,
  attributes: Record<string, Attribute> = {},
  domain = "",
): Node {
  return { op, domain, inputs, outputs: [output], attributes };
}

/** Asks ONNX Runtime for its block size by looking where the second position of a channel goes. */
export function findBlock(runtime: Runtime): number {
  const channels = 64;
  const x = new Float32Array(2 * channels).map((_, i) => i);
  const y = new Float32Array(2 * channels);
  try {
    const model = encodeModel({
      nodes: [node("ReorderInput", ["x"], "y", {}, NCHWC)],
      inputs: { x: 4 },
      outputs: { y: 4 },
    });
    const dims = [1, channels, 1, 2];
    const [feed, fetch] = [runtime.tensor(x, dims), runtime.tensor(y, dims)];
    runtime.session(model).run({ x: feed }, { y: fetch });
    const block = y.indexOf(1);
    return block > 1 ? block : 1;
  } catch {
    return 1;
  }
}
