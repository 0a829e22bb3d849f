/**
 * Writes what a sweep has found: tables, pictures on a sheet, charts, and the answer in words.
 *
 * @module
 */
import { join } from "node:path";
import { contactSheet } from "../../lib/display/mod.ts";
import { captionedPictures } from "../../lib/display/sheet.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { writePicture } from "../../lib/picture/write.ts";
import { writeWhole } from "../../lib/base/files.ts";
import { flagOf } from "../../lib/recipe/flags.ts";
import type { SettingName } from "../../lib/recipe/settings.ts";
import { shownPath } from "./plan.ts";
import { groupBy } from "./statistics.ts";
import { pictureFile, writeText } from "./store.ts";
import type { DoneRow, Experiment, Gallery, Options, Row, Sheet } from "./types.ts";

/** The width of a contact sheet, about. */
const SHEET_WIDTH = 1500;
/** Between pictures of a gallery. */
const GALLERY_GAP = 14;
const LOSSES = ["content", "style", "denoise"] as const;
const JUDGED = ["style", "patch", "content", "edges", "grain"] as const;

/** Columns that differ from one execution to the next. */
export const MEASURED_COLUMNS = ["seconds", "peak_memory_mb"];

/** Writes `results.csv`, `curves.csv`, `contact_sheet.png`, charts and `answer.md`. */
export async function report(
  folder: string,
  experiment: Experiment,
  rows: Row[],
  options: Options,
): Promise<string> {
  await writeText(join(folder, "results.csv"), resultsCsv(rows));
  await writeText(join(folder, "curves.csv"), curvesCsv(rows));
  const { sheet, galleries = {}, charts, answer } = await experiment.findings(rows, options);
  await writePicture(await composeSheet(folder, sheet), join(folder, "contact_sheet.png"));
  for (const [name, gallery] of Object.entries(galleries)) {
    await writePicture(await composeGallery(folder, gallery), join(folder, `${name}.png`));
  }
  for (const [name, chart] of Object.entries(charts)) {
    const path = join(folder, name);
    await writeWhole(`${path}.png`, chart.png, `write ${path}.png`);
    await writeText(`${path}.svg`, chart.svg);
  }
  const text = answerText(experiment, rows, options, answer);
  await writeText(join(folder, "answer.md"), text);
  return text;
}

/** A row a run; the columns that differ from one execution to the next are the last. */
export function resultsCsv(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.settings)))].sort();
  const header = [
    "run",
    "status",
    "picture_content",
    "picture_style",
    ...names.map((name) => flagOf(name).replaceAll("-", "_")),
    "weights",
    "iterations_done",
    "evaluations",
    ...LOSSES.map((name) => `${name}_loss`),
    "total_loss",
    ...QUARTERS.map(({ name }) => name),
    "content_error",
    "style_error",
    ...JUDGED.map((name) => `judge_${name}`),
    "engine",
    "version",
    "error",
    ...MEASURED_COLUMNS,
  ];
  const lines = rows.map((row) => {
    const done = row.status === "done" ? row : undefined;
    const last = done?.moments.at(-1);
    return [
      row.name,
      row.status,
      shownPath(row.content),
      shownPath(row.style),
      ...names.map((name) => textOf(row.settings[name as SettingName])),
      row.weights && shownPath(row.weights),
      done?.iterations,
      done?.evaluations,
      ...LOSSES.map((name) => last?.losses[name]),
      last?.total,
      ...QUARTERS.map(({ part }) => done && momentAt(done, part)?.total),
      done?.contentError,
      done?.styleError,
      ...JUDGED.map((name) => done?.judgment?.[name]),
      row.engine,
      row.version,
      row.status === "failed" ? row.error : "",
      done?.seconds.toFixed(3),
      done && (done.peakBytes / 1e6).toFixed(0),
    ];
  });
  return csv([header, ...lines]);
}

const QUARTERS = [
  { name: "total_loss_at_start", part: 0 },
  { name: "total_loss_at_25_percent", part: 0.25 },
  { name: "total_loss_at_50_percent", part: 0.5 },
  { name: "total_loss_at_75_percent", part: 0.75 },
];

const momentAt = ({ moments }: DoneRow, part: number) => moments[Math.floor(moments.length * part)];

/** A row an iteration: the losses that it started from. */
function curvesCsv(rows: readonly Row[]): string {
  const header = [
    "run",
    "iteration",
    "evaluations",
    ...LOSSES.map((n) => `${n}_loss`),
    "total_loss",
    "seconds",
  ];
  const lines = rows.flatMap((row) =>
    row.status === "failed" ? [] : row.moments.map((moment) => [
      row.name,
      moment.iteration,
      moment.evaluations,
      ...LOSSES.map((name) => moment.losses[name]),
      moment.total,
      moment.seconds.toFixed(3),
    ])
  );
  return csv([header, ...lines]);
}

const textOf = (value: unknown) => value === undefined ? "" : [value].flat().join();

/** RFC 4180: what holds a comma, a quote or a line break stands in quotes. */
function csv(table: readonly (readonly (string | number | undefined)[])[]): string {
  const cell = (value: string | number | undefined) => {
    const text = `${value ?? ""}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return table.map((row) => row.map(cell).join(",") + "\n").join("");
}

async function composeSheet(folder: string, sheet: Sheet): Promise<Picture> {
  const { rows, rowLabels, columnLabels, rowTitle, columnTitle, title } = sheet;
  const columns = Math.max(...rows.map((row) => row.length));
  const cell = Math.max(48, Math.min(360, Math.floor((SHEET_WIDTH - 190) / columns) - 12));
  const failed = { width: 3, height: 2, data: new Float32Array(18).fill(225) };
  const pictures = await Promise.all(rows.map((row) =>
    Promise.all(
      row.map((run) =>
        run?.status === "done" ? readPicture(pictureFile(join(folder, "runs"), run)) : failed
      ),
    )
  ));
  return contactSheet(pictures, { rowLabels, columnLabels, rowTitle, columnTitle, title, cell });
}

async function composeGallery(folder: string, { pictures, columns }: Gallery): Promise<Picture> {
  const entries = await Promise.all(
    pictures.map(async ([caption, row]) =>
      [caption, await readPicture(pictureFile(join(folder, "runs"), row))] as const
    ),
  );
  const widest = Math.max(...entries.map(([, { width }]) => width));
  return captionedPictures(Object.fromEntries(entries), {
    columns,
    width: columns * (widest + GALLERY_GAP),
  });
}

function answerText(
  { question }: Experiment,
  rows: readonly Row[],
  { content, style, size, iterations, seeds }: Options,
  answer: readonly string[],
): string {
  const failed = rows.flatMap((row) => row.status === "failed" ? [row] : []);
  const engines = [...new Set(rows.map((row) => row.engine).filter((name) => name !== ""))];
  const settings = `${rows.length} runs, size ${size}, ${iterations} iterations, ` +
    `${seeds} ${seeds === 1 ? "seed" : "seeds"}, content ${shownPath(content)}, ` +
    `style ${shownPath(style)}, engine ${engines.join(", ") || "none"}, version ${
      rows[0]!.version
    }`;
  const lines = [`# ${question}`, answer.join(" "), `Settings: ${settings}.`];
  if (failed.length > 0) {
    const each = [...groupBy(failed, ({ error }) => error)]
      .map(([error, group]) => `- ${group.map(({ name }) => name).join(", ")}: ${error}`).join(
        "\n",
      );
    lines.push(`${failed.length} of ${rows.length} runs failed:\n\n${each}`);
  }
  return lines.join("\n\n") + "\n";
}
