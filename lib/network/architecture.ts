/**
 * What a network is: a list of operations in the order in which they are computed, and what it expects
 * of a picture. The checks that weights, pictures and names of layers fit it.
 *
 * @module
 */
import { cannot, describe, nearest } from "../base/check.ts";
import { inputsOf, type Operation, stepOf } from "./operation.ts";
import type { Weights } from "./weights/read.ts";

/** What a network expects: the mean is subtracted, then the channels are put in order. */
export type Preprocessing = {
  channelOrder: "RGB" | "BGR";
  /** Mean of red, green and blue on the scale 0–255. */
  mean: readonly [number, number, number];
};

/** The shape of a network, without its numbers. */
export type Architecture = {
  name: string;
  graph: readonly Operation[];
  /** The layers that a loss may use, shallow to deep. */
  layers: readonly string[];
  /** Further operations that a loss may name, and that no list of layers has: those before a ReLU. */
  hidden?: readonly string[];
  preprocessing: Preprocessing;
  /** Which layers stand in for those of VGG, by VGG's names, in a network that is built otherwise. */
  counterparts?: Readonly<Record<string, string>>;
};

/** @throws {Error} when a weight is missing, has the wrong shape or is not finite. */
export function checkWeights({ name, graph }: Architecture, weights: Weights): void {
  const channels = new Map([["image", 3]]);
  for (const operation of graph) {
    const before = inputsOf(operation).reduce((sum, input) => sum + (channels.get(input) ?? 0), 0);
    channels.set(operation.name, before);
    if (operation.op === "pool" && operation.kind === "max" && (operation.factor ?? 1) !== 1) {
      throw new Error(cannot(`build ${name}`, "max pooling takes no factor", operation.name));
    }
    if (operation.op !== "conv2d") {
      if (operation.op === "pad" || !inputsOf(operation).includes("image")) continue;
      throw new Error(
        `Cannot build ${name} as only convolutions may read the picture (they put its channels ` +
          `in order): current value is ${operation.op}`,
      );
    }
    const { filter, bias } = operation;
    const [kernel, offsets] = [filter, bias].map((weight) => {
      const found = weights[weight];
      if (!found) throw new Error(`Cannot build ${name} as the weights have no ${weight}`);
      const bad = firstNotFinite(found.data);
      if (bad < 0) return found.shape;
      throw new Error(
        `Cannot build ${name} as weights must be finite: current value of ${weight} at ` +
          `position ${bad} is ${found.data[bad]}`,
      );
    }) as [number[], number[]];
    const [, , input, output] = kernel;
    const fits = kernel.length === 4 && input === before &&
      offsets.length === 1 && offsets[0] === output;
    if (!fits) {
      throw new Error(
        `Cannot build ${name} as ${filter} must be [height, width, ${before}, out] and ${bias} ` +
          `[out]: current values are [${kernel}] and [${offsets}]`,
      );
    }
    channels.set(operation.name, output!);
  }
}

/** So many values are looked at together. */
const STRETCH = 4096;

/**
 * Where the first value that is not finite stands, else -1. There are twenty million: a sum of float32 in
 * double precision is finite if all of them are, and takes a quarter of the time of a look at each.
 */
function firstNotFinite(values: Float32Array | Float16Array): number {
  for (let start = 0; start < values.length; start += STRETCH) {
    const end = Math.min(values.length, start + STRETCH);
    let [even, odd] = [0, 0];
    for (let i = start; i + 1 < end; i += 2) {
      even += values[i]!;
      odd += values[i + 1]!;
    }
    if (Number.isFinite(even + odd + values[end - 1]!)) continue;
    const within = values.subarray(start, end).findIndex((value) => !Number.isFinite(value));
    if (within >= 0) return start + within;
  }
  return -1;
}

/**
 * Throws unless all are layers of a network that a loss may use. The message lists them and names the
 * one that is probably meant: Keras' `block3_conv1`, and `conv3_1` where the network has no such layer, is
 * called `relu3_1` here, after its ReLU.
 *
 * @param called how the message calls a layer, such as by a flag
 * @throws {RangeError}
 */
export function checkLayers(
  { layers, hidden = [] }: Pick<Architecture, "layers" | "hidden">,
  what: string,
  names: readonly string[],
  called = "layer",
): void {
  for (const name of names) {
    if (layers.includes(name) || hidden.includes(name)) continue;
    throw new RangeError(cannot(what, layerRule(name, layers, called), describe(name)));
  }
}

function layerRule(name: unknown, layers: readonly string[], called = "layer"): string {
  const rule = `${called} must be one of ${layers.join(", ")}`;
  const numbers = /^(?:conv|block)(\d+)_(?:conv)?(\d+)$/.exec(String(name));
  const afterRelu = numbers ? `relu${numbers[1]}_${numbers[2]}` : "";
  if (layers.includes(afterRelu)) return `${rule} (it is called ${afterRelu} here)`;
  const near = nearest(String(name), layers);
  return near === undefined ? rule : `${rule} (did you mean ${near}?)`;
}

/**
 * How many pixels of the picture one position of a layer stands for, along one side.
 *
 * @throws {RangeError} when there is no such layer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { layerStride, VGG16 } from "stylebook";
 *
 * assertEquals(["relu1_2", "relu2_1", "relu5_1"].map((name) => layerStride(VGG16, name)), [1, 2, 16]);
 * ```
 */
export function layerStride({ name, graph, layers }: Architecture, layer: string): number {
  const strides = new Map([["image", 1]]);
  for (const operation of graph) {
    const before = strides.get(inputsOf(operation)[0]!)!;
    strides.set(operation.name, before * stepOf(operation));
  }
  const stride = strides.get(layer);
  if (stride !== undefined) return stride;
  throw new RangeError(
    cannot(`use a layer of ${name}`, layerRule(layer, layers), describe(layer)),
  );
}

/** @throws {RangeError} when a picture `[1, H, W, 3]` is too small for one of the layers. */
export function checkSize(
  network: Architecture,
  [, height = 0, width = 0]: readonly number[],
  layers: readonly string[],
): void {
  for (const layer of layers) {
    const least = layerStride(network, layer);
    if (Math.min(height, width) < least) {
      throw new RangeError(
        `Cannot compute ${layer} of ${network.name} as each side of the picture must have at ` +
          `least ${least} pixels: current value is ${width}x${height}; enlarge the picture or ` +
          `choose shallower layers`,
      );
    }
  }
}

/**
 * What layers of VGG become on a network: themselves where it has them, else its counterparts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { INCEPTION5H, layersLike, VGG19 } from "stylebook";
 *
 * assertEquals(layersLike(VGG19, ["relu4_2"]), ["relu4_2"]);
 * assertEquals(layersLike(INCEPTION5H, ["relu4_2", "relu4_3"]), ["mixed3b"]);
 * ```
 */
export function layersLike(
  { layers, hidden = [], counterparts = {} }: Architecture,
  names: readonly string[],
): string[] {
  const there = (name: string) => layers.includes(name) || hidden.includes(name);
  return [...new Set(names.map((name) => there(name) ? name : counterparts[name] ?? name))];
}
