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
export * from "./engine/engine.ts";
export { type Converted, convertWeights } from "./terminal/convert.ts";
export * from "./display/mod.ts";
export * from "./network/weights/download.ts";
export * from "./run/frames.ts";
export * from "./network/inception.ts";
export * from "./base/notebook.ts";
export { loadNetwork, type LoadOptions, type Shipped } from "./network/load.ts";
export * from "./loss/losses.ts";
export * from "./network/network.ts";
export * from "./network/networks.ts";
export * from "./loss/objective.ts";
export * from "./optimizers/mod.ts";
export * from "./picture/picture.ts";
export * from "./run/presets.ts";
export * from "./base/random.ts";
export * from "./run/start.ts";
export * from "./run/stylize.ts";
export * from "./loss/targets.ts";
export * from "./network/vgg.ts";
export {
  type Hashes,
  parseSafetensors,
  readWeights,
  type ReadWeightsOptions,
  type Weights,
} from "./network/weights/read.ts";
