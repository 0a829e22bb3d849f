/**
 * From a weights file to a network.
 *
 * @module
 */
import { nameSource } from "../base/files.ts";
import type { Architecture } from "./architecture.ts";
import { download, type DownloadOptions, type Published } from "./weights/download.ts";
import { warmUp } from "./features.ts";
import { createNetwork, type Network } from "./network.ts";
import { fitNames, type PictureKind } from "./weights/names.ts";
import { leaveInFile } from "./weights/in_file.ts";
import { type Hashes, readWeights, type Weights } from "./weights/read.ts";

/** Settings of the functions that load a network. */
export type LoadOptions = DownloadOptions & {
  /**
   * Another weights file (path, URL or bytes): safetensors, PyTorch's `.pth`, Keras' HDF5, a
   * caffemodel, NumPy's `.npz`, a TensorFlow GraphDef, or a zip archive with one of them. Its hash is
   * not checked.
   */
  weights?: string | URL | Uint8Array;
  /**
   * How pictures enter a file with PyTorch's names: `torchvision`, RGB in 0–1 with mean and
   * deviation, or `caffe`, BGR in 0–255 less a mean, as the files of neural-style-pt want them.
   *
   * @default {"torchvision"} unless the file is called `vgg16-00b39a1b` or `vgg19-d01eb7cb`
   */
  pictures?: PictureKind;
};

/** A file that comes with the library. */
export type Shipped = Hashes & { path: URL };

/**
 * Loads a network: from the file given, else from the one that is shipped, else from the published
 * one, which is downloaded if need be.
 *
 * @throws {Error} when the weights cannot be read, were altered or do not fit the architecture.
 */
export async function loadNetwork(
  architecture: Architecture,
  from: Published | Shipped,
  { weights, pictures, ...options }: LoadOptions = {},
): Promise<Network> {
  const published = weights === undefined && "url" in from ? from : undefined;
  const source = weights ?? ("path" in from ? from.path : await download(from, options));
  const found = await readWeights(source, weights === undefined ? from : {}).catch((error) => {
    if (!published) throw error;
    const advice = "load it with { refetch: true } or --refetch to fetch the file again";
    throw new Error(`${error.message}; ${advice}`, { cause: error });
  });
  const network = fitWeights(architecture, found, nameSource(source), pictures);
  if ("path" in from && source === from.path && source.protocol === "file:") {
    network.weights = leaveInFile(network.weights, from);
  }
  warmUp(network);
  return network;
}

/**
 * Puts an architecture and the weights of a file together, whatever names and layout they have there;
 * leaves out what the network does not use, such as dense layers.
 *
 * @param file its name, for errors
 * @param pictures how pictures enter, if the file's names leave that open
 * @throws {Error} when weights are missing or have the wrong shape, or when the file has further
 * convolutions: then it belongs to another network.
 */
export function fitWeights(
  architecture: Architecture,
  weights: Weights,
  file: string,
  pictures?: PictureKind,
): Network {
  try {
    const fitted = fitNames(architecture, weights, file, pictures);
    return createNetwork({ ...architecture, preprocessing: fitted.preprocessing }, fitted.weights);
  } catch (error) {
    throw new Error(`${(error as Error).message} (file ${file})`, { cause: error });
  }
}
