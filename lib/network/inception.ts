/**
 * Inception 5h, the network of tutorial 14 and of the first Deep Dream pictures: three convolutions,
 * then nine blocks that look at their input through filters of three sizes at once and put the
 * results side by side. Trained on ImageNet; RGB pictures lose 117 in every channel.
 *
 * Harder to paint with than VGG: its first layer already works at half the size, and pooling windows
 * and 5x5 filters overlap unevenly, which favours checkerboards.
 *
 * Source: Szegedy et al. 2014 (arXiv 1409.4842); the graph and its constants are those of TensorFlow's
 * `tensorflow_inception_graph.pb` (Apache 2.0), which differs from the paper in a few widths.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import type { Published } from "./weights/download.ts";
import { loadNetwork, type LoadOptions } from "./load.ts";
import type { Network } from "./network.ts";
import type { Operation } from "./operation.ts";

/** TensorFlow's archive, and the hash with which TensorFlow's own build fetches it. */
const INCEPTION5H_FILE: Published = {
  file: "inception5h.zip",
  url: "https://storage.googleapis.com/download.tensorflow.org/models/inception5h.zip",
  bytes: 49_937_555,
  sha256: "d13569f6a98159de37e92e9c8ec4dae8f674fbf475f69fe6199b514f756d4364",
};

/** What VGG's layers become, by what comes nearest in depth and size; the tutorial's first. */
const LIKE_VGG: Record<string, string[]> = {
  conv2d0: ["relu1_1", "relu1_2"],
  conv2d1: ["relu2_1", "relu2_2"],
  conv2d2: ["relu3_1", "relu3_2", "relu3_3", "relu3_4"],
  mixed3a: ["relu4_1"],
  mixed3b: ["relu4_2", "relu4_3", "relu4_4"],
  mixed4a: ["relu5_1"],
  mixed4b: ["relu5_2", "relu5_3", "relu5_4"],
};

const convolution = (name: string, input: string, strides = 1): Operation => (
  { op: "conv2d", name, input, filter: `${name}_w`, bias: `${name}_b`, strides, relu: true }
);
const maxPool = (name: string, input: string, strides: number): Operation => (
  { op: "pool", kind: "max", name, input, size: 3, strides }
);
const normalization = (name: string, input: string): Operation => ({
  op: "localResponseNormalization",
  name,
  input,
  depthRadius: 5,
  bias: 2,
  alpha: 1e-4,
  beta: 0.5,
});

/** 1x1, 3x3 and 5x5 convolutions and a pooling of the same input, side by side. */
function block(name: string, input: string): Operation[] {
  return [
    convolution(`${name}_1x1`, input),
    convolution(`${name}_3x3_bottleneck`, input),
    convolution(`${name}_3x3`, `${name}_3x3_bottleneck`),
    convolution(`${name}_5x5_bottleneck`, input),
    convolution(`${name}_5x5`, `${name}_5x5_bottleneck`),
    maxPool(`${name}_pool`, input, 1),
    convolution(`${name}_pool_reduce`, `${name}_pool`),
    {
      op: "concat",
      name,
      inputs: ["1x1", "3x3", "5x5", "pool_reduce"].map((branch) => `${name}_${branch}`),
    },
  ];
}

/** The layers of Inception 5h up to its classifiers, and how they hang together. */
export const INCEPTION5H: Architecture = {
  name: "Inception 5h",
  graph: [
    convolution("conv2d0", "image", 2),
    maxPool("maxpool0", "conv2d0", 2),
    normalization("localresponsenorm0", "maxpool0"),
    convolution("conv2d1", "localresponsenorm0"),
    convolution("conv2d2", "conv2d1"),
    normalization("localresponsenorm1", "conv2d2"),
    maxPool("maxpool1", "localresponsenorm1", 2),
    ...block("mixed3a", "maxpool1"),
    ...block("mixed3b", "mixed3a"),
    maxPool("maxpool4", "mixed3b", 2),
    ...block("mixed4a", "maxpool4"),
    ...block("mixed4b", "mixed4a"),
    ...block("mixed4c", "mixed4b"),
    ...block("mixed4d", "mixed4c"),
    ...block("mixed4e", "mixed4d"),
    maxPool("maxpool10", "mixed4e", 2),
    ...block("mixed5a", "maxpool10"),
    ...block("mixed5b", "mixed5a"),
  ],
  layers: [
    ...["conv2d0", "conv2d1", "conv2d2", "mixed3a", "mixed3b", "mixed4a", "mixed4b", "mixed4c"],
    ...["mixed4d", "mixed4e", "mixed5a", "mixed5b"],
  ],
  preprocessing: { channelOrder: "RGB", mean: [117, 117, 117] },
  counterparts: Object.fromEntries(
    Object.entries(LIKE_VGG).flatMap(([layer, names]) =>
      names.flatMap((name) => [[name, layer], [name.replace("relu", "conv"), layer]])
    ),
  ),
};

/**
 * Loads Inception 5h with the weights that TensorFlow publishes; fetches them at the first call
 * (50 MB).
 *
 * @throws {Error} when the weights cannot be fetched or read, were altered or do not fit.
 */
export async function loadInception5h(options: LoadOptions = {}): Promise<Network> {
  return await loadNetwork(INCEPTION5H, INCEPTION5H_FILE, options);
}
