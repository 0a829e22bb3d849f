/**
 * What a run may be told.
 *
 * @module
 */
import {
  cannot,
  checkNonNegative,
  checkNoPromise,
  checkOneOf,
  checkOptions,
  checkPositive,
  checkPositiveInteger,
  describe,
} from "../base/check.ts";
import { bytesOf } from "../base/memory.ts";
import type { Team } from "../base/team.ts";
import type { SeeOptions } from "../network/features.ts";
import { SEE_OPTIONS } from "../network/features.ts";
import type { Architecture } from "../network/architecture.ts";
import { type Weighting, WEIGHTINGS } from "../loss/objective.ts";
import type { Canvas, Loss, Scale, Term } from "../loss/term.ts";
import {
  contentOf,
  type ContentOptions,
  denoise as denoiseTerm,
  type DenoiseOptions,
} from "../loss/terms.ts";
import { styleOf, type StyleOptions } from "../loss/style_term.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { checkPicture, type Picture } from "../picture/picture.ts";
import { checkMask } from "../picture/regions.ts";
import type { ControlOptions } from "./control.ts";
import type { Checkpoint } from "./frame.ts";
import type { Start } from "./start.ts";

/** What is wanted: the tutorial's three losses, each left out when not given, and others. */
export type LossOptions = {
  /** The picture whose shapes are kept, and how: {@linkcode contentOf} in short. */
  content?: ContentOptions & { picture: Picture };
  /** The picture whose manner is taken over, and how: {@linkcode styleOf} in short. */
  style?: StyleOptions & { picture: Picture; /** Further ones, mixed in. */ others?: Picture[] };
  /** How smooth the mixed image should be: {@linkcode denoise} in short. */
  denoise?: DenoiseOptions;
  /** Further terms: of {@linkcode contentOf}, {@linkcode styleOf}, or losses of your own. */
  losses?: readonly (Loss | Term)[];
};

/** How long a run goes on: to the first limit that it meets. */
export type Budget = {
  /**
   * How many iterations to do; on top of those done already when resuming. With `sizes`, a list has a
   * number for each of them, and one number is meant for each.
   *
   * @default {120}
   */
  iterations?: number | readonly number[];
  /** How often the objective may be evaluated; a line search takes several per iteration. */
  evaluations?: number;
  /** How many seconds the run may take; it ends after the iteration in which they are over. */
  seconds?: number;
};

/** Settings of a run. */
export type StylizeOptions = LossOptions & Budget & SeeOptions & ControlOptions & {
  /** How losses are balanced. @default {"adaptive"} */
  weighting?: Weighting;
  /** Longer side of the mixed image, in pixels. @default that of the content picture */
  size?: number;
  /** Style pictures are reduced to this longer side, never enlarged. @default as they are */
  styleSize?: number;
  /**
   * Paints from coarse to fine: the longer sides of the mixed image, rising, in pixels or (up to 1) as
   * shares of its final size. Style pictures follow.
   *
   * @default one size
   */
  sizes?: readonly number[];
  /**
   * With `sizes` as shares: none is smaller than so many pixels, but for the final one. Where shapes are
   * settled at too small a size, those of the style take their place.
   *
   * @default {1}
   */
  smallest?: number;
  /** With `sizes`: the size of the style over that of the mixed image; larger ones give larger strokes. @default {1} */
  styleScale?: number;
  /**
   * Side of the tiles in which the network sees large pictures, in pixels; `none` for pictures as a whole.
   * Exact for measures that are functions of sums over positions; others refuse it. Of several sizes, those
   * are not cut that take no more memory as a whole than the last one in tiles.
   *
   * @default {"auto"} as a whole where that fits into `maxMemory`
   */
  tile?: number | "auto" | "none";
  /** How much memory the process may take, in bytes or as `2GB`. @default 60 % of what is free */
  maxMemory?: number | string;
  /** Other threads with the same run, to share its tiles with. @default this thread alone */
  team?: Team;
  /** Which of how many sizes this is: said by a run over `sizes` to its parts. */
  scale?: Scale;
  /** @default the tutorial's gradient descent */
  optimizer?: Optimizer;
  /** Where the mixed image starts. @default {"noise"} */
  start?: Start;
  /** Of the noise: a whole number. @default {1} */
  seed?: number;
  /** Goes on from where an earlier run stopped. */
  resume?: Checkpoint;
  /** Ends the run after the iteration at work, with the picture in hand. */
  signal?: AbortSignal;
  /** Losses and picture are read back, and checked, after every so many. @default 10 on a GPU, else 1 */
  readEvery?: number;
};

