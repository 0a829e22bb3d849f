/**
 * What a sweep is made of: an experiment has a grid of points, a point becomes a run for every seed,
 * a run becomes a row of results.
 *
 * @module
 */
import type { Chart } from "../../lib/display/mod.ts";
import type { EngineName } from "../../lib/engine/engine.ts";
import type { Role } from "../../lib/recipe/recipe.ts";
import type { PictureSettings } from "../../lib/recipe/settings.ts";
import type { Judgment } from "../../lib/run/judge/judge.ts";

/** What `deno task experiment` was asked for. */
export type Options = {
  content: string;
  style: string;
  size: number;
  iterations: number;
  seeds: number;
  engine?: EngineName;
  /** Where `NAME/` goes. */
  output: string;
};

/** A place of the grid: what is set there beyond the common settings, and other files than the common ones. */
export type Point = {
  name: string;
  settings: PictureSettings;
  weights?: string;
  content?: string;
  style?: string;
  further?: FurtherFiles;
  /** Whether its picture is judged, too. */
  judged?: boolean;
};

/** Further styles and masks, by what recipes call them: `style2`, `contentRegions`, `styleRegions`, … */
export type FurtherFiles = Partial<Record<Exclude<Role, "content" | "style" | "weights">, string>>;

/** One style transfer, with everything that it depends on. */
export type Run = {
  /** The point's name, and the seed where it matters. */
  name: string;
  /** The name of its place in the grid. */
  point: string;
  seed: number;
  settings: PictureSettings & { size: number };
  /** The engine that was asked for. */
  engineAsked?: EngineName;
  /** Files. */
  content: string;
  style: string;
  weights?: string;
  further?: FurtherFiles;
  judged?: boolean;
  /** The name of its files, without extension: the run's name and a hash of all that it depends on. */
  file: string;
  /** Of the library's code. */
  version: string;
};

/** The losses that an iteration started from. */
export type Moment = {
  iteration: number;
  evaluations: number;
  seconds: number;
  /** Weighted sum. */
  total: number;
  losses: Record<string, number>;
};

/** What is kept of a run that came to its end. */
export type Outcome = {
  status: "done";
  iterations: number;
  evaluations: number;
  moments: Moment[];
  /**
   * How far the picture is from its targets, the same yardstick for all runs: VGG-16's features at
   * relu4_2, `‖F - F_content‖ / ‖F_content‖`, and its Gram matrices at relu1_1 to relu5_1, the mean
   * of `‖G - G_style‖ / ‖G_style‖`, each divided by the number of positions.
   */
  contentError: number;
  styleError: number;
  /** Of runs that are judged, at the size of the picture. */
  judgment?: Judgment;
  engine: string;
  seconds: number;
  /** The most resident memory seen between two iterations. */
  peakBytes: number;
};

/** What is kept of a run that failed. */
export type Failure = { status: "failed"; error: string; engine: string };

/** A run and what came of it. */
export type Row = Run & (Outcome | Failure);

/** A run that came to its end. */
export type DoneRow = Run & Outcome;

/** A table of pictures; where a run has failed the place stays grey. */
export type Sheet = {
  rows: (Row | undefined)[][];
  rowLabels: string[];
  columnLabels: string[];
  rowTitle?: string;
  columnTitle?: string;
  title: string;
};

/** Pictures at their own size, each over a line of text. */
export type Gallery = { pictures: (readonly [caption: string, row: DoneRow])[]; columns: number };

/** What an experiment makes of its rows. */
export type Findings = {
  sheet: Sheet;
  /** Further sheets by file name. */
  galleries?: Record<string, Gallery>;
  /** By file name; one of them is `chart`. */
  charts: Record<string, Chart>;
  /** Sentences made from the numbers. */
  answer: string[];
};

/** A question and how it is answered. */
export type Experiment = {
  question: string;
  defaults: { size: number; iterations: number; seeds: number };
  /** Makes files that runs need, in the folder of the experiment; called before every sweep. */
  prepare?(folder: string): Promise<void>;
  grid(options: Options): Point[];
  findings(rows: Row[], options: Options): Findings | Promise<Findings>;
};
