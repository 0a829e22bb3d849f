/**
 * Drawing text and lines: SVG to pixels with a font of our own, and text that fits its box.
 *
 * The same SVG goes to the browser and through resvg. Machines without any font (containers, CI) draw
 * the same letters, because the DejaVu files come with the project.
 *
 * @module
 */
import "dejavu-fonts-ttf/package.json" with { type: "json" }; // so that the font files are on disk
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { escapeXml } from "../base/words.ts";

/** The font list for SVG; Verdana has nearly the widths of DejaVu Sans, for browsers without it. */
export const FONT_FAMILY = "DejaVu Sans, Verdana, sans-serif";

/** Text colour, nearly black. */
export const INK = "#222222";

/** Colour of secondary text. */
export const GREY = "#666666";

/** Line height as a multiple of the font size. */
export const LINE_HEIGHT = 1.25;

const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${file}`))
);

function parse(svg: string, zoom = 1): Resvg {
  return new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    font: {
      fontFiles,
      defaultFontFamily: "DejaVu Sans",
      // DejaVu has no Chinese, Japanese or Korean; looking for fonts takes long, so only then.
      loadSystemFonts: /[\u2e80-\u{1ffff}]/u.test(svg),
    },
  });
}

/** An SVG document of this size in pixels around `body`, on white unless another ground is given. */
export function svgDocument(
  width: number,
  height: number,
  body: string,
  ground = "white",
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="${FONT_FAMILY}" fill="${INK}">` +
    (ground === "none" ? "" : `<rect width="${width}" height="${height}" fill="${ground}"/>`) +
    `${body}</svg>`;
}

/** Draws an SVG document; `zoom` is pixels per SVG unit. */
export function rasterize(svg: string, zoom = 1): ReturnType<Resvg["render"]> {
  return parse(svg, zoom).render();
}

const advances = new Map<string, number>();

/** How far a character moves the pen at font size 100: between two letters, so that a space counts. */
function advance(character: string, bold: boolean): number {
  const key = `${bold ? "bold" : "regular"} ${character}`;
  let value = advances.get(key);
  if (value === undefined) {
    const widthOf = (text: string) => {
      const line = drawLines([text], { x: 0, y: 0, size: 100, bold });
      return parse(svgDocument(1, 1, line)).getBBox()?.width ?? 0;
    };
    value = widthOf(`n${character}n`) - widthOf("nn");
    advances.set(key, value);
  }
  return value;
}

/** The width of a line of text in pixels, kerning left out. */
export function textWidth(text: string, size: number, bold = false): number {
  let width = 0;
  for (const character of text) width += advance(character, bold);
  return (width * size) / 100;
}

/** Where lines of text go: `y` is the top of the first line. */
export type TextOptions = {
  x: number;
  y: number;
  size: number;
  anchor?: "start" | "middle" | "end";
  bold?: boolean;
  fill?: string;
};

/** Lines of text below one another as SVG. */
export function drawLines(lines: string[], options: TextOptions): string {
  const { x, y, size, anchor = "start", bold = false, fill = INK } = options;
  return lines.map((line, i) =>
    `<text x="${x}" y="${y + size * (0.93 + i * LINE_HEIGHT)}" font-size="${size}" ` +
    `text-anchor="${anchor}" font-weight="${bold ? 700 : 400}" fill="${fill}" stroke="none" ` +
    `font-family="${FONT_FAMILY}">${escapeXml(line)}</text>`
  ).join("");
}

/** Text that fits: its lines, the size that they were set in, and the pixels they need. */
export type FittedText = { lines: string[]; size: number; width: number; height: number };

/** What {@link fitText} may do to make text fit. */
export type FitOptions = { size?: number; minSize?: number; maxLines?: number; bold?: boolean };

/**
 * Sets text into a box of a given width: wraps it, then shrinks it, and cuts it (with an ellipsis)
 * only when the smallest size does not fit either.
 */
export function fitText(text: string, width: number, options: FitOptions = {}): FittedText {
  const { size = 13, minSize = 10, maxLines = 2, bold = false } = options;
  const measure = (line: string, at: number) => textWidth(line, at, bold);
  const finish = (lines: string[], at: number) => ({
    lines,
    size: at,
    width: Math.max(0, ...lines.map((line) => measure(line, at))),
    height: lines.length * at * LINE_HEIGHT,
  });
  for (let at = size; at >= minSize; at--) {
    const lines = wrap(text, (line) => measure(line, at) <= width);
    if (lines && lines.length <= maxLines) return finish(lines, at);
  }
  const fits = (line: string) => measure(line, minSize) <= width;
  const lines = wrap(breakWords(text, fits), fits) ?? [];
  if (lines.length > maxLines) {
    lines.length = maxLines;
    let last = lines[maxLines - 1]!;
    while (last.length > 0 && !fits(`${last}…`)) last = last.slice(0, -1);
    lines[maxLines - 1] = `${last.trimEnd()}…`;
  }
  return finish(lines, minSize);
}

/** Greedy line breaking at spaces; null when a single word is too wide. */
function wrap(text: string, fits: (line: string) => boolean): string[] | null {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const longer = lines.length > 0 ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
    else if (fits(word)) lines.push(word);
    else return null;
  }
  return lines;
}

/** The text with spaces put into words that are wider than a line. */
function breakWords(text: string, fits: (line: string) => boolean): string {
  return text.split(/\s+/).map((word) => {
    const pieces: string[] = [];
    let piece = "";
    for (const character of word) {
      if (piece !== "" && !fits(piece + character)) {
        pieces.push(piece);
        piece = "";
      }
      piece += character;
    }
    return [...pieces, piece].join(" ");
  }).join(" ");
}
