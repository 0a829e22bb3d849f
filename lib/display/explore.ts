/**
 * A table of pictures that one can walk through: a slider for the rows and one for the columns, a large
 * picture, and a link to keep it.
 *
 * @module
 */
import {
  cannot,
  checkInRange,
  checkOptions,
  checkPositiveInteger,
  describe,
} from "../base/check.ts";
import { escapeXml } from "../base/words.ts";
import { checkPicture, type Picture } from "../picture/picture.ts";
import {
  atMost,
  element,
  type Html,
  htmlFigure,
  jpegAddress,
  onLoad,
  pngAddress,
  TEXT_STYLE,
} from "./html.ts";
import type { ContactSheetOptions } from "./sheet.ts";

/** How {@link explore} shows a table: the labels of a contact sheet, and sizes. */
export type ExploreOptions = Omit<ContactSheetOptions, "cell" | "title"> & {
  /** Width of the large picture in pixels. @default {420} */
  width?: number;
  /** Width of the small ones in pixels. @default what fits in 700, at most 120 */
  cell?: number;
  /** 1–100, of the JPEG pictures. @default {80} */
  quality?: number;
  /** Row and column, from 0, of the picture that is large at first. @default {[0, 0]} */
  first?: readonly [row: number, column: number];
};

const SCRIPT = `
const [down, across] = ["down", "across"].map((name) => find("input." + name));
const cells = [...root.querySelectorAll("td img")];
const link = find("a");
const words = find(".words");
const large = find(".large");
const show = () => {
  const cell = cells.find(({ dataset }) => dataset.row === down.value && dataset.column === across.value);
  if (!cell) return;
  for (const each of cells) each.style.outline = each === cell ? "3px solid #0072b2" : "none";
  large.src = cell.src;
  link.href = cell.src;
  link.download = cell.alt.replace(/[^0-9A-Za-z.]+/g, "-") + ".jpg";
  words.textContent = cell.alt;
};
for (const slider of [down, across]) slider.addEventListener("input", show);
for (const cell of cells) {
  cell.style.cursor = "pointer";
  cell.addEventListener("click", () => {
    down.value = cell.dataset.row;
    across.value = cell.dataset.column;
    show();
  });
}
show();
find(".controls").hidden = false;`;

/**
 * A table of pictures with sliders: the picture at hand is drawn large, a click on a small one takes it,
 * and a link downloads it. Each picture is held once. Without scripts the table is left.
 *
 * @throws {RangeError} if there is no picture, or the labels are not as many as the rows or columns.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { explore } from "stylebook";
 *
 * const grey = (level: number) => ({ width: 4, height: 4, data: new Float32Array(48).fill(level) });
 * const sheet = explore([[grey(0), grey(99)]], { columnTitle: "level", columnLabels: ["0", "99"] });
 * assertStringIncludes(sheet.html, "level 99");
 * ```
 */
export function explore(rows: readonly Picture[][], options: ExploreOptions = {}): Html {
  const what = "explore pictures";
  checkOptions(what, options, [
    ...["rowLabels", "columnLabels", "rowTitle", "columnTitle"],
    ...["width", "cell", "quality", "first"],
  ]);
  const count = Math.max(0, ...rows.map((row) => row.length));
  if (count === 0) throw new RangeError(cannot(what, "there must be pictures", "none"));
  const { rowLabels = [], columnLabels = [], rowTitle = "", columnTitle = "" } = options;
  checkCount("rowLabels", rowLabels, rows.length);
  checkCount("columnLabels", columnLabels, count);
  const { width = 420, cell = Math.min(120, Math.floor(700 / count)), quality = 80 } = options;
  checkPositiveInteger(what, "width", width);
  checkPositiveInteger(what, "cell", cell);
  checkInRange(what, "quality", quality, 1, 100);
  const [firstRow, firstColumn] = options.first ?? [0, 0];
  if (!rows[firstRow]?.[firstColumn]) {
    const rule = "first must be the row and column of a picture";
    throw new RangeError(cannot(what, rule, describe(options.first)));
  }

  const name = (i: number, j: number) => {
    const parts = [[rowTitle, rowLabels[i]], [columnTitle, columnLabels[j]]];
    const words = parts.map((part) => part.filter((word) => word).join(" ")).filter((part) => part);
    return words.join(", ") || `row ${i + 1}, column ${j + 1}`;
  };
  const image = (picture: Picture, i: number, j: number) => {
    checkPicture(what, picture);
    return element("img", {
      src: jpegAddress(atMost(picture, width), quality),
      width: cell,
      alt: name(i, j),
      title: name(i, j),
      "data-row": i,
      "data-column": j,
      style: "display: block; margin: 0",
      onload: i === 0 && j === 0 ? onLoad("stylebook-explore", SCRIPT) : undefined,
    });
  };
  const label = (text: string) =>
    element("th", { style: "text-align: center; font-weight: normal" }, escapeXml(text));
  const head = columnLabels.length === 0 ? "" : element(
    "tr",
    {},
    ...(rowLabels.length > 0 ? [label([rowTitle, columnTitle].filter(Boolean).join(" \\ "))] : []),
    ...columnLabels.map(label),
  );
  const body = rows.map((row, i) =>
    element(
      "tr",
      {},
      ...(rowLabels.length > 0 ? [label(rowLabels[i]!)] : []),
      ...row.map((picture, j) => element("td", { style: "padding: 3px" }, image(picture, i, j))),
    )
  );
  const html = element(
    "div",
    { class: "stylebook-explore", style: TEXT_STYLE },
    element(
      "div",
      { class: "controls", hidden: true },
      element("img", {
        class: "large",
        width,
        alt: "the picture at hand",
        style: "display: block; max-width: 100%",
      }),
      slider("across", columnTitle || "column", { count, value: firstColumn, width }),
      slider("down", rowTitle || "row", { count: rows.length, value: firstRow, width }),
      element("div", {}, element("span", { class: "words" }), " · ", element("a", {}, "download")),
    ),
    element("table", { style: "margin-left: 0" }, head, ...body),
  );
  const text = `${rows.flat().length} pictures: ${name(0, 0)} to ${
    name(rows.length - 1, rows.at(-1)!.length - 1)
  }`;
  return htmlFigure(html, text);
}

/** A slider with its name; hidden where there is nothing to choose. */
function slider(
  name: string,
  title: string,
  { count, value, width }: { count: number; value: number; width: number },
): string {
  return element(
    "label",
    { style: `display: ${count > 1 ? "flex" : "none"}; gap: 8px; width: ${width}px` },
    element("span", { style: "min-width: 110px" }, escapeXml(title)),
    element("input", {
      class: name,
      type: "range",
      min: 0,
      max: count - 1,
      value,
      style: "flex: 1",
    }),
  );
}

/** A link that downloads a picture: as JPEG if its name ends so, which is much smaller, else as PNG. */
export function downloadLink(picture: Picture, name = "picture.png"): Html {
  checkPicture("link to a picture", picture);
  const address = /\.jpe?g$/i.test(name) ? jpegAddress(picture, 95) : pngAddress(picture);
  const html = element(
    "div",
    { style: TEXT_STYLE },
    element("a", { href: address, download: name }, escapeXml(`Download ${name}`)),
    ` (${picture.width}×${picture.height})`,
  );
  return htmlFigure(html, `${name}, ${picture.width}×${picture.height}`);
}

function checkCount(name: string, labels: readonly string[], count: number): void {
  if (labels.length === 0 || labels.length === count) return;
  const rule = `${name} must have ${count} entries`;
  throw new RangeError(cannot("label pictures", rule, describe(labels)));
}
