/**
 * The features of a picture: what the layers of a network see in it. An engine that registers the
 * TensorFlow.js kernel `NetworkFeatures` (attributes `network` and `layers`) computes the whole
 * network at once; on the others each operation is some TensorFlow.js kernels (`plain.ts`). Tensors
 * are NHWC float32.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../base/kernels.ts";
import { checkLayers, checkSize } from "./architecture.ts";
import type { Network } from "./network.ts";
import type { PoolingKind } from "./operation.ts";
import { prepare, runOperations } from "./plain.ts";
import { type BORDERS, withPadding, withPooling } from "./variants.ts";

/** Features by layer name, each `[1, height, width, channels]`. */
export type Features = Record<string, tf.Tensor4D>;

/**
 * The features of a picture at some layers: a network, bound once with everything that says how a
 * picture enters it. Losses are functions of what is seen, and need not know the network.
 *
 * @example
 * ```ts ignore
 * const see = seeThrough(network, { inputScale: 255 });
 * const { relu4_2 } = see(image, ["relu4_2"]);
 * ```
 */
export type See = {
  (image: tf.Tensor4D, layers: readonly string[]): Features;
  /** What is looked through. */
  readonly architecture: Network;
  /** How pictures that do not tile are seen, where those that do are seen otherwise. */
  readonly open?: See;
};

/** How a picture enters the network. */
export type SeeOptions = {
  /**
   * Factor on the picture: 255 in the preset `tutorial`.
   *
   * @default {1}
   */
  inputScale?: number;
  /**
   * What the poolings take of their windows, see {@linkcode withPooling}: `max`, as the networks were
   * trained, `average` or `l2`. The network's own if left out.
   */
  pooling?: PoolingKind;
  /**
   * Factor on what `pooling` takes of a window; Gatys et al. and others average without one.
   *
   * @default {2} for `average`, 0.78 for `l2`: features stay as large as with `max`
   */
  poolingFactor?: number;
  /**
   * What convolutions see beyond the border, see {@linkcode withPadding}: `zeros`, as the networks were
   * trained, `replicate` or `circular`.
   *
   * @default {"zeros"}
   */
  padding?: (typeof BORDERS)[number];
  /**
   * Whether `padding` is for the convolution of the picture itself or for all of them.
   *
   * @default {"first"}
   */
  paddingWhere?: "first" | "all";
};

/** The names of {@linkcode SeeOptions}. */
export const SEE_OPTIONS: readonly (keyof SeeOptions)[] = [
  "inputScale",
  "pooling",
  "poolingFactor",
  "padding",
  "paddingWhere",
];

/** Binds a network and the way in which pictures enter it. */
export function seeThrough(
  network: Network,
  { inputScale = 1, pooling, poolingFactor, padding = "zeros", paddingWhere }: SeeOptions = {},
): See {
  const pooled = pooling === undefined ? network : withPooling(network, pooling, poolingFactor);
  const seen = withPadding(pooled, { padding, where: paddingWhere });
  const see = (image: tf.Tensor4D, layers: readonly string[]) => {
    if (layers.length === 0) return {};
    const scaled = inputScale === 1 ? image : tf.mul(image, inputScale) as tf.Tensor4D;
    return featuresOf(seen, scaled, layers);
  };
  return Object.assign(see, { architecture: seen });
}

/**
 * The features of a picture at the given layers; differentiable with respect to the picture.
 *
 * @param image `[1, H, W, 3]`, RGB, 0–255.
 * @returns a tensor per layer, owned by the caller.
 * @throws {RangeError} when a layer is unknown or the picture is too small for it.
 */
export function featuresOf(
  network: Network,
  image: tf.Tensor4D,
  layers: readonly string[],
): Features {
  const names = [...new Set(layers)];
  checkLayers(network, `use a layer of ${network.name}`, names);
  checkSize(network, image.shape, names);
  const outputs = hasKernel("NetworkFeatures")
    ? tf.engine().runKernel("NetworkFeatures", { image }, { network, layers: names } as never)
    : runOperations(network, image, names);
  return Object.fromEntries(names.map((name, i) => [name, (outputs as tf.Tensor4D[])[i]!]));
}

/**
 * Makes the engine's copy of the weights now rather than at the first picture; nothing while no engine
 * is chosen, for it would be made for plain JavaScript, which takes ten seconds, and then again.
 */
export function warmUp(network: Network): void {
  if (!tf.engine().backendName) return;
  if (!hasKernel("NetworkFeatures")) prepare(network);
}
