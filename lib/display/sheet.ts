/**
 * Several pictures as one: a row with names beneath, or a table with labelled rows and columns.
 *
 * One composed picture is safe wherever a notebook is looked at; a table of HTML images is not. Sizes
 * are worked out here, the drawing is {@link compose}'s.
 *
 * @module
 */
import { cannot, checkPositiveInteger, describe } from "../base/check.ts";
import type { Picture } from "../picture/picture.ts";
import { compose, fitInto, type Placed } from "./compose.ts";
import { drawLines, type FittedText, fitText, GREY, textWidth } from "./svg.ts";

const MARGIN = 10;
const GAP = 12;

/** How {@link captionedPictures} arranges things. */
export type ShowOptions = {
  /** Largest width of the whole in pixels; the width of a chart or film. */
  width?: number;
  /** Pictures in a row; by default up to four, evenly filled. */
  columns?: number;
};

/**
 * Pictures side by side on white, equally high, each with its name beneath.
 *
 * A single small picture is enlarged to 256 pixels, none is made higher than 480.
 *
 * @throws {RangeError} if there is no picture.
 */
export function captionedPictures(
  pictures: Record<string, Picture>,
  options: ShowOptions = {},
): Picture {
  const entries = Object.entries(pictures);
  const what = "show pictures";
  if (entries.length === 0) throw new RangeError(cannot(what, "there must be some", "none"));
  const { width = 900, columns = evenColumns(entries.length) } = options;
  checkPositiveInteger(what, "width", width);
  checkPositiveInteger(what, "columns", columns);

  const rows: [string, Picture][][] = [];
  for (let i = 0; i < entries.length; i += columns) rows.push(entries.slice(i, i + columns));
  // Very wide and very narrow pictures get a box of a bounded shape, and are centred in it.
  const shape = (picture: Picture) => Math.min(4, Math.max(0.25, picture.width / picture.height));
  const tallest = Math.max(...entries.map(([, picture]) => picture.height));
  const rowHeights = rows.map((row) => {
    const shapes = row.reduce((sum, [, picture]) => sum + shape(picture), 0);
    return (width - 2 * MARGIN - (row.length - 1) * GAP) / shapes;
  });
  const height = Math.max(1, Math.floor(Math.min(...rowHeights, Math.max(256, tallest), 480)));

  const placed: Placed[] = [];
  let [svg, y, right] = ["", MARGIN, 0];
  for (const row of rows) {
    let [x, captionHeight] = [MARGIN, 0];
    for (const [name, picture] of row) {
      const cell = Math.max(64, Math.floor(height * shape(picture)));
      const size = fitInto(picture, cell, height);
      placed.push({
        picture,
        x: x + Math.floor((cell - size.width) / 2),
        y: y + Math.floor((height - size.height) / 2),
        ...size,
      });
      const caption = fitText(name, cell + GAP - 4, { size: 13, maxLines: 3 });
      svg += centred(caption, x + cell / 2, y + height + 5);
      captionHeight = Math.max(captionHeight, caption.height);
      x += cell + GAP;
    }
    right = Math.max(right, x - GAP);
    y += height + (captionHeight > 0 ? 5 + Math.ceil(captionHeight) : 0) + GAP;
  }
  return compose(right + MARGIN, y - GAP + MARGIN, svg, placed);
}

/** How many pictures to put in a row so that few places stay empty. */
function evenColumns(count: number): number {
  if (count <= 4) return count;
  if (count <= 8) return Math.ceil(count / 2);
  const empty = (columns: number) => (columns - count % columns) % columns;
  return [5, 4, 3].reduce((best, columns) => empty(columns) < empty(best) ? columns : best);
}

/** Labels of a {@link contactSheet}. */
export type ContactSheetOptions = {
  /** A label per row, written at its left. */
  rowLabels?: string[];
  /** A label per column, written above it. */
  columnLabels?: string[];
  /** What the rows stand for, such as "content weight". */
  rowTitle?: string;
  /** What the columns stand for. */
  columnTitle?: string;
  title?: string;
  /** Longer side of a picture on the sheet in pixels; by default what fits in 900, at most 200. */
  cell?: number;
};

/**
 * A table of pictures with labelled rows and columns, composed into one picture.
 *
 * Rows may differ in length and pictures in size; each is scaled so that its longer side fills the cell.
 * Long labels wrap, then shrink, and are cut only as a last resort, so they never overlap.
 *
 * @throws {RangeError} if there is no picture, or if the labels are not as many as the rows or columns.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { contactSheet } from "./sheet.ts";
 *
 * const grey = { width: 8, height: 8, data: new Float32Array(8 * 8 * 3).fill(128) };
 * const sheet = contactSheet([[grey, grey]], {
 *   rowLabels: ["grey"],
 *   columnLabels: ["once", "twice"],
 *   cell: 100,
 * });
 * assert(sheet.width > 200);
 * ```
 */
