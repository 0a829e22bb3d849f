/**
 * STROTSS as one term: shapes by self-similarity, style by the relaxed earth mover's distance, moments and
 * colours, all on hypercolumns at random places.
 *
 * Source: Kolkin, Salavon, Shakhnarovich 2019 (arXiv 1904.12785).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkNonNegative, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { seededRandom } from "../base/random.ts";
import { layersLike } from "../network/architecture.ts";
import type { Features } from "../network/features.ts";
import { type Grid, randomGrid } from "../picture/bilinear.ts";
import { type Picture, toTensor } from "../picture/picture.ts";
import {
  cosineDistances,
  euclideanDistances,
  momentDistance,
  momentsOfRows,
  relaxedEarthMover,
} from "./earth_mover.ts";
import { hypercolumns, unitRows } from "./hypercolumns.ts";
import { selfSimilarityDistance } from "./self_similarity.ts";
import { styleAt } from "./style_term.ts";
import type { Scale, Term } from "./term.ts";
import { contentAt } from "./terms.ts";

/** The layers that STROTSS looks at, in VGG's names; the pixel itself comes on top. */
export const STROTSS_LAYERS: readonly string[] = [
  ...["relu1_1", "relu1_2", "relu2_1", "relu2_2"],
  ...["relu3_1", "relu3_2", "relu3_3", "relu4_3", "relu5_3"],
];

/** Settings of {@linkcode strotssOf}. */
export type StrotssOptions = {
  /** Where places are compared. @default {@linkcode STROTSS_LAYERS} */
  layers?: readonly string[];
  /**
   * α: how much the content counts, or a function of the size in a run from coarse to fine.
   *
   * @default 16, halved at each size
   */
  contentWeight?: number | ((scale: Scale) => number);
  /** At how many places of both pictures an evaluation looks. @default {1024} */
  positions?: number;
  /** 0 or more. @default {1} */
  weight?: number;
  /** Shown in logs and charts. @default {"strotss"} */
  name?: string;
};

/**
 * Luma and two differences of colours (ITU-R BT.601): in photographs the three hardly depend on each other.
 * The paper's own rotation is without effect on Euclidean distances.
 */
const TO_YUV = [
  [0.299, -0.14713, 0.615],
  [0.587, -0.28886, -0.51499],
  [0.114, 0.436, -0.10001],
];

/** Of the style this many times the places of an evaluation are kept. */
const STYLE_SUPPLY = 4;

/**
 * The term `(α ℓ_C + ℓ_R + ℓ_M + ℓ_P / max(α, 1)) / (α + 2)` with
 * - ℓ_C how differently places are alike in content and mixed image ({@linkcode selfSimilarityDistance}),
 * - ℓ_R the relaxed earth mover's distance of hypercolumns under `1 - cos`,
 * - ℓ_M the distance of their means and covariances,
 * - ℓ_P the relaxed earth mover's distance of colours.
 *
 * Places are new in every evaluation. Features of each layer are divided by their root mean square in the
 * style picture, colours by 255.
 *
 * Differs from the paper: places lie on a random grid of rows and columns instead of by themselves; the
 * division, as ℓ_M depends on the features' scale and our networks' differ from theirs; ℓ_M is about a
 * sample of the style that stays the same in a run; colours in YUV.
 *
 * @throws {RangeError} for a setting out of range; when a run begins, for an unknown layer.
 */
