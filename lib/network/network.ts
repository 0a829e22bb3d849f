/**
 * A network is data: a list of operations in the order in which they are computed, and their weights.
 * Every engine reads that list. The filters are frozen: only the picture changes.
 *
 * @module
 */
import { displayable } from "../base/notebook.ts";
import { type Architecture, checkWeights } from "./architecture.ts";
import type { Weights } from "./weights/read.ts";

export { layerStride } from "./architecture.ts";
export type { Architecture, Preprocessing } from "./architecture.ts";
export type { Operation } from "./operation.ts";

/** A network with its frozen weights. */
export type Network = Architecture & {
  weights: Weights;
  /**
   * How to free what engines made of the weights: each engine adds its own. Networks that share their
   * weights share this set.
   */
  releases: Set<() => void>;
  /** Frees what engines made of the weights; a network that is used again makes it again. */
  dispose(): void;
};

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
  return displayable("network", { ...architecture, weights, releases, dispose });
}
