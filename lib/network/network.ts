/**
 * A network is data: a list of layers in the order in which they are computed, and their weights.
 * Every engine reads that list. An engine that registers the TensorFlow.js kernel
 * `NetworkActivations` (attributes `network` and `layers`) computes the whole network at once; on
 * the others each layer is one TensorFlow.js kernel.
 *
 * The filters are frozen: only the picture changes. So the gradient never asks for filter
 * gradients, and that of a convolution is again a convolution, with the filter turned by 180
 * degrees and its input and output channels swapped.
 *
 * Tensors are NHWC float32; padding is TensorFlow's "same" throughout.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Architecture, checkSize, checkWeights, type Layer } from "./architecture.ts";
import { checkOneOf } from "../base/check.ts";
import type { Weights } from "./weights/read.ts";

export { layerStride } from "./architecture.ts";
export type { Architecture, Layer, Preprocessing } from "./architecture.ts";

/** A network with its frozen weights. */
export type Network = Architecture & {
  weights: Weights;
  /** How to free what engines made of the weights: each engine adds its own. */
  releases: Set<() => void>;
  /** Frees what engines made of the weights; a network that is used again makes it again. */
  dispose(): void;
};

/** Features by layer name, each `[1, height, width, channels]`. */
export type Activations = Record<string, tf.Tensor4D>;

type Filters = { filter: tf.Tensor4D; turned: tf.Tensor4D; bias: tf.Tensor1D };
type Prepared = { filters: Record<string, Filters>; mean: tf.Tensor1D };

const prepared = new WeakMap<Architecture, Map<tf.KernelBackend, Prepared>>();

/**
 * Puts an architecture and its weights together.
 *
 * @throws {Error} when a weight is missing, has the wrong shape or holds a NaN.
 */
export function createNetwork(architecture: Architecture, weights: Weights): Network {
  checkWeights(architecture, weights);
  const releases = new Set<() => void>();
  const dispose = () => {
    for (const release of releases) release();
    releases.clear();
  };
  return { ...architecture, weights, releases, dispose };
}

/**
 * The features of a picture at the given layers; differentiable with respect to the picture.
 *
 * @param image `[1, H, W, 3]`, RGB, 0–255.
 * @returns a tensor per layer, owned by the caller.
 * @throws {RangeError} when a layer is unknown or the picture is too small for it.
 */
export function activations(
  network: Network,
  image: tf.Tensor4D,
  layers: readonly string[],
): Activations {
  const names = [...new Set(layers)];
  for (const layer of names) {
    checkOneOf(`use a layer of ${network.name}`, "layer", layer, network.layers);
  }
  checkSize(network, image.shape, names);
  const outputs = tf.getKernel("NetworkActivations", tf.getBackend())
    ? tf.engine().runKernel("NetworkActivations", { image }, { network, layers: names } as never)
    : runLayers(network, image, names);
  return Object.fromEntries(names.map((name, i) => [name, (outputs as tf.Tensor4D[])[i]]));
}

/** The network as TensorFlow.js kernels, one after the other. */
function runLayers(network: Network, image: tf.Tensor4D, layers: string[]): tf.Tensor4D[] {
  const { filters, mean } = prepare(network);
  const missing = new Set(layers);
  const values: Activations = { image: tf.sub(image, mean) };
  for (const layer of network.graph) {
    if (missing.size === 0) break;
    values[layer.name] = runLayer(layer, values, filters);
    missing.delete(layer.name);
  }
  return layers.map((layer) => values[layer]);
}

function runLayer(layer: Layer, values: Activations, filters: Record<string, Filters>) {
  switch (layer.op) {
    case "conv2d":
      return convolution(values[layer.input], filters[layer.name], layer.strides, layer.relu);
    case "maxPool":
      return tf.maxPool(values[layer.input], layer.size, layer.strides, "same");
    case "localResponseNormalization":
      return tf.localResponseNormalization(
        values[layer.input],
        layer.depthRadius,
        layer.bias,
        layer.alpha,
        layer.beta,
      );
    case "concat":
      return tf.concat(layer.inputs.map((input) => values[input]), 3);
  }
}

