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
export * from "./backend.ts";
export { type Converted, convertWeights } from "./convert.ts";
export * from "./display.ts";
export * from "./download.ts";
export * from "./frames.ts";
export * from "./inception.ts";
export * from "./kernel.ts";
export { loadNetwork, type LoadOptions, type Shipped } from "./load.ts";
export * from "./losses.ts";
export * from "./network.ts";
export * from "./networks.ts";
export * from "./objective.ts";
export * from "./optimizers/mod.ts";
export * from "./picture.ts";
export * from "./presets.ts";
export * from "./random.ts";
export * from "./start.ts";
export * from "./stylize.ts";
export * from "./targets.ts";
export * from "./vgg.ts";
export {
  type Hashes,
  parseSafetensors,
  readWeights,
  type ReadWeightsOptions,
  type Weights,
} from "./weights.ts";
