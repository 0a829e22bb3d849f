/**
 * The style term: what a picture, several, or the regions of some have of a manner, brought to the mixed
 * image by a measure.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cannot, checkNonNegative, checkOneOf, checkOptions, describe } from "../base/check.ts";
import { seededRandom } from "../base/random.ts";
import { layersLike, layerStride } from "../network/architecture.ts";
import type { See } from "../network/features.ts";
import type { Picture } from "../picture/picture.ts";
import { resizePicture } from "../picture/resize.ts";
import { guideAt, guidesFor, type Regions, wholeGuides } from "./guidance.ts";
import { type Binding, type Blend, BLENDS, describeStyles, type Target } from "./style_targets.ts";
import { gram } from "./style/gram.ts";
import {
  type AdditiveMeasure,
  type Description,
  gradientOfSums,
  type Guide,
  type StyleMeasure,
  sumsOf,
} from "./style/measure.ts";
import { type BoundTerm, type Canvas, type Part, type Term, type View, WEIGHTS } from "./term.ts";

/** The picture whose colours and brush strokes are taken over, or several. */
export type StyleOptions = {
  /** Where the style is compared. @default all layers of the network, as in the tutorial */
  layers?: readonly string[];
  /** 0 or more. @default {10} */
  weight?: number;
  /** How a layer's style is described and compared. @default the tutorial's Gram matrix */
  measure?: StyleMeasure;
  /** A factor for each layer. @default 1 / number of layers for each: the mean over them */
  layerWeights?: Readonly<Record<string, number>>;
  /** Of several style pictures: how much each counts. @default all the same */
  shares?: readonly number[];
  /**
   * Of several style pictures: `targets` mixes their statistics to one target, a style between them;
   * `terms` compares with each and mixes the distances.
   *
   * @default {"targets"}
   */
  blend?: Blend;
  /** Masks of content and style: each colour is painted from the same colour. @default no regions */
  regions?: Regions;
  /** Shown in logs and charts. @default {"style"} */
  name?: string;
};

const KNOWN = [
  ...[
    "layers",
    "weight",
    "measure",
    "layerWeights",
    "shares",
    "blend",
    "regions",
    "name",
    "picture",
  ],
];

/**
 * The term `Σ over layers of layerWeight · distance(mixed, style)`, with the distance of a measure.
 *
 * Of several pictures the statistics are mixed (raw moments, so that a blend of a light and a dark style
 * has both); with `blend: "terms"`, and with a measure that is no function of sums, it is compared with
 * each, and the distances are mixed. With regions each is compared by itself, and counts by its part of the
 * mixed image; where only some of the styles have a region, theirs are the shares.
 *
 * @param pictures one style picture, or several
 * @throws {RangeError} for a negative weight, shares that are all 0, regions with a measure that is no
 * function of sums; when a run begins, for an unknown layer or masks that do not fit.
 */
