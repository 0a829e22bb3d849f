/**
 * Where the mixed image starts.
 *
 * @module
 */
import { checkOneOf } from "../base/check.ts";
import { type Picture, resizePicture } from "../picture/picture.ts";
import { seededRandom, uniformNoise } from "../base/random.ts";

/** Noise, one of the two pictures, or any other one. */
export type Start = StartName | Picture;

/** The starts by name; noise is uniform in [128, 129), as in the tutorial. */
export type StartName = "noise" | "content" | "style";

/** The names that `start` may have. */
export const STARTS: readonly StartName[] = ["noise", "content", "style"];

/** What a start is made from. */
export type StartOptions = {
  /** @default {"noise"} */
  start?: Start;
  /** The picture that gives the size. */
  content?: { picture: Picture };
  /** Gives the size where there is no content. */
  style?: { picture: Picture };
  /** Of the noise. @default {1} */
  seed?: number;
};

/**
 * The start picture, of the content picture's size (the style picture's where there is no content).
 *
 * @throws {RangeError} when the start is unknown or its picture was not given.
 */
export function startPicture(
  { start = "noise", content, style, seed = 1 }: StartOptions,
): Picture {
  const like = (content ?? style)?.picture ?? (typeof start === "object" ? start : undefined);
  if (!like) {
    throw new RangeError(
      "Cannot tell the size of the mixed image as there is neither a content nor a style picture: " +
        "give a picture as start",
    );
  }
  const { width, height } = like;
  if (typeof start === "object") return fit(start, width, height);
  checkOneOf("start", "start", start, STARTS);
  if (start === "noise") {
    return { width, height, data: uniformNoise(width * height * 3, 128, 129, seededRandom(seed)) };
  }
  const source = (start === "content" ? content : style)?.picture;
  if (!source) throw new RangeError(`Cannot start from the ${start} picture as none was given`);
  return fit(source, width, height);
}

function fit(picture: Picture, width: number, height: number): Picture {
  const same = picture.width === width && picture.height === height;
  return same ? picture : resizePicture(picture, { width, height });
}
