/**
 * Where the mixed image starts.
 *
 * @module
 */
import { checkOneOf } from "../base/check.ts";
import { displayable } from "../base/notebook.ts";
import { matchMoments, noiseLike } from "../picture/moments.ts";
import type { Picture } from "../picture/picture.ts";
import { resizePicture, sizeOf } from "../picture/resize.ts";
import { seededRandom, uniformNoise } from "../base/random.ts";

/** Noise, one of the two pictures, or any other one. */
export type Start = StartName | Picture;

/**
 * The starts by name. `noise` is uniform in [128, 129), as in the tutorial; `recolored` is the content
 * with the mean and covariance of the style's colours, `style-noise` noise that has both.
 */
export type StartName = "noise" | "content" | "style" | "recolored" | "style-noise";

/** The names that `start` may have. */
export const STARTS: readonly StartName[] = [
  "noise",
  "content",
  "style",
  "recolored",
  "style-noise",
];

/** What a start is made from. */
export type StartOptions = {
  /** @default {"noise"} */
  start?: Start;
  /** The picture that gives the size. */
  content?: { picture: Picture };
  /** Gives the size where there is no content. */
  style?: { picture: Picture };
  /** Longer side of the mixed image, in pixels. @default that of the picture which gives the size */
  size?: number;
  /** Of the noise. @default {1} */
  seed?: number;
};

/**
 * The start picture, of the content picture's size (the style picture's where there is no content).
 *
 * @throws {RangeError} when the start is unknown or its picture was not given.
 */
export function startPicture(
  { start = "noise", content, style, size, seed = 1 }: StartOptions,
): Picture {
  const like = (content ?? style)?.picture ?? (typeof start === "object" ? start : undefined);
  if (!like) {
    throw new RangeError(
      "Cannot tell the size of the mixed image as there is neither a content nor a style picture: " +
        "give a picture as start",
    );
  }
  const { width, height } = size === undefined ? like : sizeOf(like, { maxSize: size });
  if (typeof start === "object") return fit(start, width, height);
  checkOneOf("start", "start", start, STARTS);
  if (start === "noise") {
    const data = uniformNoise(width * height * 3, 128, 129, seededRandom(seed));
    return displayable("picture", { width, height, data });
  }
  const need = (source: { picture: Picture } | undefined, role: string): Picture => {
    if (source) return source.picture;
    throw new RangeError(`Cannot start from the ${role} picture as none was given`);
  };
  if (start === "style-noise") return noiseLike(need(style, "style"), { width, height, seed });
  if (start === "style") return fit(need(style, "style"), width, height);
  const picture = fit(need(content, "content"), width, height);
  return start === "content" ? picture : matchMoments(picture, need(style, "style"));
}

function fit(picture: Picture, width: number, height: number): Picture {
  const same = picture.width === width && picture.height === height;
  return same ? picture : resizePicture(picture, { width, height });
}