export function strotssOf(content: Picture, style: Picture, options: StrotssOptions = {}): Term {
  const what = "compare by relaxed transport";
  checkOptions(what, options, ["layers", "contentWeight", "positions", "weight", "name"]);
  const { layers = STROTSS_LAYERS, positions = 1024, weight = 1, name = "strotss" } = options;
  const { contentWeight = ({ index }: Scale) => 16 / 2 ** index } = options;
  checkNonNegative(what, "weight", weight);
  checkPositiveInteger(what, "positions", positions);
  if (typeof contentWeight === "number") checkNonNegative(what, "contentWeight", contentWeight);
  return {
    name,
    weight,
    bind(see, canvas) {
      const scale = canvas.scale ?? { index: 0, count: 1 };
      const alpha = typeof contentWeight === "number" ? contentWeight : contentWeight(scale);
      const names = layersLike(see.architecture, layers);
      const parts = ["image", ...names];
      const look = (image: tf.Tensor4D): Features => ({ image, ...see(image, names) });
      const { shapes, factors, wanted } = tf.tidy(() => {
        const shapes = look(toTensor(contentAt(content, canvas)));
        const { height, width, data } = styleAt(style, canvas);
        const seen = look(toTensor({ height, width, data }));
        const factors = tf.stack(parts.map((part) => scaleOf(part, seen[part]!)));
        const grid = randomGrid(height, width, STYLE_SUPPLY * positions, seededRandom(1));
        const rows = rowsAt(seen, parts, grid, factors);
        return {
          shapes,
          factors,
          wanted: { ...unitAndColors(rows), moments: momentsOfRows(rows) },
        };
      });
      return {
        layers: names,
        value({ image, features, evaluation }) {
          const random = seededRandom(evaluation);
          const [, height, width] = image.shape;
          const grid = randomGrid(height, width, positions, random);
          const rows = rowsAt({ ...features, image }, parts, grid, factors);
          const mixed = unitAndColors(rows);
          const before = unitAndColors(rowsAt(shapes, parts, grid, factors));
          const count = wanted.unit.shape[0];
          const chosen = tf.tensor1d(
            Array.from({ length: Math.min(positions, count) }, () => Math.floor(random() * count)),
            "int32",
          );
          const shape = selfSimilarityDistance(mixed.unit, before.unit);
          const style = relaxedEarthMover(
            cosineDistances(mixed.unit, tf.gather(wanted.unit, chosen)),
          );
          const moments = momentDistance(rows, wanted.moments);
          const colors = relaxedEarthMover(
            euclideanDistances(mixed.colors, tf.gather(wanted.colors, chosen)),
          );
          const sum = tf.addN([
            tf.mul(shape, alpha),
            style,
            moments,
            tf.div(colors, Math.max(alpha, 1)),
          ]);
          return tf.div(sum, alpha + 2) as tf.Scalar;
        },
        dispose: () => tf.dispose([shapes, factors, wanted]),
      };
    },
  };
}

/** What the features of a layer are multiplied with. */
function scaleOf(part: string, features: tf.Tensor4D): tf.Scalar {
  if (part === "image") return tf.scalar(1 / 255);
  // The squares are as large as the features: freed layer by layer.
  return tf.tidy(() => tf.div(1, tf.sqrt(tf.add(tf.mean(tf.square(features)), 1e-12))));
}

/** Whole hypercolumns on a grid: `[places, C]`, the colours first. */
function rowsAt(
  features: Features,
  parts: readonly string[],
  grid: Grid,
  factors: tf.Tensor,
): tf.Tensor2D {
  const columns = hypercolumns(features, parts, grid);
  return joined(columns.map((part, i) => tf.mul(part, tf.slice(factors, i, 1)) as tf.Tensor2D));
}

/** The columns side by side; TensorFlow.js' own gradient of it is slow on processors. */
function joined(columns: tf.Tensor2D[]): tf.Tensor2D {
  const widths = columns.map(({ shape }) => shape[1]);
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((a, b) => a + b, 0));
  const apply = tf.customGrad((...inputs) => {
    const parts = inputs.slice(0, -1) as tf.Tensor2D[]; // without what saves tensors
    const gradFunc = (dy: tf.Tensor) =>
      widths.map((width, i) => tf.slice(dy, [0, starts[i]!], [-1, width]));
    return { value: tf.concat(parts, 1), gradFunc };
  });
  return apply(...columns) as tf.Tensor2D;
}

function unitAndColors(rows: tf.Tensor2D): { unit: tf.Tensor2D; colors: tf.Tensor2D } {
  const colors = tf.matMul(tf.slice(rows, [0, 0], [-1, 3]), tf.tensor2d(TO_YUV)) as tf.Tensor2D;
  return { unit: unitRows([rows])[0]!, colors };
}
