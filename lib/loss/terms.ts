/**
 * Of the tutorial's three terms the content image's features and a smooth picture; the style image's
 * statistics are next door. Each is a function to a {@linkcode Term}; several of a kind may stand side by
 * side.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkNonNegative, checkOneOf, checkOptions } from "../base/check.ts";
import { layersLike } from "../network/architecture.ts";
import type { Picture } from "../picture/picture.ts";
import { resizePicture } from "../picture/resize.ts";
import { contentTarget } from "./content_target.ts";
import {
  contentLoss,
  DENOISE_SHAPES,
  type DenoiseForm,
  denoiseLoss,
  meanOf,
  squaredError,
} from "./losses.ts";
import { type Canvas, type Part, type Term, type View, WEIGHTS } from "./term.ts";

/** The picture whose shapes are kept. */
export type ContentOptions = {
  /** Where features are compared. @default the network's fifth layer: the tutorial's layer id 4 */
  layers?: readonly string[];
  /** 0 or more. @default {1.5} */
  weight?: number;
  /**
   * Whether squared differences are averaged, or added up as in Gatys et al. 2015, eq. 1 (without its ½).
   *
   * @default {"mean"}
   */
  reduce?: "mean" | "sum";
  /** Shown in logs and charts. @default {"content"} */
  name?: string;
};

/**
 * The term `mean over layers of MSE(F, F_content)`, or of `Σ (F - F_content)²`.
 *
 * @throws {RangeError} for a negative weight; when a run begins, for an unknown layer.
 */
export function contentOf(picture: Picture, options: ContentOptions = {}): Term {
  checkOptions("want a content", options, ["layers", "weight", "reduce", "name", "picture"]);
  const { layers, weight = WEIGHTS.content, reduce = "mean", name = "content" } = options;
  checkOneOf(`weigh the ${name} loss`, "reduce", reduce, ["mean", "sum"]);
  checkNonNegative(`weigh the ${name} loss`, "weight", weight);
  return {
    name,
    weight,
    bind(see, canvas) {
      const names = layersLike(see.architecture, layers ?? see.architecture.layers.slice(4, 5));
      checkSome(name, names);
      const content = contentAt(picture, canvas);
      const target = contentTarget(see, content, names, canvas);
      return {
        layers: names,
        value(view) {
          const { whole } = target.at(view);
          const targets = Object.fromEntries(names.map((layer) => [layer, whole(layer)]));
          return contentLoss(view.features, targets, reduce);
        },
        additive: {
          parts: names.map((layer): Part => ({
            layer,
            count: 1,
            sums: (features, where) => [squaredError(features, target.at().part(layer, where))],
            gradient(features, where, [slope]) {
              const error = tf.sub(features, target.at().part(layer, where));
              return tf.mul(error, tf.mul(slope!, 2));
            },
          })),
          finish: (sums) =>
            meanOf(
              sums.map((sum, i) => tf.div(sum, reduce === "sum" ? 1 : target.at().size(names[i]!))),
            ),
        },
        dispose: target.dispose,
      };
    },
  };
}

/** How smooth the mixed image should be. */
export type DenoiseOptions = DenoiseForm & {
  /** 0 or more. @default {0.3} */
  weight?: number;
};

/** The term {@linkcode denoiseLoss}. @throws {RangeError} for a negative weight. */
export function denoise(options: DenoiseOptions = {}): Term {
  checkOptions("denoise", options, ["weight", "power", "shape", "reduce", "circular"]);
  const { weight = WEIGHTS.denoise, ...form } = options;
  checkNonNegative("weigh the denoise loss", "weight", weight);
  if (form.shape !== undefined) checkOneOf("denoise", "shape", form.shape, [...DENOISE_SHAPES]);
  const value = ({ image }: View) => denoiseLoss(image, form);
  return { name: "denoise", weight, bind: () => ({ layers: [], value, dispose: () => {} }) };
}

/** A content picture in the size of the mixed image. */
export function contentAt(picture: Picture, { width, height }: Canvas): Picture {
  return width && height ? resizePicture(picture, { width, height }) : picture;
}

/** @throws {RangeError} when there is no layer to compare. */
function checkSome(name: string, layers: readonly string[]): void {
  if (layers.length > 0) return;
  throw new RangeError(`Cannot compute the ${name} loss as it needs at least one layer`);
}
