/**
 * The tutorial's three terms: the content image's features, the style image's statistics, and a smooth
 * picture. Each is a function to a {@linkcode Term}; several of a kind may stand side by side.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkNonNegative, checkOptions } from "../base/check.ts";
import { layersLike } from "../network/architecture.ts";
import type { See } from "../network/features.ts";
import { type Picture, resizePicture, toTensor } from "../picture/picture.ts";
import { contentLoss, type DenoiseForm, denoiseLoss } from "./losses.ts";
import { gram } from "./style/gram.ts";
import { type Description, type StyleMeasure, sumsOf } from "./style/measure.ts";
import { seededRandom } from "../base/random.ts";
import type { BoundTerm, Canvas, Term, View } from "./term.ts";

/** The picture whose shapes are kept. */
export type ContentOptions = {
  /** Where features are compared. @default the network's fifth layer: the tutorial's layer id 4 */
  layers?: readonly string[];
  /** 0 or more. @default {1.5} */
  weight?: number;
  /** Shown in logs and charts. @default {"content"} */
  name?: string;
};

/**
 * The term `mean over layers of MSE(F, F_content)`.
 *
 * @throws {RangeError} for a negative weight; when a run begins, for an unknown layer.
 */
export function contentOf(picture: Picture, options: ContentOptions = {}): Term {
  checkOptions("want a content", options, ["layers", "weight", "name", "picture"]);
  const { layers, weight = 1.5, name = "content" } = options;
  checkNonNegative(`weigh the ${name} loss`, "weight", weight);
  return {
    name,
    weight,
    bind(see, canvas) {
      const names = layersLike(see.architecture, layers ?? see.architecture.layers.slice(4, 5));
      checkSome(name, names);
      const target = tf.tidy(() => see(toTensor(contentAt(picture, canvas)), names));
      return {
        layers: names,
        value: ({ features }) => contentLoss(features, target),
        dispose: () => tf.dispose(target),
      };
    },
  };
}

/** The picture whose colours and brush strokes are taken over. */
export type StyleOptions = {
  /** Where the style is compared. @default all layers of the network, as in the tutorial */
  layers?: readonly string[];
  /** 0 or more. @default {10} */
  weight?: number;
  /** How a layer's style is described and compared. @default the tutorial's Gram matrix */
  measure?: StyleMeasure;
  /** A factor for each layer. @default 1 / number of layers for each: the mean over them */
  layerWeights?: Readonly<Record<string, number>>;
  /** Shown in logs and charts. @default {"style"} */
  name?: string;
};

/**
 * The term `Σ over layers of layerWeight · distance(mixed, style)`, with the distance of a measure.
 *
 * @throws {RangeError} for a negative weight; when a run begins, for an unknown layer.
 */
export function styleOf(picture: Picture, options: StyleOptions = {}): Term {
  const known = ["layers", "weight", "measure", "layerWeights", "name", "picture"];
  checkOptions("want a style", options, known);
  const { layers, weight = 10, measure = gram(), layerWeights, name = "style" } = options;
  checkNonNegative(`weigh the ${name} loss`, "weight", weight);
  for (const [layer, value] of Object.entries(layerWeights ?? {})) {
    checkNonNegative(`weigh the ${name} loss`, layer, value);
  }
  return {
    name,
    weight,
    bind(see, canvas) {
      const wanted = layers ?? (layerWeights ? Object.keys(layerWeights) : see.architecture.layers);
      const names = layersLike(see.architecture, wanted);
      checkSome(name, names);
      const factors = names.map((layer) => layerWeights?.[layer] ?? 1 / names.length);
      return bindMeasure(see, styleAt(picture, canvas), measure, names, factors);
    },
  };
}

/**
 * A style term per layer instead of one for all: with adaptive weights each layer is then adjusted by
 * itself. The terms are called `style relu1_1` and so on.
 *
 * @param layerWeights weight by layer
 * @throws {RangeError} for a negative weight; when a run begins, for an unknown layer.
 */
export function styleOfEachLayer(
  picture: Picture,
  layerWeights: Readonly<Record<string, number>>,
  { measure }: Pick<StyleOptions, "measure"> = {},
): Term[] {
  return Object.entries(layerWeights).map(([layer, weight]) =>
    styleOf(picture, { layers: [layer], weight, measure, name: `style ${layer}` })
  );
}

/** How smooth the mixed image should be. */
export type DenoiseOptions = DenoiseForm & {
  /** 0 or more. @default {0.3} */
  weight?: number;
};

/** The term {@linkcode denoiseLoss}. @throws {RangeError} for a negative weight. */
export function denoise(options: DenoiseOptions = {}): Term {
  checkOptions("denoise", options, ["weight", "power", "reduce"]);
  const { weight = 0.3, ...form } = options;
  checkNonNegative("weigh the denoise loss", "weight", weight);
  const value = ({ image }: View) => denoiseLoss(image, form);
  return { name: "denoise", weight, bind: () => ({ layers: [], value, dispose: () => {} }) };
}

/** A content picture in the size of the mixed image. */
export function contentAt(picture: Picture, { width, height }: Canvas): Picture {
  return width && height ? resizePicture(picture, { width, height }) : picture;
}

/** A style picture, reduced where the canvas asks for it. */
export function styleAt(picture: Picture, { styleSize = Infinity }: Canvas): Picture {
  const longer = Math.max(picture.width, picture.height);
  return longer > styleSize ? resizePicture(picture, { maxSize: styleSize }) : picture;
}

function bindMeasure(
  see: See,
  picture: Picture,
  measure: StyleMeasure,
  layers: string[],
  factors: number[],
): BoundTerm {
  const targets = tf.tidy(() => {
    const features = see(toTensor(picture), layers);
    return layers.map((layer) => describeLayer(measure, features[layer]!));
  });
  const distance = ({ features, evaluation }: View, layer: string, i: number) => {
    const found = features[layer]!;
    return measure.additive
      ? measure.distance(sumsOf(found), targets[i])
      : measure.distance(found, targets[i]!, seededRandom(evaluation));
  };
  // One factor for all: the tutorial's mean, to the last digit.
  const equal = factors.every((factor) => factor === factors[0]);
  const value = (view: View) => {
    const distances = layers.map((layer, i) => distance(view, layer, i));
    const sum = equal ? distances : distances.map((d, i) => tf.mul(d, factors[i]!) as tf.Scalar);
    const total = sum.reduce((a, b) => tf.add(a, b));
    if (!equal) return total;
    return (1 / factors[0]! === layers.length
      ? tf.div(total, layers.length)
      : tf.mul(total, factors[0]!)) as tf.Scalar;
  };
  return { layers, value, dispose: () => tf.dispose(targets) };
}

function describeLayer(measure: StyleMeasure, features: tf.Tensor4D): Description {
  return measure.additive ? measure.describe(sumsOf(features)) : measure.describe(features);
}

/** @throws {RangeError} when there is no layer to compare. */
function checkSome(name: string, layers: readonly string[]): void {
  if (layers.length > 0) return;
  throw new RangeError(`Cannot compute the ${name} loss as it needs at least one layer`);
}
