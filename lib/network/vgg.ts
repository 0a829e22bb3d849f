/**
 * VGG-16 and VGG-19 without their dense layers: 3x3 convolutions, each with a ReLU, in five blocks
 * with 2x2 max pooling between them. Trained on ImageNet; RGB pictures lose the mean of the training
 * set and are fed as BGR.
 *
 * Source: Simonyan, Zisserman 2014 (arXiv 1409.1556), configurations D and E; weights CC BY 4.0.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import type { Published } from "./weights/download.ts";
import { loadNetwork, type LoadOptions, type Shipped } from "./load.ts";
import type { Network } from "./network.ts";
import type { Operation } from "./operation.ts";

/** The file that the library ships: half precision, 29 MB. */
const VGG16_FILE: Shipped = {
  path: new URL("./weights/vgg16.safetensors", import.meta.url),
  sha256: "ae861c44ab4f7af53f34d3b646729475816edc98bed5bf7eae04437d8f6be6e5",
};

/**
 * The file that the library ships: eight bits a weight, 20 MB. It is not Keras' own file: every kernel
 * has a palette of 256 values, made of Keras' weights by k-means (README of the weights).
 */
const VGG19_FILE: Shipped = {
  path: new URL("./weights/vgg19.safetensors", import.meta.url),
  sha256: "e50c7885d58e8682e3f596e7ae6a7e476f2cd1a1aa9e19aecb2a3a8194201a01",
};

/** Keras' file without the dense layers, in float32, and the hash that Keras publishes. */
const VGG19_KERAS_FILE: Published = {
  file: "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
  url: "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/" +
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
  bytes: 80_134_624,
  md5: "253f8cb515780f3b799900260a226db6",
};

/** Per channel, on the scale 0–255 (Simonyan, Zisserman 2014, section 2.1). */
const IMAGENET_MEAN = [123.68, 116.779, 103.939] as const;

/**
 * Blocks of 3x3 convolutions with 2x2 max pooling between them; `blocks` are their numbers. The layers are
 * the ReLUs, `relu3_1`; what stands before one is `conv3_1`.
 */
export function vggArchitecture(name: string, blocks: readonly number[]): Architecture {
  const graph: Operation[] = [];
  let input = "image";
  blocks.forEach((convolutions, i) => {
    const block = i + 1;
    if (block > 1) {
      graph.push({ op: "pool", kind: "max", name: `pool${i}`, input, size: 2, strides: 2 });
      input = `pool${i}`;
    }
    for (let j = 1; j <= convolutions; j++) {
      const weight = `block${block}_conv${j}`;
      const [filter, bias] = [`${weight}.kernel`, `${weight}.bias`];
      const convolution = { op: "conv2d", input, filter, bias, strides: 1 } as const;
      // Before the ReLU, for those who ask: a convolution of its own, and computed only then.
      graph.push({ ...convolution, name: `conv${block}_${j}`, relu: false });
      graph.push({ ...convolution, name: `relu${block}_${j}`, relu: true });
      input = `relu${block}_${j}`;
    }
  });
  return {
    name,
    graph,
    layers: graph.filter((layer) => layer.op === "conv2d" && layer.relu).map(({ name }) => name),
    hidden: graph.filter((layer) => layer.op === "conv2d" && !layer.relu).map(({ name }) => name),
    preprocessing: { channelOrder: "BGR", mean: IMAGENET_MEAN },
  };
}

/** VGG-16's layers and how they hang together: thirteen convolutions. */
export const VGG16: Architecture = vggArchitecture("VGG-16", [2, 2, 3, 3, 3]);

/** VGG-19's layers and how they hang together: sixteen convolutions. */
export const VGG19: Architecture = vggArchitecture("VGG-19", [2, 2, 4, 4, 4]);

/** Names of VGG-16's layers in the tutorial's order: its layer id 4 is `LAYERS[4]`, `relu3_1`. */
export const LAYERS: readonly string[] = VGG16.layers;

/**
 * Loads VGG-16 with the weights that the library ships.
 *
 * @throws {Error} when the weights cannot be read, were altered or do not fit.
 */
export async function loadVgg16(options: LoadOptions = {}): Promise<Network> {
  return await loadNetwork(VGG16, VGG16_FILE, options);
}

/**
 * Loads VGG-19, the network of Gatys, Ecker, Bethge 2015, with the weights that the library ships, of
 * eight bits each.
 *
 * @param options with `weights: "keras"` the original numbers, which are fetched at the first call
 * (80 MB) and kept
 * @throws {Error} when the weights cannot be fetched or read, were altered or do not fit.
 */
export async function loadVgg19(options: LoadOptions = {}): Promise<Network> {
  const { weights, ...others } = options;
  if (weights === "keras") return await loadNetwork(VGG19, VGG19_KERAS_FILE, others);
  return await loadNetwork(VGG19, VGG19_FILE, options);
}