/** Convolution, bias and ReLU in one kernel, with the gradient of a frozen filter. */
function convolution(
  x: tf.Tensor4D,
  { filter, turned, bias }: Filters,
  strides: number,
  relu: boolean,
): tf.Tensor4D {
  const apply = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor4D, (tensors: tf.Tensor[]) => void];
    const y = convolve(x, filter, strides, bias, relu);
    save([y]);
    const gradFunc = (dy: tf.Tensor, [y]: tf.Tensor[]) => {
      const upstream = (relu ? maskByRelu(dy, y) : dy) as tf.Tensor4D;
      // With strides the turned filter would need a dilated input, and with even sides another
      // padding: TensorFlow.js has the kernel.
      const odd = filter.shape[0] % 2 === 1 && filter.shape[1] % 2 === 1;
      return strides === 1 && odd
        ? convolve(upstream, turned, 1)
        : tf.conv2dTranspose(upstream, filter, x.shape, strides, "same");
    };
    return { value: y, gradFunc };
  });
  return apply(x) as tf.Tensor4D;
}

/** A convolution with "same" padding; bias and ReLU in the same kernel if given. */
function convolve(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  strides: number,
  bias?: tf.Tensor1D,
  relu = false,
): tf.Tensor4D {
  const settings = {
    strides: [strides, strides],
    pad: "same",
    dataFormat: "NHWC",
    dilations: [1, 1],
  };
  return bias
    ? tf.engine().runKernel("FusedConv2D", { x, filter, bias }, {
      ...settings,
      activation: relu ? "relu" : "linear",
    })
    : tf.engine().runKernel("Conv2D", { x, filter }, settings);
}

/** `dy` where the ReLU let something through, else 0; one kernel where the engine has it. */
function maskByRelu(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.getKernel("ReluMask", tf.getBackend())
    ? tf.engine().runKernel("ReluMask", { dy, y })
    : tf.mul(dy, tf.step(y));
}

/** The filters as tensors of the engine in use, made once per network and engine. */
function prepare(network: Network): Prepared {
  const engines = prepared.get(network) ?? new Map<tf.KernelBackend, Prepared>();
  prepared.set(network, engines);
  const found = engines.get(tf.backend());
  if (found) return found;
  const { graph, weights, preprocessing: { channelOrder, mean } } = network;
  const made: Prepared = { filters: {}, mean: tf.keep(tf.tensor1d([...mean])) };
  for (const layer of graph) {
    if (layer.op !== "conv2d") continue;
    const [filter, turned] = tf.tidy(() => {
      const { data, shape } = weights[layer.filter];
      const stored = tf.tensor4d(data, shape as [number, number, number, number]);
      // BGR once, in the first filter, instead of in every picture.
      const ordered = layer.input === "image" && channelOrder === "BGR"
        ? tf.reverse(stored, 2)
        : stored.clone();
      return [ordered, tf.transpose(tf.reverse(ordered, [0, 1]), [0, 1, 3, 2])];
    });
    const bias = tf.tensor1d(weights[layer.bias].data);
    made.filters[layer.name] = {
      filter: tf.keep(filter),
      turned: tf.keep(turned),
      bias: tf.keep(bias),
    };
  }
  engines.set(tf.backend(), made);
  network.releases.add(() => {
    tf.dispose([made.mean, ...Object.values(made.filters).flatMap((f) => Object.values(f))]);
    prepared.delete(network);
  });
  return made;
}

/** Makes the engine's copy of the weights now rather than at the first picture. */
export function warmUp(network: Network): void {
  if (!tf.getKernel("NetworkActivations", tf.getBackend())) prepare(network);
}
