/**
 * Direct convolutions in ONNX Runtime's blocked layout, and their gradients with respect to the input. The
 * filter is frozen, so that is again a convolution, with the filter turned by 180 degrees and its channels
 * swapped.
 *
 * @module
 */
import { spread, type Window } from "./layers.ts";
import { copyChannels, type Features, type PackedFilter, roundUp } from "./layout.ts";
import { type Attribute, type Model, type Node, node } from "./onnx.ts";
import type { Operations } from "./operations.ts";
import type { NativeTensor } from "./ort_values.ts";

const NCHWC = "com.microsoft.nchwc";

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

/** A direct convolution, then bias and ReLU if asked for. */
export function convolve(
  operations: Operations,
  x: Features,
  options: ConvolutionOptions,
  y: Features,
): void {
  const { filter, bias, strides = [1, 1], dilations = [1, 1] } = options;
  const { padding = "same", relu = false } = options;
  const [outChannels, inChannels, kernelHeight, kernelWidth] = filter.dims;
  const kernel = [kernelHeight, kernelWidth];
  const blockedX = toBlocks(operations, x, filter.planar ? 1 : operations.block);
  const blockedY = operations.take(outChannels, y.height, y.width);
  const key = `conv ${kernel} ${strides} ${dilations} ${padding} ${relu} ${!!bias}`;
  const model = () => convolutionModel(operations.block, kernel, options);
  const feeds = {
    x: { data: blockedX.data, dims: [1, inChannels, x.height, x.width] },
    filter,
    ...(bias ? { bias: { data: bias, dims: [outChannels] } } : {}),
  };
  operations.run(key, model, feeds, { y: planes(blockedY) });
  operations.give(blockedX);
  fromBlocks(operations, blockedY, y);
  operations.give(blockedY);
}

function convolutionModel(block: number, kernel: number[], options: ConvolutionOptions): Model {
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
  if (block > 1) {
    const activation: Record<string, Attribute> = relu ? { activation: "Relu" } : {};
    const all = { ...attributes, ...activation };
    return { nodes: [node("Conv", names, "y", all, NCHWC)], inputs, outputs: { y: 4 } };
  }
  const nodes: Node[] = [node("Conv", names, relu ? "0" : "y", attributes)];
  if (relu) nodes.push(node("Relu", ["0"], "y"));
  return { nodes, inputs, outputs: { y: 4 } };
}

/** NHWC to blocks in a buffer of their own. */
function toBlocks(operations: Operations, x: Features, block: number): Features {
  const { channels, height, width } = x;
  const y = operations.take(roundUp(channels, block), height, width);
  if (block !== operations.block || channels % block !== 0) {
    if (channels % block !== 0) y.data.fill(0);
    copyChannels(x, y, block);
    return y;
  }
  const model = (): Model => ({
    nodes: [
      block > 1
        ? node("ReorderInput", ["x"], "y", { channels_last: 1 }, NCHWC)
        : node("Transpose", ["x"], "y", { perm: [0, 3, 1, 2] }),
    ],
    inputs: { x: 4 },
    outputs: { y: 4 },
  });
  operations.run("to blocks", model, { x: rows(x) }, { y: planes(y) });
  return y;
}

/** Blocks to NHWC. */
function fromBlocks(operations: Operations, x: Features, y: Features): void {
  const { block } = operations;
  if (y.channels % block !== 0) return copyChannels(y, x, block, true);
  const reorder = { channels: y.channels, channels_last: 1 };
  const model = (): Model => ({
    nodes: [
      block > 1
        ? node("ReorderOutput", ["x"], "y", reorder, NCHWC)
        : node("Transpose", ["x"], "y", { perm: [0, 2, 3, 1] }),
    ],
    inputs: { x: 4 },
    outputs: { y: 4 },
  });
  const key = `from blocks ${block > 1 ? y.channels : ""}`;
  operations.run(key, model, { x: planes(x) }, { y: rows(y) });
}

/** Overwrites `dx`; `window` says how the convolution went over its input. */
export function convolutionGradient(
  operations: Operations,
  dy: Features,
  filter: PackedFilter,
  window: Window,
  dx: Features,
): void {
  const [height, width] = window.size;
  const centred = window.top === (height - 1) / 2 && window.left === (width - 1) / 2;
  const sameSize = dy.height === dx.height && dy.width === dx.width;
  if (centred && sameSize && window.strides.every((stride) => stride === 1)) {
    return convolve(operations, dy, { filter }, dx);
  }
  const canvas = operations.take(dy.channels, dx.height + height - 1, dx.width + width - 1);
  spread(dy, canvas, window);
  convolve(operations, canvas, { filter, padding: [0, 0, 0, 0] }, dx);
  operations.give(canvas);
}

function planes({ data, channels, height, width }: Features): NativeTensor {
  return { data, dims: [1, channels, height, width] };
}

function rows({ data, channels, height, width }: Features): NativeTensor {
  return { data, dims: [1, height, width, channels] };
}
