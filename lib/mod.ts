/**
 * Neural style transfer, to be taken apart: two pictures go into a network, a third is optimised
 * until its features match the one and its Gram matrices the other.
 *
 * @example A run from start to end
 * ```ts ignore
 * import { loadVgg16, readPicture, stylize, tutorialFixed, writePicture } from "stylebook";
 *
 * const network = await loadVgg16();
 * const content = await readPicture("content.jpg", { maxSize: 300 });
 * const style = await readPicture("style.jpg", { maxSize: 300 });
 * const { picture } = await stylize(network, tutorialFixed(content, style));
 * await writePicture(picture, "mixed.png");
 * ```
 *
 * @module
 */
// base
export {
  displayable,
  inKernel,
  onInterrupt,
  setting,
  StoppedError,
  untilStopped,
} from "./base/notebook.ts";
export { normalNoise, type Random, seededRandom, uniformNoise } from "./base/random.ts";
export { joinTeam, type Membership, membersOf, type Team, TeamError } from "./base/team.ts";
// picture
export { type Crop, cropPicture, meanDifference, mirrorPicture } from "./picture/edit.ts";
export { fromOklab, paintColors, type PaintColorsOptions, toOklab } from "./picture/color.ts";
export { matchMoments, type Moments, momentsOf, noiseLike } from "./picture/moments.ts";
export { type Picture, toPicture, toTensor } from "./picture/picture.ts";
export { type ReadOptions, readPicture } from "./picture/read.ts";
export {
  type KernelName,
  type ResizeOptions,
  resizePicture,
  type TargetSize,
} from "./picture/resize.ts";
export {
  checkWritable,
  encodePicture,
  type WriteOptions,
  writePicture,
  type WrittenFormat,
} from "./picture/write.ts";
export { type RegionMap, regionsOf } from "./picture/regions.ts";
export { turnPicture } from "./picture/turn.ts";
// network
export {
  type Architecture,
  layersLike,
  layerStride,
  type Preprocessing,
} from "./network/architecture.ts";
export {
  type Features,
  featuresOf,
  type See,
  type SeeOptions,
  seeThrough,
} from "./network/features.ts";
export { INCEPTION5H, loadInception5h } from "./network/inception.ts";
export { loadNetwork, type LoadOptions, type Shipped } from "./network/load.ts";
export { createNetwork, type Network } from "./network/network.ts";
export { type Operation, type Shape, shapesOf } from "./network/operation.ts";
export { type NetworkEntry, NETWORKS } from "./network/networks.ts";
export { type PaddingOptions, withPadding, withPooling } from "./network/variants.ts";
export { LAYERS, loadVgg16, loadVgg19, VGG16, VGG19, vggArchitecture } from "./network/vgg.ts";
export { type Converted, type ConvertOptions, convertWeights } from "./network/weights/convert.ts";
export { download, type DownloadOptions, type Published } from "./network/weights/download.ts";
export {
  type Hashes,
  parseSafetensors,
  readWeights,
  type ReadWeightsOptions,
  type Tensor,
  type Weights,
} from "./network/weights/read.ts";
// engine
export {
  currentEngine,
  describeEngine,
  type Engine,
  type EngineName,
  ENGINES,
  useEngine,
} from "./engine/engine.ts";
// loss
export * from "./loss/mod.ts";
// optimizers
export { adaGrad, type AdaGradOptions } from "./optimizers/ada_grad.ts";
export { adam, type AdamOptions } from "./optimizers/adam.ts";
export { average, type AverageOptions } from "./optimizers/average.ts";
export type { FirstOrderOptions } from "./optimizers/first_order.ts";
export {
  descend,
  gradientDescent,
  type GradientDescentOptions,
} from "./optimizers/gradient_descent.ts";
export {
  type Lbfgs,
  lbfgs,
  type LbfgsOptions,
  type LbfgsRun,
  type LineSearch,
  type LineSearchInfo,
} from "./optimizers/lbfgs.ts";
export { OPTIMIZERS } from "./optimizers/mod.ts";
export { momentum, type MomentumOptions } from "./optimizers/momentum.ts";
export type { Evaluate, Optimizer, OptimizerRun, OptimizerState } from "./optimizers/optimizer.ts";
export { onPyramid, type OnPyramidOptions } from "./optimizers/pyramid.ts";
export { rmsProp, type RmsPropOptions } from "./optimizers/rms_prop.ts";
export {
  constantStep,
  cosineDecay,
  exponentialDecay,
  type Schedule,
  type StepSize,
} from "./optimizers/schedule.ts";
export { smoothed, type SmoothedOptions } from "./optimizers/smoothed.ts";
// run
export { type ControlOptions, type KeepColor, keepColors } from "./run/control.ts";
export { DivergedError, RunError } from "./run/errors.ts";
export type {
  Checkpoint,
  Frame,
  HistoryEntry,
  LossValue,
  LossValues,
  Measured,
  Result,
} from "./run/frame.ts";
export { frames } from "./run/frames.ts";
export { pyramidFrames } from "./run/pyramid.ts";
export type { Budget, LossOptions, StylizeOptions } from "./run/options.ts";
export { createJudge, type Judge, judge, JUDGE_LAYERS, type Judgment } from "./run/judge/judge.ts";
export {
  crowsonkb,
  gatys,
  gatys2015,
  gatys2016,
  kerasExample,
  neuralStyle,
  nnst,
  type Overrides,
  painting,
  type PaintOptions,
  pastiche,
  type Preset,
  PRESET_NETWORKS,
  type PresetName,
  presetOf,
  PRESETS,
  pytorchTutorial,
  quick,
  strotss,
  tensorflowTutorial,
  tutorial,
  tutorialFixed,
} from "./run/presets.ts";
export { SETTINGS, type Settings } from "./run/settings.ts";
export {
  type Start,
  type StartName,
  type StartOptions,
  startPicture,
  STARTS,
} from "./run/start.ts";
export { type Estimate, estimate } from "./run/estimate.ts";
export { type MemoryParts, memoryParts } from "./run/memory_model.ts";
export { measure, stylize, stylizePyramid } from "./run/stylize.ts";
// display
export {
  adjustmentLine,
  type Animation,
  animation,
  type AnimationOptions,
  type Bar,
  barChart,
  type BarChartOptions,
  type Bundle,
  type Chart,
  claim,
  contactSheet,
  type ContactSheetOptions,
  curtain,
  type CurtainOptions,
  DISPLAY,
  downloadLink,
  explore,
  type ExploreOptions,
  featureMaps,
  type FeatureMapsOptions,
  type Figure,
  help,
  type Html,
  lineChart,
  type LineChartOptions,
  live,
  type LiveFrame,
  type LiveOptions,
  type LossNumbers,
  matrixPicture,
  matrixPictures,
  play,
  type Played,
  type PlayOptions,
  plotLosses,
  type PlotLossesOptions,
  type Publisher,
  type PublishOptions,
  scrub,
  type ScrubFrame,
  type ScrubOptions,
  type Series,
  show,
  type Showable,
  type ShowOptions,
  stackedBars,
  type StackedBarsOptions,
  sweep,
  type SweepOptions,
  type Table,
  table,
  type TableOptions,
  viewer,
  type ViewerOptions,
  zoom,
  type ZoomOptions,
} from "./display/mod.ts";