export function styleOf(pictures: Picture | readonly Picture[], options: StyleOptions = {}): Term {
  checkOptions("want a style", options, KNOWN);
  const {
    layers,
    weight = WEIGHTS.style,
    measure = gram(),
    layerWeights,
    regions,
    name = "style",
  } = options;
  const all = Array.isArray(pictures) ? pictures as Picture[] : [pictures as Picture];
  const what = `weigh the ${name} loss`;
  checkNonNegative(what, "weight", weight);
  for (const [layer, value] of Object.entries(layerWeights ?? {})) {
    checkNonNegative(what, layer, value);
  }
  const shares = sharesOf(what, options.shares, all.length);
  const { blend = "targets" } = options;
  checkOneOf(what, "blend", blend, BLENDS);
  if (regions && !measure.additive) {
    const rule = "the measure must be a function of sums over positions, as gram or wasserstein";
    throw new RangeError(cannot("paint by regions", rule, describe(measure.name)));
  }
  return {
    name,
    weight,
    bind(see, canvas) {
      const wanted = layers ?? (layerWeights ? Object.keys(layerWeights) : see.architecture.layers);
      const names = layersLike(see.architecture, wanted);
      if (names.length === 0) {
        throw new RangeError(`Cannot compute the ${name} loss as it needs at least one layer`);
      }
      const factors = names.map((layer) => layerWeights?.[layer] ?? 1 / names.length);
      const fitted = all.map((picture) => styleAt(picture, canvas));
      const common = { see, measure, names, factors, regions, canvas };
      return bindStyle({ ...common, pictures: fitted, shares, blend });
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

/** A style picture, reduced where the canvas asks for it. */
export function styleAt(picture: Picture, { styleSize = Infinity }: Canvas): Picture {
  const longer = Math.max(picture.width, picture.height);
  return longer > styleSize ? resizePicture(picture, { maxSize: styleSize }) : picture;
}

/** Shares that add up to 1. */
function sharesOf(what: string, shares: readonly number[] | undefined, count: number): number[] {
  if (shares === undefined) return new Array(count).fill(1 / count);
  if (shares.length !== count) {
    const rule = `shares must have a number for each of the ${count} styles`;
    throw new RangeError(cannot(what, rule, describe([...shares])));
  }
  for (const share of shares) checkNonNegative(what, "each share", share);
  const sum = shares.reduce((a, b) => a + b, 0);
  if (sum > 0) return shares.map((share) => share / sum);
  throw new RangeError(cannot(what, "one of the shares must be above 0", describe([...shares])));
}

function bindStyle(binding: Binding): BoundTerm {
  const { see, measure, names, regions, canvas, pictures: styles, shares } = binding;
  const guides = regions
    ? guidesFor(see.architecture, names, { styles, canvas, regions, shares })
    : wholeGuides(names);
  let targets: Target[];
  try {
    targets = describeStyles(binding, guides);
  } catch (error) {
    guides.dispose();
    throw error;
  }
  // One factor for all: the tutorial's mean, to the last digit.
  const equal = targets.length === names.length &&
    targets.every(({ factor }) => factor === 1 / names.length);
  const value = (view: View) => {
    const distances = targets.map(({ layer, wanted, guide }) =>
      distance(measure, view.features[layer]!, wanted, guide, view.evaluation)
    );
    const weighed = equal
      ? distances
      : distances.map((d, i) => tf.mul(d, targets[i]!.factor) as tf.Scalar);
    const total = tf.addN(weighed) as tf.Scalar;
    return equal && names.length > 1 ? tf.div(total, names.length) as tf.Scalar : total;
  };
  const finish = (sums: readonly tf.Tensor[]) => {
    const distances = targets.map(({ layer, wanted, guide, factor }, i) => {
      const [sum, products] = [sums[2 * i] as tf.Tensor1D, sums[2 * i + 1] as tf.Tensor2D];
      const count = guide?.total ?? positions(see, layer, canvas);
      const d = (measure as AdditiveMeasure).distance({ count, sum, products }, wanted);
      return tf.mul(d, factor) as tf.Scalar;
    });
    return tf.addN(distances) as tf.Scalar;
  };
  return {
    layers: names,
    value,
    additive: measure.additive
      ? {
        parts: targets.map(({ layer, guide }): Part => ({
          layer,
          count: 2,
          sums(features, where) {
            const { sum, products } = sumsOf(features, guideAt(guide, where));
            return [sum, products];
          },
          gradient: (features, where, [ofSum, ofProducts]) =>
            gradientOfSums(features, guideAt(guide, where), {
              sum: ofSum as tf.Tensor1D,
              products: ofProducts as tf.Tensor2D,
            }),
        })),
        finish,
      }
      : undefined,
    dispose() {
      tf.dispose(targets.map(({ wanted }) => wanted));
      guides.dispose();
    },
  };
}

function distance(
  measure: StyleMeasure,
  features: tf.Tensor4D,
  wanted: Description,
  guide: Guide | undefined,
  evaluation: number,
): tf.Scalar {
  return measure.additive
    ? measure.distance(sumsOf(features, guide), wanted)
    : measure.distance(features, wanted, seededRandom(evaluation));
}

/** How many positions a layer has of the mixed image. */
function positions(see: See, layer: string, { width = 0, height = 0 }: Canvas): number {
  const stride = layerStride(see.architecture, layer);
  return Math.ceil(width / stride) * Math.ceil(height / stride);
}
