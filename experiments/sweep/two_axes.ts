/**
 * The sweep over two settings: a grid with one of them down and the other across, whose pictures stand on
 * the contact sheet in the same places.
 *
 * @module
 */
import { doneRows, meanText } from "./statistics.ts";
import type { DoneRow, Experiment, Findings, Options, Point } from "./types.ts";

/** One of the two settings. */
export type Axis<T> = {
  values: readonly T[];
  /** What stands beside a row or above a column. @default the value */
  label?: (value: T) => string;
  /** What the labels are. */
  title?: string;
};

/** The runs by the two settings. */
export type Found<D, A> = {
  down: readonly D[];
  across: readonly A[];
  options: Options;
  /** All runs that came to their end. */
  done: DoneRow[];
  /** Those at a place of the grid, one a seed. */
  at(down: D, across: A): DoneRow[];
  /** Numbers at a place of the grid, one a seed. */
  contentErrors(down: D, across: A): number[];
  styleErrors(down: D, across: A): number[];
  /** The loss of the last iteration. */
  losses(down: D, across: A): number[];
  /** Both errors in words: `0.51 and 0.78`. */
  errorText(down: D, across: A): string;
};

/** A question that is answered by a sweep over two settings. */
export type TwoAxes<D, A> = {
  question: string;
  defaults: Experiment["defaults"];
  down(options: Options): Axis<D>;
  across(options: Options): Axis<A>;
  /** A place of the grid. */
  point(down: D, across: A, options: Options): Point;
  /** Over the contact sheet. */
  title(options: Options): string;
  findings(
    found: Found<D, A>,
  ): Omit<Findings, "sheet"> | Promise<Omit<Findings, "sheet">>;
};

/** The experiment that asks such a question. */
export function twoAxes<D, A>(
  { question, defaults, down, across, point, title, findings }: TwoAxes<D, A>,
): Experiment {
  return {
    question,
    defaults,
    grid: (options) =>
      down(options).values.flatMap((d) => across(options).values.map((a) => point(d, a, options))),
    async findings(rows, options) {
      const [rowAxis, columnAxis] = [down(options), across(options)];
      const done = doneRows(rows);
      const nameOf = (d: D, a: A) => point(d, a, options).name;
      const at = (d: D, a: A) => done.filter((row) => row.point === nameOf(d, a));
      const contentErrors = (d: D, a: A) => at(d, a).map(({ contentError }) => contentError);
      const styleErrors = (d: D, a: A) => at(d, a).map(({ styleError }) => styleError);
      const found = {
        down: rowAxis.values,
        across: columnAxis.values,
        options,
        done,
        at,
        contentErrors,
        styleErrors,
        losses: (d: D, a: A) => at(d, a).map(({ moments }) => moments.at(-1)!.total),
        errorText: (d: D, a: A) =>
          `${meanText(contentErrors(d, a))} and ${meanText(styleErrors(d, a))}`,
      };
      const first = rows.filter(({ seed }) => seed === 1);
      return {
        sheet: {
          rows: rowAxis.values.map((d) =>
            columnAxis.values.map((a) => first.find((row) => row.point === nameOf(d, a)))
          ),
          rowLabels: rowAxis.values.map(rowAxis.label ?? String),
          columnLabels: columnAxis.values.map(columnAxis.label ?? String),
          rowTitle: rowAxis.title,
          columnTitle: columnAxis.title,
          title: title(options),
        },
        ...await findings(found),
      };
    },
  };
}
