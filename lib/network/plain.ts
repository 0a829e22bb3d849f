/**
 * The operations of a network as TensorFlow.js kernels, one after the other: for the engines that have no
 * kernel for the whole network.
 *
 * The filters are frozen, so the gradient never asks for filter gradients, and that of a convolution
 * is again a convolution, with the filter turned by 180 degrees and its input and output channels
 * swapped.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../base/kernels.ts";
import type { Network } from "./network.ts";
import {
  type Bordering,
  borderPlaces,
  type Convolution,
  neededSteps,
  type Operation,
  type Pooling,
  readsPicture,
  samePadding,
} from "./operation.ts";
import type { Tensor } from "./weights/read.ts";
import { floatsOf } from "./weights/tensors.ts";

type Filters = { filter: tf.Tensor4D; turned: tf.Tensor4D; bias: tf.Tensor1D };
type Prepared = { filters: Map<string, Filters>; mean: tf.Tensor1D };

/** By what networks that share their weights have in common: so they have them once on each engine. */
const prepared = new WeakMap<Network["releases"], Map<tf.KernelBackend, Prepared>>();

/** The network's operations on a picture, as far as the layers need them. */
export function runOperations(
  network: Network,
  image: tf.Tensor4D,
  layers: readonly string[],
): tf.Tensor4D[] {
  const { filters, mean } = prepare(network);
  const values = new Map<string, tf.Tensor4D>([["image", tf.sub(image, mean)]]);
  for (const operation of neededSteps(network.graph, layers)) {
    values.set(operation.name, run(operation, (name) => values.get(name)!, filters));
  }
  return layers.map((layer) => values.get(layer)!);
}

function run(
  operation: Operation,
  value: (name: string) => tf.Tensor4D,
  filters: ReadonlyMap<string, Filters>,
): tf.Tensor4D {
  switch (operation.op) {
    case "conv2d":
      return convolution(value(operation.input), filters.get(operation.filter)!, operation);
    case "pool":
      return pool(value(operation.input), operation);
    case "pad":
      return withBorder(value(operation.input), operation);
    case "localResponseNormalization": {
      const { input, depthRadius, bias, alpha, beta } = operation;
      return tf.localResponseNormalization(value(input), depthRadius, bias, alpha, beta);
    }
    case "concat":
      return tf.concat(operation.inputs.map(value), 3);
  }
}

/** Convolution, bias and ReLU in one kernel, with the gradient of a frozen filter. */
function convolution(
  x: tf.Tensor4D,
  { filter, turned, bias }: Filters,
  { strides, relu, padding = "same" }: Convolution,
): tf.Tensor4D {
  const apply = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor4D, (tensors: tf.Tensor[]) => void];
    const y = convolve(x, filter, strides, padding, { bias, relu });
    save([y]);
    const gradFunc = (dy: tf.Tensor, [y]: tf.Tensor[]) => {
      const [height, width] = filter.shape;
      const turns = strides === 1 && height % 2 === 1 && width % 2 === 1;
      if (turns && padding === "same") {
        return convolve(dy as tf.Tensor4D, turned, 1, "same", { mask: relu ? y : undefined });
      }
      const upstream = (relu ? maskByRelu(dy, y!) : dy) as tf.Tensor4D;
      // With strides the turned filter would need a dilated input, and with even sides another
      // padding: TensorFlow.js has the kernel.
      if (!turns) return tf.conv2dTranspose(upstream, filter, x.shape, strides, padding);
      const wide = tf.pad(upstream, [
        [0, 0],
        [height - 1, height - 1],
        [width - 1, width - 1],
        [0, 0],
      ]);
      return convolve(wide, turned, 1, "valid");
    };
    return { value: y, gradFunc };
  });
  return apply(x) as tf.Tensor4D;
}

/** What else a convolution does: bias and ReLU behind it, or the ReLU's mask before it. */
type More = { bias?: tf.Tensor1D; relu?: boolean; mask?: tf.Tensor };

/** A convolution, and what else is to be done, in one kernel where the engine has it. */
function convolve(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  strides: number,
  padding: "same" | "valid",
  { bias, relu, mask }: More = {},
): tf.Tensor4D {
  const settings = {
    strides: [strides, strides],
    pad: padding,
    dataFormat: "NHWC",
    dilations: [1, 1],
  };
  if (mask && hasKernel("MaskedConv2D")) {
    return tf.engine().runKernel("MaskedConv2D", { x, filter, mask }, settings);
  }
  const input = mask ? maskByRelu(x, mask) : x;
  return bias
    ? tf.engine().runKernel("FusedConv2D", { x: input, filter, bias }, {
      ...settings,
      activation: relu ? "relu" : "linear",
    })
    : tf.engine().runKernel("Conv2D", { x: input, filter }, settings);
}

/** `dy` where the ReLU let something through, else 0; one kernel where the engine has it. */
function maskByRelu(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return hasKernel("ReluMask")
    ? tf.engine().runKernel("ReluMask", { dy, y })
    : tf.mul(dy, tf.step(y));
}

