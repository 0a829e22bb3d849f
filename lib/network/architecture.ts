/**
 * What a network is: a list of layers in the order in which they are computed. Plain data, which every
 * engine reads, and the checks that weights and pictures fit it.
 *
 * @module
 */
import type { Weights } from "./weights/read.ts";

/** One step of a network. The input called `image` is the preprocessed picture. */
export type Layer =
  | {
    op: "conv2d";
    name: string;
    input: string;
    /** Name of the weight `[height, width, in, out]`. */
    filter: string;
    /** Name of the weight `[out]`. */
    bias: string;
    strides: number;
    /** Whether max(0, x) follows. */
    relu: boolean;
  }
  | { op: "maxPool"; name: string; input: string; size: number; strides: number }
  | {
    op: "localResponseNormalization";
    name: string;
    input: string;
    depthRadius: number;
    bias: number;
    alpha: number;
    beta: number;
  }
  | { op: "concat"; name: string; inputs: string[] };

/** What a network expects: the mean is subtracted, then the channels are put in order. */
export type Preprocessing = {
  channelOrder: "RGB" | "BGR";
  /** Mean of red, green and blue on the scale 0–255. */
  mean: readonly [number, number, number];
};

/** The shape of a network, without its numbers. */
export type Architecture = {
  name: string;
  graph: readonly Layer[];
  /** The layers that a loss may use, shallow to deep. */
  layers: readonly string[];
  preprocessing: Preprocessing;
  /** Which layers stand in for those of VGG, by VGG's names, in a network that is built otherwise. */
  counterparts?: Readonly<Record<string, string>>;
};

/** @throws {Error} when a weight is missing, has the wrong shape or is not finite. */
export function checkWeights({ name, graph }: Architecture, weights: Weights): void {
  const channels: Record<string, number> = { image: 3 };
  for (const layer of graph) {
    if (layer.op === "concat") {
      channels[layer.name] = layer.inputs.reduce((sum, input) => sum + channels[input], 0);
      continue;
    }
    channels[layer.name] = channels[layer.input];
    if (layer.op !== "conv2d") {
      if (layer.input !== "image") continue;
      throw new Error(
        `Cannot build ${name} as only convolutions may read the picture (they put its channels ` +
          `in order): current value is ${layer.op}`,
      );
    }
    const filter = weights[layer.filter];
    const bias = weights[layer.bias];
    for (const [weight, found] of [[layer.filter, filter], [layer.bias, bias]] as const) {
      if (!found) throw new Error(`Cannot build ${name} as the weights have no ${weight}`);
      const bad = firstNotFinite(found.data);
      if (bad >= 0) {
        throw new Error(
          `Cannot build ${name} as weights must be finite: current value of ${weight} at ` +
            `position ${bad} is ${found.data[bad]}`,
        );
      }
    }
    const [, , input, output] = filter.shape;
    const fits = filter.shape.length === 4 && input === channels[layer.input] &&
      bias.shape.length === 1 && bias.shape[0] === output;
    if (!fits) {
      throw new Error(
        `Cannot build ${name} as ${layer.filter} must be [height, width, ` +
          `${channels[layer.input]}, out] and ${layer.bias} [out]: current values are ` +
          `[${filter.shape}] and [${bias.shape}]`,
      );
    }
    channels[layer.name] = output;
  }
}

/** How many pixels of the picture one position of a layer stands for, along one side. */
export function layerStride({ graph }: Architecture, layer: string): number {
  const strides: Record<string, number> = { image: 1 };
  for (const step of graph) {
    const input = step.op === "concat" ? step.inputs[0] : step.input;
    strides[step.name] = strides[input] * ("strides" in step ? step.strides : 1);
  }
  return strides[layer];
}

/** @throws {RangeError} when a picture `[1, H, W, 3]` is too small for one of the layers. */
export function checkSize(
  network: Architecture,
  [, height, width]: readonly number[],
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
  { layers, counterparts = {} }: Architecture,
  names: readonly string[],
): string[] {
  return [
    ...new Set(names.map((name) => layers.includes(name) ? name : counterparts[name] ?? name)),
  ];
}

/** Where the first value that is not finite stands, else -1; a loop, as there are twenty million. */
function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
