/**
 * VGG-16 without its dense layers: thirteen 3x3 convolutions, each with a ReLU, in five blocks with
 * 2x2 max pooling between them. Trained on ImageNet; RGB pictures lose the mean of the training set
 * and are fed as BGR.
 *
 * Source: Simonyan, Zisserman 2014 (arXiv 1409.1556), configuration D; weights CC BY 4.0.
 *
 * @module
 */
import { type Architecture, createNetwork, type Layer, type Network, warmUp } from "./network.ts";
import { readWeights } from "./weights.ts";

/** Convolutions per block. */
const VGG16_BLOCKS = [2, 2, 3, 3, 3];

/** The file that the library ships: half precision, 29 MB. */
const VGG16_FILE = new URL("./weights/vgg16.safetensors", import.meta.url);
const VGG16_SHA256 = "ae861c44ab4f7af53f34d3b646729475816edc98bed5bf7eae04437d8f6be6e5";

/** Per channel, on the scale 0–255 (Simonyan, Zisserman 2014, section 2.1). */
const IMAGENET_MEAN = [123.68, 116.779, 103.939] as const;

/** Blocks of 3x3 convolutions with 2x2 max pooling between them. */
export function vggArchitecture(name: string, blocks: readonly number[]): Architecture {
  const graph: Layer[] = [];
  let input = "image";
  blocks.forEach((convolutions, i) => {
    const block = i + 1;
    if (block > 1) {
      graph.push({ op: "maxPool", name: `pool${i}`, input, size: 2, strides: 2 });
      input = `pool${i}`;
    }
    for (let j = 1; j <= convolutions; j++) {
      const weight = `block${block}_conv${j}`;
      const [filter, bias] = [`${weight}.kernel`, `${weight}.bias`];
      const relu = `relu${block}_${j}`;
      graph.push({ op: "conv2d", name: relu, input, filter, bias, strides: 1, relu: true });
      input = relu;
    }
  });
  return {
    name,
    graph,
    layers: graph.filter((layer) => layer.op === "conv2d").map((layer) => layer.name),
    preprocessing: { channelOrder: "BGR", mean: IMAGENET_MEAN },
  };
}

/** VGG-16's layers and how they hang together. */
export const VGG16: Architecture = vggArchitecture("VGG-16", VGG16_BLOCKS);

/** Names of VGG-16's layers in the tutorial's order: its layer id 4 is `LAYERS[4]`, `relu3_1`. */
export const LAYERS: readonly string[] = VGG16.layers;

/** Settings of {@linkcode loadVgg16}. */
export type LoadVgg16Options = {
  /** Another safetensors file (path, URL or bytes) with the same names and shapes. */
  weights?: string | URL | Uint8Array;
};

/**
 * Loads VGG-16 with the weights that the library ships.
 *
 * @throws {Error} when the weights cannot be read, were altered or do not fit.
 */
export async function loadVgg16({ weights }: LoadVgg16Options = {}): Promise<Network> {
  const found = weights === undefined
    ? await readWeights(VGG16_FILE, { sha256: VGG16_SHA256 })
    : await readWeights(weights);
  const network = createNetwork(VGG16, found);
  warmUp(network);
  return network;
}
