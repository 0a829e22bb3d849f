/**
 * Which method paints best? The tutorial and the presets on three pairs of pictures, judged by measures
 * that none of them minimizes, with the content weight swept where a method has one.
 *
 * The presets were tuned on the first two pairs; the third one is new to them. `--iterations` is the most
 * that a run does at each size.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { alignColumns, duration } from "../lib/base/words.ts";
import { lineChart } from "../lib/display/mod.ts";
import type { PictureSettings } from "../lib/recipe/settings.ts";
import { type PresetName, PRESETS } from "../lib/run/presets.ts";
import type { Settings } from "../lib/run/settings.ts";
import { doneRows, listText, mean } from "./sweep/statistics.ts";
import type { DoneRow, Experiment, Options, Point, Row } from "./sweep/types.ts";

const METHODS: readonly PresetName[] = [
  "tutorial",
  "gatys",
  "quick",
  "painting",
  "nnst",
  "strotss",
];

const PAIRS = [
  { name: "castle", content: "eilean-donan", style: "church-at-auvers" },
  { name: "cat", content: "chelsea", style: "harvest" },
  { name: "rocket", content: "rocket", style: "night-cafe" },
] as const;

/** Factors on a preset's content weight. */
const FACTORS = [0.5, 1, 2];

const image = (path: string) =>
  fileURLToPath(new URL(`../notebooks/images/${path}.jpg`, import.meta.url));

/** The content weights that a method is tried with, as factors; a complete method has none. */
function factorsOf(method: PresetName): number[] {
  const { contentWeight }: Settings = PRESETS[method];
  return contentWeight ? FACTORS : [1];
}

function point(method: PresetName, pair: typeof PAIRS[number], factor: number, options: Options) {
  const { contentWeight = 0, iterations = 120, start }: Settings = PRESETS[method];
  const most = (count: number) => Math.min(count, options.iterations);
  const settings: PictureSettings = {
    preset: method,
    contentWeight: contentWeight * factor,
    iterations: typeof iterations === "number" ? most(iterations) : iterations.map(most),
    start,
  };
  return {
    name: `${method}-${pair.name}${factor === 1 ? "" : `-content-times-${factor}`}`,
    settings,
    content: image(`content/${pair.content}`),
    style: image(`style/${pair.style}`),
    judged: true,
  } satisfies Point;
}

/** A run that was judged. */
type Judged = DoneRow & Required<Pick<DoneRow, "judgment">>;

const JUDGED = ["style", "patch", "content"] as const;

export const quality: Experiment = {
  question: "Which method paints best, and in which time?",
  defaults: { size: 512, iterations: 1000, seeds: 1 },
  // The presets as they are come first: a sweep that is stopped has an answer.
  grid: (options) =>
    [1, ...FACTORS.filter((factor) => factor !== 1)].flatMap((factor) =>
      PAIRS.flatMap((pair) =>
        METHODS.filter((method) => factorsOf(method).includes(factor))
          .map((method) => point(method, pair, factor, options))
      )
    ),
  findings(rows, options) {
    const done = doneRows(rows).filter((row): row is Judged => row.judgment !== undefined);
    const nameOf = (method: PresetName, pair: typeof PAIRS[number], factor = 1) =>
      point(method, pair, factor, options).name;
    const at = (method: PresetName, factor = 1) => {
      const names = PAIRS.map((pair) => nameOf(method, pair, factor));
      return done.filter((row) => names.includes(row.point));
    };
    const judged = (name: typeof JUDGED[number], method: PresetName, factor = 1) =>
      mean(at(method, factor).map(({ judgment }) => judgment[name]));
    const present = METHODS.filter((method) => at(method).length > 0);
    return {
      sheet: sheetOf(rows, nameOf),
      galleries: Object.fromEntries(
        PAIRS.map((pair) =>
          [pair.name, {
            columns: 3,
            pictures: METHODS.flatMap((method) =>
              at(method).filter((row) => row.point === nameOf(method, pair))
            ).map((row) => [captionOf(row), row] as const),
          }] as const
        ).filter(([, { pictures }]) => pictures.length > 0),
      ),
      charts: {
        chart: lineChart(
          present.map((method) => ({
            name: method,
            points: factorsOf(method).filter((factor) => at(method, factor).length > 0)
              .map((factor) => [
                judged("content", method, factor),
                judged("style", method, factor),
              ]),
          })),
          {
            x: "content lost (the judge's)",
            y: "distance from the style (the judge's)",
            title: "Style against content, with the content weight halved and doubled",
          },
        ),
        chart_seconds: lineChart(
          present.map((method) => ({
            name: method,
            points: [[mean(at(method).map(({ seconds }) => seconds)), judged("style", method)]],
          })),
          {
            x: "seconds of a run",
            y: "distance from the style (the judge's)",
            title: "Style against seconds, means over the pairs",
            logX: true,
          },
        ),
      },
      answer: [bestText(present, judged), `\n\n${tableOf(done)}\n\n`],
    };
  },
};

function sheetOf(
  rows: readonly Row[],
  nameOf: (method: PresetName, pair: typeof PAIRS[number]) => string,
) {
  return {
    rows: METHODS.map((method) =>
      PAIRS.map((pair) => rows.find((row) => row.point === nameOf(method, pair)))
    ),
    rowLabels: [...METHODS],
    columnLabels: PAIRS.map(({ content, style }) => `${content} after ${style}`),
    rowTitle: "preset",
    title: "The same pictures by every method",
  };
}

const captionOf = ({ settings, seconds, judgment }: Judged) =>
  `${settings.preset}: ${duration(seconds)}, ` +
  JUDGED.map((name) => `${name} ${judgment[name].toFixed(2)}`).join(", ");

function bestText(
  methods: readonly PresetName[],
  judged: (name: typeof JUDGED[number], method: PresetName) => number,
): string {
  if (methods.length === 0) return "No run came to its end.";
  const best = JUDGED.map((name) => {
    const [first, second] = methods.toSorted((a, b) => judged(name, a) - judged(name, b));
    const text = (method: PresetName) => `${method} (${judged(name, method).toFixed(2)})`;
    return `in ${name} ${text(first!)}${second ? ` before ${text(second)}` : ""}`;
  });
  return `Best on the mean of the pairs, smaller is better: ${listText(best)}.`;
}

function tableOf(done: readonly Judged[]): string {
  const lines = done.map((row) => [
    row.name,
    ...JUDGED.map((name) => row.judgment[name].toFixed(3)),
    row.judgment.edges.toFixed(3),
    row.judgment.grain.toFixed(2),
    row.seconds.toFixed(0),
    (row.peakBytes / 1e6).toFixed(0),
  ]);
  const heads = ["run", ...JUDGED, "edges", "grain", "seconds", "MB"];
  return "```\n" + alignColumns([heads, ...lines]) + "\n```";
}
