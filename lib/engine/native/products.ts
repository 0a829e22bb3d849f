/**
 * Matrix products, convolutions and pooling of TensorFlow.js on ONNX Runtime: for Gram matrices, and
 * for networks that a user writes as TensorFlow.js code.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { many } from "../../base/many.ts";
import type { Kernel, NativeBackend } from "./backend.ts";
import { type Deferral, writeDeferral } from "./deferral.ts";
import { convolutionGradient, type ConvolutionOptions, convolve } from "./direct.ts";
import { maxPool, maxPoolGradient, type Window } from "./layers.ts";
import { type Features, packBias, type PackedFilter, packFilter } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { isLong, longProduct } from "./long_products.ts";
import { fewNumbers, suitsDeferring } from "./product_rows.ts";

type Shape4D = [number, number, number, number];

/** Kernels by TensorFlow.js' names. */
export function productKernels(operations: Operations): Record<string, Kernel> {
  const [forward, backward] = many(2, () => new WeakMap<tf.DataId, PackedFilter>());
  const filterOf = (backend: NativeBackend, filter: tf.TensorInfo, turned: boolean) => {
    const cache = turned ? backward : forward;
    const found = cache.get(filter.dataId);
    if (found) return found;
    const data = backend.floats(filter);
    const made = packFilter({
      data,
      shape: filter.shape as Shape4D,
      block: operations.block,
      turned,
    });
    cache.set(filter.dataId, made);
    return made;
  };

  const matMul: Kernel = ({ inputs: { a, b }, attrs, backend }) => {
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
    const rows = a.shape.at(transposeA ? -1 : -2)!;
    const columns = b.shape.at(transposeB ? -2 : -1)!;
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(
      a.shape.slice(0, -2),
      b.shape.slice(0, -2),
    );
    const shape = [...batch, rows, columns];
    if ([...a.shape, ...b.shape].includes(0)) return undefined;
    const matrix = (tensor: tf.TensorInfo) => trim(backend.floats(tensor), tensor.shape);
    const factors = { a: matrix(a), b: matrix(b), transposeA, transposeB };
    const few = fewNumbers(factors);
    const deferral: Deferral = few
      ? { kind: "blend", few, b: factors.b }
      : { kind: "product", ...factors };
    if (suitsDeferring(factors, rows * columns, few)) return backend.defer(shape, [a, b], deferral);
    const { info, values } = backend.output(shape);
    if (few) writeDeferral(operations, deferral, values, 0);
    else if (transposeA && !transposeB && isLong(factors.a) && factors.b.dims.length === 2) {
      longProduct(operations, factors.a, factors.b, values);
    } else operations.matMul({ ...factors, y: trim(values, shape) });
    return info;
  };

  const convolution: Kernel = (
    { inputs: { x, filter, bias, preluActivationWeights }, attrs, backend },
  ) => {
    const activation = (attrs.activation ?? "linear") as string;
    const plain = preluActivationWeights || !["linear", "relu"].includes(activation) ||
      (bias && (bias.dtype !== "float32" || bias.shape.length !== 1));
    const info = convolutionInfo(x.shape, filter.shape, attrs);
    if (plain || !info || x.dtype !== "float32" || filter.dtype !== "float32") return undefined;
    const { top, left, bottom, right } = info.padInfo;
    const options: ConvolutionOptions = {
      filter: filterOf(backend, filter, false),
      bias: bias && packBias(backend.floats(bias), operations.block),
      strides: [info.strideHeight, info.strideWidth],
      dilations: [info.dilationHeight, info.dilationWidth],
      padding: [top, left, bottom, right],
      relu: activation === "relu",
    };
    const run = (x: Features, y: Features) => convolve(operations, x, options, y);
    return eachPicture(backend, x, info.outShape, run);
  };

  const convolutionBackprop: Kernel = ({ inputs: { dy, filter }, attrs, backend }) => {
    const inputShape = attrs.inputShape as Shape4D;
    const info = convolutionInfo(inputShape, filter.shape, attrs);
    const dilated = info && info.dilationHeight * info.dilationWidth > 1;
    if (!info || dilated || dy.dtype !== "float32" || filter.dtype !== "float32") return undefined;
    const window = windowOf(info, info.filterHeight, info.filterWidth);
    const turned = filterOf(backend, filter, true);
    return eachPicture(backend, dy, inputShape, (dy, dx) => {
      convolutionGradient(operations, dy, turned, window, dx);
    });
  };

  const pool: Kernel = ({ inputs: { x }, attrs, backend }) => {
    const info = poolInfo(x, attrs);
    if (!info) return undefined;
    const window = windowOf(info, info.filterHeight, info.filterWidth);
    return eachPicture(backend, x, info.outShape, (x, y) => maxPool(x, y, window));
  };

  const poolGradient: Kernel = ({ inputs: { dy, input }, attrs, backend }) => {
    const info = poolInfo(input, attrs);
    if (!info || dy.dtype !== "float32") return undefined;
    const window = windowOf(info, info.filterHeight, info.filterWidth);
    return eachPicture(backend, dy, input.shape, (dy, dx, i) => {
      const x = picture(backend.floats(input), input.shape, i);
      maxPoolGradient(dy, x, dx.data, window);
    });
  };

  return {
    BatchMatMul: matMul,
    Conv2D: convolution,
    FusedConv2D: convolution,
    Conv2DBackpropInput: convolutionBackprop,
    MaxPool: pool,
    MaxPoolGrad: poolGradient,
  };
}

/** A matrix without leading axes of length 1. */
function trim(data: Float32Array, shape: readonly number[]) {
  const extra = shape.slice(0, -2).findIndex((length) => length !== 1);
  return { data, dims: shape.slice(extra < 0 ? -2 : extra) };
}

/** Picture `i` of a batch. */
function picture(data: Float32Array, shape: readonly number[], i: number): Features {
  const [, height, width, channels] = shape as Shape4D;
  const size = height * width * channels;
  return { data: data.subarray(i * size, (i + 1) * size), channels, height, width };
}

type Attributes = Record<string, unknown>;
type Pair = number | [number, number];

function convolutionInfo(x: number[], filter: number[], attrs: Attributes) {
  if (attrs.dataFormat !== "NHWC") return undefined;
  return tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    attrs.strides as Pair,
    (attrs.dilations ?? 1) as Pair,
    attrs.pad as "same" | "valid" | number,
    attrs.dimRoundingMode as "floor" | undefined,
  );
}

function poolInfo(x: tf.TensorInfo, attrs: Attributes) {
  if (x.dtype !== "float32") return undefined;
  return tf.backend_util.computePool2DInfo(
    x.shape as Shape4D,
    attrs.filterSize as Pair,
    attrs.strides as Pair,
    1,
    attrs.pad as "same" | "valid" | number,
    attrs.dimRoundingMode as "floor" | undefined,
  );
}

function windowOf(info: tf.backend_util.Conv2DInfo, height: number, width: number): Window {
  const { padInfo: { top, left }, strideHeight, strideWidth } = info;
  return { size: [height, width], strides: [strideHeight, strideWidth], top, left };
}

/** Runs an operation on each picture of a batch. */
function eachPicture(
  backend: NativeBackend,
  x: tf.TensorInfo,
  shape: number[],
  run: (x: Features, y: Features, i: number) => void,
): tf.TensorInfo {
  const { info, values } = backend.output(shape);
  for (let i = 0; i < shape[0]!; i++) {
    run(picture(backend.floats(x), x.shape, i), picture(values, shape, i), i);
  }
  return info;
}
