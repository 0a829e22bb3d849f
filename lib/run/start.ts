/**
 * Where the mixed image starts.
 *
 * @module
 */
import { checkOneOf } from "../base/check.ts";
import type { Picture } from "../picture/picture.ts";
import { resizePicture } from "../picture/picture.ts";
import { seededRandom, uniformNoise } from "../base/random.ts";
import type { LossOptions } from "../loss/targets.ts";

/** Noise, one of the two pictures, or any other one. */
export type Start = "noise" | "content" | "style" | Picture;

/** The names that `init` may have. */
export const STARTS = ["noise", "content", "style"] as const;

/**
 * The start picture, of the content picture's size (the style picture's where there is no content).
 * Noise is uniform in [128, 129), as in the tutorial.
 *
 * @throws {RangeError} when the start is unknown or its picture was not given.
 */
export function startPicture(init: Start, { content, style }: LossOptions, seed: number): Picture {
  const like = (content ?? style)?.picture ?? (typeof init === "object" ? init : undefined);
  if (!like) {
    throw new RangeError(
      "Cannot tell the size of the mixed image as there is neither a content nor a style picture: " +
        "give a picture as init",
    );
  }
  const { width, height } = like;
  if (typeof init === "object") return fit(init, width, height);
  checkOneOf("start", "init", init, STARTS);
  if (init === "noise") {
    return { width, height, data: uniformNoise(width * height * 3, 128, 129, seededRandom(seed)) };
  }
  const source = (init === "content" ? content : style)?.picture;
  if (!source) throw new RangeError(`Cannot start from the ${init} picture as none was given`);
  return fit(source, width, height);
}

function fit(picture: Picture, width: number, height: number): Picture {
  const same = picture.width === width && picture.height === height;
  return same ? picture : resizePicture(picture, { width, height });
}
