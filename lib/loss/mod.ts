/**
 * The losses: what is wanted of the mixed image, as functions that TensorFlow.js differentiates, as terms
 * of an objective, and as measures of style.
 *
 * @module
 */
export { contentLoss, type DenoiseForm, denoiseLoss, meanSquaredError } from "./losses.ts";
export {
  createObjective,
  type Evaluation,
  type Objective,
  type ObjectiveOptions,
  type Weighting,
} from "./objective.ts";
export {
  type Gram,
  gram,
  type GramMatrices,
  gramMatrices,
  gramMatrix,
  type GramScale,
  meanGramMatrix,
  normalizedGramMatrix,
  styleLoss,
} from "./style/gram.ts";
export {
  type AdditiveMeasure,
  type Description,
  type Guide,
  type StyleMeasure,
  type Sums,
  sumsOf,
  type WholeMeasure,
} from "./style/measure.ts";
export { MEASURES } from "./style/measures.ts";
export { histogram, type HistogramOptions } from "./style/histogram.ts";
export { moments, type MomentsOptions } from "./style/moments.ts";
export { sliced, type SlicedOptions } from "./style/sliced.ts";
export { wasserstein, type WassersteinOptions } from "./style/wasserstein.ts";
export { laplacian, laplacianOf, type LaplacianOptions } from "./laplacian.ts";
export {
  selfSimilarity,
  selfSimilarityLoss,
  selfSimilarityOf,
  type SelfSimilarityOptions,
} from "./self_similarity.ts";
export {
  type BoundTerm,
  type Canvas,
  type Loss,
  type Scale,
  type Term,
  termPerScale,
  type View,
} from "./term.ts";
export {
  freshNeighborsOf,
  type FreshNeighborsOptions,
  nearestNeighborsOf,
  type NearestNeighborsOptions,
  NNST_LAYERS,
} from "./nearest_neighbors.ts";
export { STROTSS_LAYERS, strotssOf, type StrotssOptions } from "./strotss.ts";
export { contentOf, type ContentOptions, denoise, type DenoiseOptions } from "./terms.ts";
export type { Regions } from "./guidance.ts";
export { styleOf, styleOfEachLayer, type StyleOptions } from "./style_term.ts";
