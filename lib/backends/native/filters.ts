/**
 * A network's filters, packed for the engine: each when it is first needed, those for the gradient
 * only once a gradient is asked for.
 *
 * @module
 */
import type { Layer, Network } from "../../network.ts";
import { packBias, type PackedFilter, packFilter } from "./layout.ts";

type Convolution = Extract<Layer, { op: "conv2d" }>;

/** What a convolution layer needs. */
export type ForwardFilter = {
  readonly filter: PackedFilter;
  readonly bias: Float32Array;
  /** Reads the picture's planes rather than blocks. */
  readonly planar: boolean;
};

/** The packed filters of one network. */
export class NetworkFilters {
  #weights: Network["weights"];
  #block: number;
  #forward = new Map<string, ForwardFilter>();
  #turned = new Map<string, PackedFilter>();

  constructor({ weights }: Network, block: number) {
    this.#weights = weights;
    this.#block = block;
  }

  /** The filter and bias of a layer. */
  forward(layer: Convolution): ForwardFilter {
    return remember(this.#forward, layer.name, () => {
      const { data, shape } = this.#weights[layer.filter];
      const planar = layer.input === "image" && this.#block > shape[2];
      const filter = packFilter({ data, shape, block: this.#block, planar });
      return { filter, bias: packBias(this.#weights[layer.bias].data, this.#block), planar };
    });
  }

  /** The filter that turns a layer's gradient into that of its input. */
  turned(layer: Convolution): PackedFilter {
    return remember(this.#turned, layer.name, () => {
      const { data, shape } = this.#weights[layer.filter];
      return packFilter({ data, shape, block: this.#block, turned: true });
    });
  }
}

function remember<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
