/**
 * Style as a supply of places: each place of the mixed image is to look like the most similar place of the
 * style picture. Nothing is averaged over the picture, so strokes stay strokes; and as places are found
 * by the content, its shapes stay without a loss of their own.
 *
 * Source: Kolkin, Kucera, Paris, Sykora, Shechtman, Shakhnarovich 2022, Neural Neighbor Style Transfer
 * (NNST, arXiv 2203.13215).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  checkInRange,
  checkNonNegative,
  checkOptions,
  checkPositiveInteger,
} from "../base/check.ts";
import { seededRandom } from "../base/random.ts";
import { layersLike } from "../network/architecture.ts";
import type { Features, See } from "../network/features.ts";
import { type Grid, randomGrid, regularGrid } from "../picture/bilinear.ts";
import { resize } from "../picture/laplacian.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import { centered, type Columns, cosineDistance, hypercolumns, unitRows } from "./hypercolumns.ts";
import { styleAt } from "./style_term.ts";
import type { Canvas, Term } from "./term.ts";
import { contentAt } from "./terms.ts";

/** The layers that NNST looks at, in VGG's names: all up to relu4_3. */
export const NNST_LAYERS: readonly string[] = [
  ...["relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"],
  ...["relu3_2", "relu3_3", "relu4_1", "relu4_2", "relu4_3"],
];

/** Settings of both terms. */
type CommonOptions = {
  /** Where places are compared. @default {@linkcode NNST_LAYERS} */
  layers?: readonly string[];
  /** 0 or more. @default {1} */
  weight?: number;
  /** Shown in logs and charts. @default {"nearest neighbors"} */
  name?: string;
};

/** Settings of {@linkcode nearestNeighborsOf}. */
export type NearestNeighborsOptions = CommonOptions & {
  /** There is a place on every so many pixels. @default {4} */
  stride?: number;
  /**
   * How much of what the mixed image starts from is mixed into the content before neighbours are looked
   * for, without its finest level: 0–1.
   *
   * @default {0.25}
   */
  blend?: number;
};

/** Settings of {@linkcode freshNeighborsOf}. */
export type FreshNeighborsOptions = CommonOptions & {
  /** At how many places of the mixed image an evaluation looks; of the style at four times as many. @default {1024} */
  positions?: number;
};

/** Numbers in a block of similarities: 64 MB. */
const BLOCK = 2 ** 24;

/**
 * For each row the number of the style's row that points most nearly the same way, each set seen from its
 * own mean: the greatest cosine. In blocks, so that memory does not grow with the product of both.
 *
 * @returns `[rows]`, int32
 */
export function nearestRows(rows: Columns, style: Columns): tf.Tensor1D {
  return tf.tidy(() => mostAlike(rows, directions(style)));
}

/** Where each row lies as seen from the mean: rows of length 1, all parts side by side. */
function directions(style: Columns): tf.Tensor2D {
  return tf.concat(unitRows(centered(style)), 1);
}

function mostAlike(rows: Columns, known: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    // The length of a row on the left does not change which is nearest to it.
    const wanted = tf.concat(centered(rows), 1);
    const size = Math.max(1, Math.floor(BLOCK / known.shape[0]));
    const found: tf.Tensor1D[] = [];
    for (let start = 0; start < wanted.shape[0]; start += size) {
      const count = Math.min(size, wanted.shape[0] - start);
      found.push(tf.tidy(() => {
        const block = tf.slice(wanted, [start, 0], [count, -1]);
        return tf.argMax(tf.matMul(block, known, false, true), 1) as tf.Tensor1D;
      }));
    }
    return found.length === 1 ? found[0]! : tf.concat(found);
  });
}

/**
 * The term `mean over places of 1 - cos(F, F*)`: F a hypercolumn of the mixed image, F* that of the style
 * nearest to the content's there. Neighbours are looked for once a run, at each size anew; then the mixed
 * image takes part too, as it starts: its coarser levels are mixed into the content's.
 *
 * @throws {RangeError} for a setting out of range; when a run begins, for an unknown layer.
 */
