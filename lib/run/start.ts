/**
 * Where the mixed image starts.
 *
 * @module
 */
import { checkOneOf } from "../base/check.ts";
import { displayable } from "../base/notebook.ts";
import type { StyleOptions } from "../loss/style_term.ts";
import {
  matchMoments,
  mixMoments,
  type Moments,
  momentsOf,
  noiseLike,
} from "../picture/moments.ts";
import type { Picture } from "../picture/picture.ts";
import { regionsOf, resizeRegion } from "../picture/regions.ts";
import { resizePicture } from "../picture/resize.ts";
import { seededRandom, uniformNoise } from "../base/random.ts";
import { canvasSize } from "./canvas.ts";

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
  /** Gives the size where there is no content; colours come from all of them, region by region. */
  style?: Pick<StyleOptions, "shares" | "regions"> & { picture: Picture; others?: Picture[] };
  /** Longer side of the mixed image, in pixels. @default that of the picture which gives the size */
  size?: number;
  /** Of the noise. @default {1} */
  seed?: number;
  /** The sides are rounded to multiples of so many pixels. @default {1} */
  multiple?: number;
};

/**
 * The start picture, of the content picture's size (the style picture's where there is no content).
 *
 * @throws {RangeError} when the start is unknown or its picture was not given.
 */
export function startPicture(
  { start = "noise", content, style, size, seed = 1, multiple }: StartOptions,
): Picture {
  const like = sizingPicture({ start, content, style });
  const { width, height } = canvasSize(like, size, multiple);
  if (typeof start === "object") return fit(start, width, height);
  checkOneOf("start", "start", start, STARTS);
  if (start === "noise") {
    const data = uniformNoise(width * height * 3, 128, 129, seededRandom(seed));
    return displayable("picture", { width, height, data });
  }
  const need = <T>(source: T | undefined, role: string): T => {
    if (source) return source;
    throw new RangeError(`Cannot start from the ${role} picture as none was given`);
  };
  if (start === "style-noise") {
    return noiseLike(colorsOf(need(style, "style")), { width, height, seed });
  }
  if (start === "style") return fit(need(style, "style").picture, width, height);
  const picture = fit(need(content, "content").picture, width, height);
  return start === "content" ? picture : recolored(picture, need(style, "style"));
}

type Styles = NonNullable<StartOptions["style"]>;

/** The moments of the colours of all styles, mixed; of a region, of those that have it. */
function colorsOf({ picture, others = [], shares, regions }: Styles, color?: string): Moments {
  const masks = regions && [regions.styles].flat() as Picture[];
  const found = [picture, ...others].flatMap((style, i) => {
    const share = shares?.[i] ?? 1;
    const { width, height } = style;
    if (color === undefined) return [{ share, moments: momentsOf(style.data) }];
    const region = masks?.[i] && regionsOf(masks[i]).find((each) => each.color === color);
    if (!region) return [];
    const weights = resizeRegion(region, width, height).shares;
    return [{ share, moments: momentsOf(style.data, 3, [0, 1, 2], weights) }];
  });
  if (found.length === 1) return found[0]!.moments;
  const total = found.reduce((sum, { share }) => sum + share, 0);
  return mixMoments(
    found.map(({ moments }) => moments),
    found.map(({ share }) => share / total),
  );
}

/** A content with the colours of the styles, each region with those of the same region. */
function recolored(picture: Picture, style: Styles): Picture {
  if (!style.regions) return matchMoments(picture, colorsOf(style));
  const { width, height } = picture;
  const data = new Float32Array(picture.data.length);
  for (const region of regionsOf(style.regions.content)) {
    const { shares } = resizeRegion(region, width, height);
    const own = matchMoments(picture, colorsOf(style, region.color), shares).data;
    for (let at = 0; at < data.length; at++) data[at]! += shares[Math.floor(at / 3)]! * own[at]!;
  }
  return displayable("picture", { width, height, data });
}

/**
 * The picture that gives the mixed image its shape: content, else style, else start, else that of the run
 * that goes on.
 *
 * @throws {RangeError} when there is none.
 */
export function sizingPicture(
  { start, content, style, resume }: StartOptions & { resume?: { picture: Picture } },
): Picture {
  const found = (content ?? style)?.picture ?? (typeof start === "object" ? start : undefined) ??
    resume?.picture;
  if (found) return found;
  throw new RangeError(
    "Cannot tell the size of the mixed image as there is neither a content nor a style picture: " +
      "give a picture as start",
  );
}

function fit(picture: Picture, width: number, height: number): Picture {
  const same = picture.width === width && picture.height === height;
  return same ? picture : resizePicture(picture, { width, height });
}
