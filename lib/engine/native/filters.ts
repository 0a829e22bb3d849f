/**
 * A network's filters in the form that the engine needs: each made when it is first needed, those
 * for the gradient only once a gradient is asked for.
 *
 * @module
 */
import type { Network } from "../../network/network.ts";
import type { Convolution } from "../../network/operation.ts";
import { floatsOf, type Tensor } from "../../network/weights/tensors.ts";
import { columnFilter } from "./columns.ts";
import { type FilterShape, packBias, type PackedFilter, packFilter } from "./layout.ts";
import type { Operations } from "./operations.ts";
import { transformFilter, type WinogradFilter } from "./winograd_filters.ts";
import type { Tile } from "./winograd_matrices.ts";

/** The filters of one network. */
export class NetworkFilters {
  #weights: Network["weights"];
  #operations: Operations;
  #biases = new Map<string, Float32Array>();
  #transformed = new Map<string, WinogradFilter>();
  #columns = new Map<string, Float32Array>();
  #packed = new Map<string, PackedFilter>();
  #turned = new Map<string, PackedFilter>();

  constructor({ weights }: Network, operations: Operations) {
    this.#weights = weights;
    this.#operations = operations;
  }

  /** `[height, width, in, out]`. */
  shape(layer: Convolution): FilterShape {
    const { shape } = this.#weights[layer.filter]!;
    return shape as readonly number[] as FilterShape;
  }

  /** The bias of a layer, with its last block filled up. */
  bias(layer: Convolution): Float32Array {
    return remember(this.#biases, layer.bias, () => {
      return packBias(floatsOf(this.#weights[layer.bias]!), this.#operations.block);
    });
  }

  /** The filter for Winograd's method, forward and backward. */
  transformed(layer: Convolution, tile: Tile): WinogradFilter {
    if (this.#transformed.get(layer.filter)?.tile !== tile) this.#transformed.delete(layer.filter);
    return remember(this.#transformed, layer.filter, () => {
      this.#packed.delete(layer.filter);
      this.#turned.delete(layer.filter);
      const shape = this.shape(layer);
      return this.#made(layer, (data) => transformFilter(this.#operations, data, shape, tile));
    });
  }

  /** The filter and bias for the method of columns, forward and backward. */
  columns(layer: Convolution): Float32Array {
    return remember(this.#columns, layer.filter, () => {
      return this.#made(layer, (data) => columnFilter(data, floatsOf(this.#weights[layer.bias]!)));
    });
  }

  /** The filter for a direct convolution, or for its gradient. */
  packed(layer: Convolution, turned = false): PackedFilter {
    return remember(turned ? this.#turned : this.#packed, layer.filter, () => {
      this.#transformed.delete(layer.filter);
      const [shape, { block }] = [this.shape(layer), this.#operations];
      return this.#made(layer, (data) => packFilter({ data, shape, block, turned }));
    });
  }

  /** What is made of a filter's numbers; those that were read for it alone are freed at once. */
  #made<T>(layer: Convolution, make: (data: Tensor["data"]) => T): T {
    const filter = this.#weights[layer.filter]!;
    const own = filter.read?.();
    const made = make(own ?? filter.data);
    (own?.buffer as ArrayBuffer | undefined)?.transfer(0);
    return made;
  }
}

function remember<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
