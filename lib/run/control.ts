/**
 * What people who make pictures ask for besides: to keep the content's colours, and strokes that run
 * another way. Each is a change of the pictures before a run and of what is shown after it.
 *
 * @module
 */
import { cannot, checkOneOf, describe } from "../base/check.ts";
import { type See, seeThrough } from "../network/features.ts";
import type { Network } from "../network/network.ts";
import { fromOklab, toOklab } from "../picture/color.ts";
import { matchMoments } from "../picture/moments.ts";
import type { Picture } from "../picture/picture.ts";
import { resizePicture } from "../picture/resize.ts";
import { cropMiddle, turnedSize, turnPicture } from "../picture/turn.ts";
import type { StylizeOptions } from "./options.ts";

/** Ways to keep the content's colours. */
export type KeepColor = "lightness" | "recolor";

/** The names of {@linkcode KeepColor}. */
export const KEEP_COLORS: readonly KeepColor[] = ["lightness", "recolor"];

/** Settings that change pictures before and after a run. */
export type ControlOptions = {
  /**
   * Keeps the content's colours: `lightness` takes over only light and dark from what was painted,
   * `recolor` gives the style the content's colours (mean and covariance) before it is painted from.
   *
   * Source: Gatys, Bethge, Hertzmann, Shechtman 2016, Preserving color in neural artistic style transfer
   * (arXiv 1606.05897). Differs from it: OKLab's lightness, Monge's map.
   *
   * @default neither
   */
  keepColor?: KeepColor;
  /** Turns the strokes, in degrees: the content is turned, painted and turned back. @default {0} */
  strokeAngle?: number;
  /**
   * Makes a picture that tiles: beyond each border the network, the denoise loss and the resampling between
   * sizes see the far side. Sides are rounded to what the deepest layer divides evenly. Style pictures, which
   * do not tile, are seen with their outermost values repeated.
   *
   * @default {false}
   */
  seamless?: boolean;
  /** What is done to a picture before it is shown or returned; the run goes on with its own. */
  finish?: (painted: Picture) => Picture;
};

/**
 * The mixed image with the content's colours: the lightness of the one, the two colour channels of the
 * other (OKLab).
 *
 * @example
 * ```ts
 * import { keepColors } from "stylebook";
 *
 * const grey = { width: 1, height: 1, data: Float32Array.of(90, 90, 90) };
 * const { data } = keepColors({ ...grey, data: Float32Array.of(200, 30, 30) }, grey);
 * if (Math.max(...data) - Math.min(...data) > 0.1) throw new Error("a grey content stays grey");
 * ```
 */
export function keepColors(painted: Picture, content: Picture): Picture {
  const { width, height } = painted;
  const mixed = toOklab(painted);
  const colors = toOklab(resizePicture(content, { width, height }));
  for (let at = 0; at < colors.length; at += 3) colors[at] = mixed[at]!;
  return fromOklab(colors, { width, height });
}

/**
 * The options with the controls worked in: other pictures, and what is done at the end.
 *
 * @throws {RangeError} for an unknown way, or where there is no content or style to do it with.
 */
export function withControls(
  { keepColor, strokeAngle = 0, ...given }: StylizeOptions,
): StylizeOptions {
  if (given.seamless && strokeAngle !== 0) {
    const rule = "a turned picture does not tile";
    throw new RangeError(cannot("paint seamlessly", rule, `strokeAngle ${strokeAngle}`));
  }
  const options = withSeamless(given);
  const colored = keepColor === undefined ? options : withColors(options, keepColor);
  return strokeAngle === 0 ? colored : withTurn(colored, strokeAngle);
}

/**
 * The options with what `seamless` means: circular borders in all of the network and in the denoise loss.
 *
 * @throws {RangeError} for another border.
 */
export function withSeamless(options: StylizeOptions): StylizeOptions {
  if (!options.seamless) return options;
  const { padding = "circular", denoise } = options;
  if (padding !== "circular") {
    throw new RangeError(cannot("paint seamlessly", "padding must be circular", describe(padding)));
  }
  return {
    ...options,
    padding,
    paddingWhere: "all",
    denoise: denoise && { ...denoise, circular: true },
  };
}

/** How the pictures of a run are seen. */
export function seeFor(network: Network, options: StylizeOptions): See {
  const see = seeThrough(network, options);
  if (!options.seamless) return see;
  const open = seeThrough(network, { ...options, padding: "replicate", paddingWhere: "all" });
  return Object.assign(see, { open });
}

function withColors(options: StylizeOptions, keepColor: KeepColor): StylizeOptions {
  const { content, style, finish } = options;
  checkOneOf("keep colours", "keepColor", keepColor, KEEP_COLORS);
  if (!content) throw new RangeError("Cannot keep colours as there is no content picture");
  if (keepColor === "lightness") {
    const keep = (painted: Picture) => keepColors(painted, content.picture);
    return { ...options, finish: (painted) => keep(finish?.(painted) ?? painted) };
  }
  if (!style) throw new RangeError("Cannot recolour a style as there is no style picture");
  const recolored = (picture: Picture) => matchMoments(picture, content.picture);
  const others = style.others?.map(recolored);
  return { ...options, style: { ...style, picture: recolored(style.picture), others } };
}

function withTurn(options: StylizeOptions, degrees: number): StylizeOptions {
  const { content, style, start, finish, size, sizes } = options;
  const what = "turn the strokes";
  if (!content) throw new RangeError("Cannot turn the strokes as there is no content to be turned");
  if (!Number.isFinite(degrees)) {
    throw new RangeError(cannot(what, "strokeAngle must be a finite number", describe(degrees)));
  }
  const { picture } = content;
  const whole = turnedSize(picture, degrees);
  const longer = ({ width, height }: { width: number; height: number }) => Math.max(width, height);
  const ratio = longer(whole) / longer(picture);
  const turnMask = (mask: Picture) => turnPicture(mask, degrees, turnedSize(mask, degrees));
  const back = (painted: Picture) => {
    const scale = painted.width / whole.width;
    const width = Math.max(1, Math.round(picture.width * scale));
    const height = Math.max(1, Math.round(picture.height * scale));
    return cropMiddle(turnPicture(painted, -degrees), { width, height });
  };
  return {
    ...options,
    content: { ...content, picture: turnPicture(picture, degrees) },
    style: style?.regions
      ? { ...style, regions: { ...style.regions, content: turnMask(style.regions.content) } }
      : style,
    start: typeof start === "object" ? turnPicture(resizePicture(start, picture), degrees) : start,
    size: size === undefined ? undefined : Math.round(size * ratio),
    sizes: sizes?.map((each) => each <= 1 ? each : Math.round(each * ratio)),
    finish: (painted) => finish?.(back(painted)) ?? back(painted),
  };
}