export function nearestNeighborsOf(
  content: Picture,
  style: Picture,
  options: NearestNeighborsOptions = {},
): Term {
  const what = "look for nearest neighbors";
  checkOptions(what, options, ["layers", "weight", "name", "stride", "blend"]);
  const { layers = NNST_LAYERS, weight = 1, name = "nearest neighbors" } = options;
  const { stride = 4, blend = 0.25 } = options;
  checkNonNegative(what, "weight", weight);
  checkPositiveInteger(what, "stride", stride);
  checkInRange(what, "blend", blend, 0, 1);
  return {
    name,
    weight,
    bind(see, canvas) {
      const names = layersLike(see.architecture, layers);
      const columnsOf = (features: Features, grid: Grid) => scaled(features, names, grid);
      const lookAt = (image: tf.Tensor4D): Columns =>
        tf.tidy(() => columnsOf(see(image, names), strided(image, stride)));
      const target = tf.tidy(() => {
        const places = lookAt(matching(contentAt(content, canvas), canvas, blend));
        const known = lookAt(toTensor(styleAt(style, canvas)));
        const nearest = nearestRows(places, known);
        return unitRows(known).map((part) => tf.gather(part, nearest));
      });
      return {
        layers: names,
        value: ({ image, features }) =>
          cosineDistance(columnsOf(features, strided(image, stride)), () => target),
        dispose: () => tf.dispose(target),
      };
    },
  };
}

/**
 * The same with neighbours that are looked for anew in every evaluation, by what the mixed image has
 * become, for each layer by itself: `mean over layers and places of 1 - cos(F, F*)`. It sharpens what
 * {@linkcode nearestNeighborsOf} has begun: NNST's last pass. Places are few and random, new every time.
 *
 * @throws {RangeError} for a setting out of range; when a run begins, for an unknown layer.
 */
export function freshNeighborsOf(style: Picture, options: FreshNeighborsOptions = {}): Term {
  const what = "look for nearest neighbors";
  checkOptions(what, options, ["layers", "weight", "name", "positions"]);
  const { layers = NNST_LAYERS, weight = 1, name = "nearest neighbors", positions = 1024 } =
    options;
  checkNonNegative(what, "weight", weight);
  checkPositiveInteger(what, "positions", positions);
  return {
    name,
    weight,
    bind(see, canvas) {
      const names = layersLike(see.architecture, layers);
      const { known, unit } = tf.tidy(() => {
        const parts = sampleStyle(see, styleAt(style, canvas), names, 4 * positions);
        return {
          known: parts.map((part) => directions([part])),
          unit: parts.map((part) => unitRows([part])[0]!),
        };
      });
      return {
        layers: names,
        value({ image, features, evaluation }) {
          const [, height, width] = image.shape;
          const grid = randomGrid(height, width, positions, seededRandom(evaluation));
          const distances = hypercolumns(features, names, grid).map((part, i) =>
            cosineDistance([part], (rows) => [
              tf.gather(unit[i]!, mostAlike(rows, known[i]!)),
            ])
          );
          return tf.div(tf.addN(distances), names.length);
        },
        dispose: () => tf.dispose([known, unit]),
      };
    },
  };
}

/** Hypercolumns in which each layer is divided by its number of channels, as in NNST. */
function scaled(features: Features, layers: readonly string[], grid: Grid): Columns {
  return hypercolumns(features, layers, grid, layers.map((layer) => 1 / features[layer]!.shape[3]));
}

/** A place on every so many pixels. */
function strided({ shape: [, height, width] }: tf.Tensor4D, stride: number): Grid {
  return regularGrid(Math.ceil(height / stride), Math.ceil(width / stride));
}

function sampleStyle(see: See, style: Picture, layers: string[], positions: number): Columns {
  const grid = randomGrid(style.height, style.width, positions, seededRandom(1));
  return hypercolumns(see(toTensor(style), layers), layers, grid);
}

/**
 * The picture whose places look for neighbours: the content, in whose coarser levels a share is what the
 * mixed image starts from.
 */
function matching(content: Picture, { start }: Canvas, blend: number): tf.Tensor4D {
  const picture = toTensor(content);
  const { height, width } = content;
  const same = start?.height === height && start.width === width;
  if (!start || !same || blend === 0 || Math.min(height, width) < 4) return picture;
  const half = { height: Math.floor(height / 2), width: Math.floor(width / 2) };
  const difference = resize(tf.sub(toTensor(start), picture), half);
  return tf.add(picture, tf.mul(resize(difference, { height, width }), blend));
}