const KNOWN: readonly string[] = [
  ...["content", "style", "denoise", "losses", "iterations", "evaluations", "seconds"],
  ...[
    "size",
    "styleSize",
    "sizes",
    "smallest",
    "styleScale",
    "scale",
    "tile",
    "maxMemory",
    "team",
    "weighting",
    "optimizer",
    "start",
    "seed",
    "resume",
    "signal",
    "readEvery",
    "onFrame",
  ],
  ...["keepColor", "strokeAngle", "seamless", "finish"],
  ...SEE_OPTIONS,
];

/**
 * Refuses what no run can do, before anything is computed.
 *
 * @throws {TypeError} for an unknown option, or a picture that is none.
 * @throws {RangeError} for a number out of range.
 */
export function checkStylizeOptions(network: Architecture, options: StylizeOptions): void {
  const what = "run";
  checkNoPromise(what, "the network", network);
  if (!network?.graph) {
    throw new TypeError(cannot(what, "the first argument must be a network", describe(network)));
  }
  checkOptions(what, options, KNOWN);
  const {
    iterations,
    sizes,
    smallest,
    size,
    styleSize,
    styleScale,
    evaluations,
    seconds,
    seed,
    readEvery,
    weighting,
    inputScale,
  } = options;
  for (const count of [iterations ?? 1].flat()) checkPositiveInteger(what, "iterations", count);
  if (Array.isArray(iterations) && !sizes) {
    const rule = "a list of iterations needs a list of sizes";
    throw new RangeError(cannot(what, rule, describe(iterations)));
  }
  if (evaluations !== undefined) checkPositiveInteger(what, "evaluations", evaluations);
  if (seconds !== undefined) checkPositive(what, "seconds", seconds);
  if (size !== undefined) checkPositiveInteger(what, "size", size);
  if (styleSize !== undefined) checkPositiveInteger(what, "styleSize", styleSize);
  if (smallest !== undefined) checkPositiveInteger(what, "smallest", smallest);
  if (styleScale !== undefined) checkPositive(what, "styleScale", styleScale);
  if (seed !== undefined) checkNonNegative(what, "seed", seed);
  if (options.tile !== "auto" && options.tile !== "none" && options.tile !== undefined) {
    checkPositiveInteger(what, "tile", options.tile);
  }
  if (options.maxMemory !== undefined) bytesOf(options.maxMemory);
  if (readEvery !== undefined) checkPositiveInteger(what, "readEvery", readEvery);
  if (weighting !== undefined) checkOneOf(what, "weighting", weighting, WEIGHTINGS);
  if (inputScale !== undefined) checkPositive(what, "inputScale", inputScale);
  for (const role of ["content", "style"] as const) {
    const given = options[role];
    if (!given) continue;
    checkNoPromise(`use the ${role} picture`, "it", given.picture);
    checkPicture(`use the ${role} picture`, given.picture);
  }
  checkStyles(options);
}

/** Throws unless further styles are pictures, and masks have the proportions of theirs. */
function checkStyles({ content, style }: StylizeOptions): void {
  if (!style) return;
  const { picture, others = [], regions } = style;
  for (const other of others) checkPicture("use a further style picture", other);
  if (!regions) return;
  const what = "paint by regions of the";
  checkPicture(`${what} content`, regions.content);
  if (content) checkMask(`${what} content`, regions.content, content.picture);
  const pictures = [picture, ...others];
  ([regions.styles].flat() as Picture[]).forEach((mask, i) =>
    checkMask(`${what} style`, mask, pictures[i] ?? mask)
  );
}

/** What the terms of a run fit their pictures to. */
export function canvasOf(
  start: Picture,
  { styleSize, scale, tile, team }: Omit<StylizeOptions, "tile"> & { tile?: number },
  multiple?: number,
): Canvas {
  const { width, height } = start;
  return { width, height, styleSize, tile, team, start, scale, multiple };
}

/**
 * The terms that the options ask for: `content`, `style`, `denoise`, and the further ones. Beside further
 * ones, what weighs nothing is not computed.
 */
export function termsOf({ content, style, denoise, losses = [] }: LossOptions): (Loss | Term)[] {
  const terms = [
    ...(content ? [contentOf(content.picture, content)] : []),
    ...(style ? [styleTerm(style)] : []),
    ...(denoise ? [denoiseTerm(denoise)] : []),
    ...losses,
  ];
  if (losses.length === 0) return terms;
  const weighty = terms.filter(({ weight, watch }) => watch || weight !== 0);
  // Where nothing weighs anything, the objective says so.
  return weighty.some(({ watch }) => !watch) ? weighty : terms;
}

function styleTerm({ others = [], ...style }: NonNullable<LossOptions["style"]>): Term {
  return styleOf([style.picture, ...others], style);
}
