/**
 * Content as what is like what within a picture: which places look alike must stay, how they look may
 * change.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkNonNegative, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { seededRandom } from "../base/random.ts";
import { layersLike } from "../network/architecture.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import { cosineDistances } from "./earth_mover.ts";
import { unitRows } from "./hypercolumns.ts";
import { absoluteSum, meanOf } from "./losses.ts";
import { samplePositions, takeRows } from "./sample.ts";
import type { Term } from "./term.ts";
import { contentAt } from "./terms.ts";

/** Settings of {@linkcode selfSimilarityOf}. */
export type SelfSimilarityOptions = {
  /** Where places are compared. @default the network's fifth layer, as for the content */
  layers?: readonly string[];
  /** 0 or more. @default {1.5} */
  weight?: number;
  /** How many places are compared with each other, new ones in every evaluation. @default {512} */
  positions?: number;
  /** Shown in logs and charts. @default {"self-similarity"} */
  name?: string;
};

/** Added to the sum of a column: rows that all point in the same direction are at no distance at all. */
const LEAST_SUM = 1e-6;

/**
 * Cosine distances between all pairs of rows, each column divided by its sum: `[n, n]`. Before the
 * division `D[i, j] = 1 - F[i] · F[j] / (|F[i]| |F[j]|)`.
 *
 * @param rows `[n, C]`, not all in the same direction
 */
export function selfSimilarity(rows: tf.Tensor2D): tf.Tensor2D {
  return similarityOf(unitRows([rows])[0]!);
}

/** The same of rows of length 1. */
function similarityOf(unit: tf.Tensor2D): tf.Tensor2D {
  const distances = tf.relu(cosineDistances(unit, unit));
  return tf.div(distances, tf.add(tf.sum(distances, 0, true), LEAST_SUM));
}

/**
 * How differently places are alike in two pictures: `n · mean |D - D*|`, with the `D` of
 * {@linkcode selfSimilarity}; between 0 and 2, whatever the pictures' colours and contrasts.
 *
 * Source: Kolkin, Salavon, Shakhnarovich 2019, Style Transfer by Relaxed Optimal Transport and
 * Self-Similarity (STROTSS, arXiv 1904.12785), eq. 10 and 11.
 *
 * @param rows features of the mixed image, `[n, C]`
 * @param wanted features of the content image at the same places, `[n, C]`
 */
export function selfSimilarityLoss(rows: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar {
  return selfSimilarityDistance(unitRows([rows])[0]!, unitRows([wanted])[0]!);
}

/** {@linkcode selfSimilarityLoss} of rows that have length 1 already. */
export function selfSimilarityDistance(unit: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar {
  const difference = tf.sub(similarityOf(unit), similarityOf(wanted));
  return tf.div(absoluteSum(difference), unit.shape[0]);
}

/**
 * The term `mean over layers of` {@linkcode selfSimilarityLoss} at random places. It stands where
 * {@linkcode contentOf} does, and leaves colours and textures to the style.
 *
 * @throws {RangeError} for a negative weight or fewer than one position; when a run begins, for an unknown
 * layer.
 */
export function selfSimilarityOf(picture: Picture, options: SelfSimilarityOptions = {}): Term {
  const known = ["layers", "weight", "positions", "name", "picture"];
  checkOptions("want a self-similarity", options, known);
  const { layers, weight = 1.5, positions = 512, name = "self-similarity" } = options;
  checkNonNegative(`weigh the ${name} loss`, "weight", weight);
  checkPositiveInteger(`compute the ${name} loss`, "positions", positions);
  return {
    name,
    weight,
    bind(see, canvas) {
      const names = layersLike(see.architecture, layers ?? see.architecture.layers.slice(4, 5));
      if (names.length === 0) {
        throw new RangeError(`Cannot compute the ${name} loss as it needs at least one layer`);
      }
      const wanted = tf.tidy(() => {
        const features = see(toTensor(contentAt(picture, canvas)), names);
        return names.map((layer) => rowsOf(features[layer]!).clone());
      });
      return {
        layers: names,
        value({ features, evaluation }) {
          const random = seededRandom(evaluation);
          return meanOf(names.map((layer, i) => {
            const target = wanted[i]!;
            const chosen = samplePositions(target.shape[0], positions, random);
            return selfSimilarityLoss(
              takeRows(rowsOf(features[layer]!), chosen),
              takeRows(target, chosen),
            );
          }));
        },
        dispose: () => tf.dispose(wanted),
      };
    },
  };
}

function rowsOf(features: tf.Tensor4D): tf.Tensor2D {
  return tf.reshape(features, [-1, features.shape[3]]) as tf.Tensor2D;
}