export function contactSheet(rows: Picture[][], options: ContactSheetOptions = {}): Picture {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const what = "make a contact sheet";
  if (count === 0) throw new RangeError(cannot(what, "there must be pictures", "none"));
  const { rowLabels = [], columnLabels = [], rowTitle, columnTitle, title } = options;
  checkCount("rowLabels", rowLabels, rows.length);
  checkCount("columnLabels", columnLabels, count);

  const labelWidth = Math.ceil(
    Math.min(130, Math.max(0, ...rowLabels.map((label) => textWidth(label, 13)))),
  );
  const titleWidth = rowTitle === undefined ? 0 : 20;
  const left = MARGIN + titleWidth + (labelWidth > 0 ? labelWidth + 8 : 0);
  const room = Math.floor((900 - left - MARGIN - (count - 1) * GAP) / count);
  const { cell = Math.max(48, Math.min(200, room)) } = options;
  checkPositiveInteger(what, "cell", cell);

  const sizes = rows.map((row) => row.map((picture) => fitInto(picture, cell, cell)));
  const widths = Array.from(
    { length: count },
    (_, j) => Math.max(48, ...sizes.map((row) => row[j]?.width ?? 0)),
  );
  const width = left + widths.reduce((sum, w) => sum + w + GAP, 0) - GAP + MARGIN;
  const middle = (left + width - MARGIN) / 2;

  let [svg, y] = ["", MARGIN];
  const putAbove = (text: FittedText, x: number, bold = false, fill?: string) => {
    svg += centred(text, x, y, bold, fill);
    y += Math.ceil(text.height) + 4;
  };
  if (title !== undefined) {
    const fitted = fitText(title, width - 2 * MARGIN, { size: 15, bold: true, maxLines: 3 });
    putAbove(fitted, width / 2, true);
  }
  if (columnTitle !== undefined) {
    putAbove(fitText(columnTitle, width - left - MARGIN), middle, false, GREY);
  }
  const labels = columnLabels.map((label, j) => fitText(label, widths[j]! + 4, { maxLines: 3 }));
  const labelHeight = Math.ceil(Math.max(0, ...labels.map((label) => label.height)));
  let x = left;
  labels.forEach((label, j) => {
    svg += centred(label, x + widths[j]! / 2, y + labelHeight - label.height);
    x += widths[j]! + GAP;
  });
  if (labelHeight > 0) y += labelHeight + 4;

  const top = y;
  const placed: Placed[] = [];
  rows.forEach((row, i) => {
    const rowSizes = sizes[i]!;
    const height = Math.max(32, ...rowSizes.map((size) => size.height));
    let x = left;
    row.forEach((picture, j) => {
      const size = rowSizes[j]!;
      placed.push({
        picture,
        x: x + Math.floor((widths[j]! - size.width) / 2),
        y: y + Math.floor((height - size.height) / 2),
        ...size,
      });
      x += widths[j]! + GAP;
    });
    const rowLabel = rowLabels[i];
    if (rowLabel !== undefined) {
      const maxLines = Math.max(1, Math.floor(height / 14));
      const label = fitText(rowLabel, labelWidth + 1, { maxLines });
      svg += drawLines(label.lines, {
        x: left - 8,
        y: y + (height - label.height) / 2,
        size: label.size,
        anchor: "end",
      });
    }
    y += height + GAP;
  });
  if (rowTitle !== undefined) {
    const text = fitText(rowTitle, y - GAP - top, { maxLines: 1 });
    const turn = `translate(${MARGIN} ${(top + y - GAP) / 2}) rotate(-90)`;
    svg += `<g transform="${turn}">${centred(text, 0, 0, false, GREY)}</g>`;
  }
  return compose(width, y - GAP + MARGIN, svg, placed);
}

function centred(text: FittedText, x: number, y: number, bold = false, fill?: string): string {
  return drawLines(text.lines, { x, y, size: text.size, anchor: "middle", bold, fill });
}

function checkCount(name: string, labels: string[], count: number): void {
  if (labels.length !== 0 && labels.length !== count) {
    const rule = `${name} must have ${count} entries`;
    throw new RangeError(cannot("label a contact sheet", rule, describe(labels)));
  }
}
