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
import { type Hashes, readWeights, type Weights } from "./weights/read.ts";

/** Settings of the functions that load a network. */
export type LoadOptions = DownloadOptions & {
  /**
   * Another weights file (path, URL or bytes): safetensors, Keras' HDF5, a TensorFlow GraphDef, or a
   * zip archive with one of them. Its hash is not checked.
   */
  weights?: string | URL | Uint8Array;
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
  { weights, ...options }: LoadOptions = {},
): Promise<Network> {
  const source = weights ?? ("path" in from ? from.path : await download(from, options));
  const found = await readWeights(source, weights === undefined ? from : {});
  const network = fitWeights(architecture, found, nameSource(source));
  warmUp(network);
  return network;
}

/**
 * Puts an architecture and the weights of a file together; leaves out what the network does not use,
 * such as dense layers.
 *
 * @throws {Error} when weights are missing or have the wrong shape, or when the file has further
 * convolutions: then it belongs to another network.
 */
export function fitWeights(architecture: Architecture, weights: Weights, file: string): Network {
  const used: Weights = {};
  for (const layer of architecture.graph) {
    if (layer.op !== "conv2d") continue;
    for (const name of [layer.filter, layer.bias]) {
      if (Object.hasOwn(weights, name)) used[name] = weights[name];
    }
  }
  const further = Object.keys(weights).find((name) =>
    name.endsWith(".kernel") && !Object.hasOwn(used, name)
  );
  try {
    const network = createNetwork(architecture, used);
    if (!further) return network;
    throw new Error(
      `Cannot build ${architecture.name} as it has no ${further}: the file is another network's`,
    );
  } catch (error) {
    throw new Error(`${(error as Error).message} (file ${file})`, { cause: error });
  }
}