/** A pooling in which only what lies within the border counts. */
function pool(x: tf.Tensor4D, { kind, size, strides, factor = 1 }: Pooling): tf.Tensor4D {
  if (kind === "max") return tf.maxPool(x, size, strides, "same");
  const values = kind === "l2" ? tf.square(x) : x;
  const [, height, width] = x.shape;
  const [rows, columns] = [height, width].map((side) => samePadding(side, size, strides)) as [
    [number, number],
    [number, number],
  ];
  const whole = [...rows, ...columns].every((missing) => missing === 0);
  // Zeros by hand: the gradient of "same" averages in TensorFlow.js divides by the whole window.
  const padded = whole ? values : tf.pad(values, [[0, 0], rows, columns, [0, 0]]);
  const averaged = tf.avgPool(padded as tf.Tensor4D, size, strides, "valid");
  const mean = whole ? averaged : tf.mul(averaged, shares(height, width, size, strides));
  if (kind === "average") return tf.mul(mean, factor);
  return tf.mul(root(tf.mul(mean, size * size)), factor);
}

/** The square root; its slope at 0, which is infinite, is taken as 0. */
function root(x: tf.Tensor4D): tf.Tensor4D {
  const apply = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor4D, (tensors: tf.Tensor[]) => void];
    const y = tf.sqrt(x);
    save([y]);
    const gradFunc = (dy: tf.Tensor, [y]: tf.Tensor[]) => tf.divNoNan(dy, tf.mul(y!, 2));
    return { value: y, gradFunc };
  });
  return apply(x) as tf.Tensor4D;
}

/** How many times as large a window is as what lies of it within the border: `[1, rows, columns, 1]`. */
function shares(height: number, width: number, size: number, strides: number): tf.Tensor4D {
  const [down, across] = [height, width].map((side) => {
    const [before] = samePadding(side, size, strides);
    return Array.from({ length: Math.ceil(side / strides) }, (_, i) => {
      const start = i * strides - before;
      return size / (Math.min(side, start + size) - Math.max(0, start));
    });
  }) as [number[], number[]];
  const values = down.flatMap((row) => across.map((column) => row * column));
  return tf.tensor4d(values, [1, down.length, across.length, 1]);
}

/** Features with a border round them. */
function withBorder(x: tf.Tensor4D, operation: Bordering): tf.Tensor4D {
  const [, height, width] = x.shape;
  const [down, across] = operation.window;
  const tall = arrange(x, 1, borderPlaces(height, down, operation));
  return arrange(tall, 2, borderPlaces(width, across, operation));
}

/** Rows or columns in another order, some more than once: slices side by side. */
function arrange(x: tf.Tensor4D, axis: 1 | 2, places: readonly number[]): tf.Tensor4D {
  const starts = places.flatMap((place, i) => place === (places[i - 1] ?? -2) + 1 ? [] : [i]);
  const slices = starts.map((start, i) => {
    const [begin, size] = [[0, 0, 0, 0], [...x.shape]];
    begin[axis] = places[start]!;
    size[axis] = (starts[i + 1] ?? places.length) - start;
    return tf.slice(x, begin, size);
  });
  return tf.concat(slices, axis);
}

/** The filters as tensors of the engine in use, made once per weights and engine. */
export function prepare(network: Network): Prepared {
  const { graph, weights, releases, preprocessing: { channelOrder, mean } } = network;
  const engines = prepared.get(releases) ?? new Map<tf.KernelBackend, Prepared>();
  prepared.set(releases, engines);
  const found = engines.get(tf.backend());
  if (found) return found;
  const made: Prepared = { filters: new Map(), mean: tf.keep(tf.tensor1d([...mean])) };
  for (const operation of graph) {
    if (operation.op !== "conv2d" || made.filters.has(operation.filter)) continue;
    const [filter, turned] = tf.tidy(() => {
      const stored = toTensor(weights[operation.filter]!);
      // BGR once, in the first filter, instead of in every picture.
      const ordered = readsPicture(graph, operation) && channelOrder === "BGR"
        ? tf.reverse(stored, 2)
        : stored.clone();
      return [ordered, tf.transpose(tf.reverse(ordered, [0, 1]), [0, 1, 3, 2])];
    }) as [tf.Tensor4D, tf.Tensor4D];
    const bias = tf.tensor1d(floatsOf(weights[operation.bias]!));
    const kept = { filter: tf.keep(filter), turned: tf.keep(turned), bias: tf.keep(bias) };
    made.filters.set(operation.filter, kept);
  }
  engines.set(tf.backend(), made);
  releases.add(() => {
    tf.dispose([made.mean, ...[...made.filters.values()].flatMap((f) => Object.values(f))]);
    prepared.delete(releases);
  });
  return made;
}

function toTensor(tensor: Tensor): tf.Tensor4D {
  return tf.tensor4d(floatsOf(tensor), tensor.shape as [number, number, number, number]);
}
