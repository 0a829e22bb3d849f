/**
 * The features of a picture: what the layers of a network see in it. An engine that registers the
 * TensorFlow.js kernel `NetworkFeatures` (attributes `network` and `layers`) computes the whole
 * network at once; on the others each operation is one TensorFlow.js kernel.
 *
 * The filters are frozen, so the gradient never asks for filter gradients, and that of a convolution
 * is again a convolution, with the filter turned by 180 degrees and its input and output channels
 * swapped. Tensors are NHWC float32; padding is TensorFlow's "same" throughout.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkOneOf } from "../base/check.ts";
import { type Architecture, checkSize, type Layer } from "./architecture.ts";
import type { Network } from "./network.ts";

/** Features by layer name, each `[1, height, width, channels]`. */
export type Features = Record<string, tf.Tensor4D>;

/**
 * The features of a picture at some layers: a network, bound once with everything that says how a
 * picture enters it. Losses are functions of what is seen, and need not know the network.
 *
 * @example
 * ```ts ignore
 * const see = seeThrough(network, { inputScale: 255 });
 * const { relu4_2 } = see(image, ["relu4_2"]);
 * ```
 */
export type See = {
  (image: tf.Tensor4D, layers: readonly string[]): Features;
  /** What is looked through. */
  readonly architecture: Network;
};

/** How a picture enters the network. */
export type SeeOptions = {
  /**
   * Factor on the picture: 255 in the preset `tutorial`.
   *
   * @default {1}
   */
  inputScale?: number;
};

/** The names of {@linkcode SeeOptions}. */
export const SEE_OPTIONS: readonly (keyof SeeOptions)[] = ["inputScale"];

/** Binds a network and the way in which pictures enter it. */
export function seeThrough(network: Network, { inputScale = 1 }: SeeOptions = {}): See {
  const see = (image: tf.Tensor4D, layers: readonly string[]) => {
    if (layers.length === 0) return {};
    const scaled = inputScale === 1 ? image : tf.mul(image, inputScale) as tf.Tensor4D;
    return featuresOf(network, scaled, layers);
  };
  return Object.assign(see, { architecture: network });
}

type Filters = { filter: tf.Tensor4D; turned: tf.Tensor4D; bias: tf.Tensor1D };
type Prepared = { filters: Record<string, Filters>; mean: tf.Tensor1D };

const prepared = new WeakMap<Architecture, Map<tf.KernelBackend, Prepared>>();

/**
 * The features of a picture at the given layers; differentiable with respect to the picture.
 *
 * @param image `[1, H, W, 3]`, RGB, 0–255.
 * @returns a tensor per layer, owned by the caller.
 * @throws {RangeError} when a layer is unknown or the picture is too small for it.
 */
export function featuresOf(
  network: Network,
  image: tf.Tensor4D,
  layers: readonly string[],
): Features {
  const names = [...new Set(layers)];
  for (const layer of names) {
    checkOneOf(`use a layer of ${network.name}`, "layer", layer, network.layers);
  }
  checkSize(network, image.shape, names);
  const outputs = tf.getKernel("NetworkFeatures", tf.getBackend())
    ? tf.engine().runKernel("NetworkFeatures", { image }, { network, layers: names } as never)
    : runLayers(network, image, names);
  return Object.fromEntries(names.map((name, i) => [name, (outputs as tf.Tensor4D[])[i]]));
}

/** The network as TensorFlow.js kernels, one after the other. */
function runLayers(network: Network, image: tf.Tensor4D, layers: string[]): tf.Tensor4D[] {
  const { filters, mean } = prepare(network);
  const missing = new Set(layers);
  const values: Features = { image: tf.sub(image, mean) };
  for (const layer of network.graph) {
    if (missing.size === 0) break;
    values[layer.name] = runLayer(layer, values, filters);
    missing.delete(layer.name);
  }
  return layers.map((layer) => values[layer]);
}

function runLayer(layer: Layer, values: Features, filters: Record<string, Filters>) {
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
  if (!tf.getKernel("NetworkFeatures", tf.getBackend())) prepare(network);
}
