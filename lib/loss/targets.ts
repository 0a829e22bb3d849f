/**
 * What the mixed image is compared with: the content image's features and the style image's Gram
 * matrices, computed once, and the loss terms made from them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkNonNegative } from "../base/check.ts";
import {
  contentLoss,
  denoiseLoss,
  type Gram,
  type GramMatrices,
  gramMatrices,
  gramMatrix,
  styleLoss,
} from "./losses.ts";
import { type Activations, activations, type Network } from "../network/network.ts";
import type { Loss } from "./objective.ts";
import { type Picture, toTensor } from "../picture/picture.ts";

/** The picture whose shapes are kept. */
export type ContentOptions = {
  picture: Picture;
  /** The network's fifth layer by default: the tutorial's layer id 4. */
  layers?: readonly string[];
  weight?: number;
};

/** The picture whose colours and brush strokes are taken over. */
export type StyleOptions = {
  picture: Picture;
  /** All layers of the network by default, as in the tutorial. */
  layers?: readonly string[];
  weight?: number;
  /** {@linkcode gramMatrix} by default, as in the tutorial. */
  gram?: Gram;
};

/** How smooth the mixed image should be. */
export type DenoiseOptions = { weight?: number };

/** The losses of a run: the tutorial's three, each left out when not given, and your own. */
export type LossOptions = {
  content?: ContentOptions;
  style?: StyleOptions;
  denoise?: DenoiseOptions;
  losses?: readonly Loss[];
  /** Of {@linkcode rememberTargets}, for many runs over the same pictures. */
  targets?: Targets;
};

/** Where the targets of a run come from; what it hands out stays its own. */
export type Targets = {
  /** As {@linkcode contentTarget}. */
  content(picture: Picture, layers: readonly string[], inputScale?: number): Activations;
  /** As {@linkcode styleTarget}. */
  style(
    picture: Picture,
    layers: readonly string[],
    inputScale?: number,
    gram?: Gram,
  ): GramMatrices;
  dispose(): void;
};

/** Loss terms, and the targets that they hold on to. */
export type LossTerms = { terms: Loss[]; dispose(): void };

/**
 * The features of a picture at some layers, owned by the caller.
 *
 * @param inputScale factor on the picture before it enters the network
 */
export function contentTarget(
  network: Network,
  picture: Picture,
  layers: readonly string[],
  inputScale = 1,
): Activations {
  return tf.tidy(() => activations(network, tf.mul(toTensor(picture), inputScale), layers));
}

/**
 * The Gram matrices of a picture at some layers, owned by the caller.
 *
 * @param inputScale factor on the picture before it enters the network
 */
export function styleTarget(
  network: Network,
  picture: Picture,
  layers: readonly string[],
  inputScale = 1,
  gram: Gram = gramMatrix,
): GramMatrices {
  return tf.tidy(() => gramMatrices(contentTarget(network, picture, layers, inputScale), gram));
}

/**
 * Computes every target once and keeps it: hand it to several runs as `targets`, and they share what
 * they have in common. Pictures are told apart by identity, so read each one once.
 */
export function rememberTargets(network: Network): Targets {
  const kept = new Map<Picture, Map<Gram | "features", Map<string, tf.Tensor>>>();
  function find<T extends tf.Tensor>(
    picture: Picture,
    kind: Gram | "features",
    inputScale: number,
    layers: readonly string[],
    compute: (layers: readonly string[]) => Record<string, T>,
  ): Record<string, T> {
    const kinds = entry(kept, picture, () => new Map<Gram | "features", Map<string, tf.Tensor>>());
    const tensors = entry(kinds, kind, () => new Map<string, tf.Tensor>());
    const missing = layers.filter((layer) => !tensors.has(`${layer} ${inputScale}`));
    for (const [layer, tensor] of Object.entries(missing.length > 0 ? compute(missing) : {})) {
      tensors.set(`${layer} ${inputScale}`, tensor);
    }
    return Object.fromEntries(
      layers.map((layer) => [layer, tensors.get(`${layer} ${inputScale}`) as T]),
    );
  }
  return {
    content: (picture, layers, inputScale = 1) =>
      find(
        picture,
        "features",
        inputScale,
        layers,
        (missing) => contentTarget(network, picture, missing, inputScale),
      ),
    style: (picture, layers, inputScale = 1, gram = gramMatrix) =>
      find(
        picture,
        gram,
        inputScale,
        layers,
        (missing) => styleTarget(network, picture, missing, inputScale, gram),
      ),
    dispose() {
      for (const kinds of kept.values()) {
        for (const tensors of kinds.values()) tf.dispose([...tensors.values()]);
      }
      kept.clear();
    },
  };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key)!;
}

/**
 * Makes the loss terms `content`, `style`, `denoise` and appends your own.
 *
 * @throws {RangeError} for a negative weight or an unknown layer.
 */
export function createLosses(
  network: Network,
  { content, style, denoise, losses = [], targets }: LossOptions,
  inputScale = 1,
): LossTerms {
  const own = targets ? undefined : rememberTargets(network);
  const source = targets ?? own!;
  const terms: Loss[] = [];
  const weightOf = (name: string, weight: number) => {
    checkNonNegative(`weigh the ${name} loss`, "weight", weight);
    return weight;
  };
  try {
    if (content) {
      const { picture, layers = [network.layers[4]], weight = 1.5 } = content;
      const target = source.content(picture, layers, inputScale);
      terms.push({
        name: "content",
        weight: weightOf("content", weight),
        layers,
        value: ({ activations }) => contentLoss(activations, target),
      });
    }
    if (style) {
      const { picture, layers = network.layers, weight = 10, gram } = style;
      const target = source.style(picture, layers, inputScale, gram);
      terms.push({
        name: "style",
        weight: weightOf("style", weight),
        layers,
        value: ({ activations }) => styleLoss(activations, target, gram),
      });
    }
    if (denoise) {
      const { weight = 0.3 } = denoise;
      const value: Loss["value"] = ({ image }) => denoiseLoss(image);
      terms.push({ name: "denoise", weight: weightOf("denoise", weight), value });
    }
  } catch (error) {
    own?.dispose();
    throw error;
  }
  return { terms: [...terms, ...losses], dispose: () => own?.dispose() };
}

/** A style loss term per layer. */
export type StyleLayersOptions = {
  picture: Picture;
  /** Weight by layer. */
  weights: Record<string, number>;
  gram?: Gram;
};

/**
 * A style loss per layer instead of one for all: with adaptive weights each layer is then adjusted by
 * itself. The terms are called `style relu1_1` and so on; hand them to a run as `losses`.
 *
 * @throws {RangeError} for a negative weight or an unknown layer.
 */
export function styleLossPerLayer(
  network: Network,
  { picture, weights, gram }: StyleLayersOptions,
  inputScale = 1,
): LossTerms {
  for (const [layer, weight] of Object.entries(weights)) {
    checkNonNegative("weigh the style loss", layer, weight);
  }
  const targets = styleTarget(network, picture, Object.keys(weights), inputScale, gram);
  const terms = Object.entries(weights).map(([layer, weight]): Loss => ({
    name: `style ${layer}`,
    weight,
    layers: [layer],
    value: ({ activations }) => styleLoss(activations, { [layer]: targets[layer] }, gram),
  }));
  return { terms, dispose: () => tf.dispose(targets) };
}
