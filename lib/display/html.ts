/**
 * Outputs that one can play with: HTML that carries its pictures and its few lines of script in itself,
 * and uses no address. They work in a trusted notebook and in exported HTML. Where scripts are stripped (a
 * fresh clone that JupyterLab does not trust, GitHub), what is left is pictures: controls are hidden in
 * the markup, and brought to light by the script alone.
 *
 * The script sits in the `onload` of a picture: that runs wherever scripts do, and needs no name that two
 * outputs of a page could share.
 *
 * @module
 */
import { escapeXml } from "../base/words.ts";
import type { Picture } from "../picture/picture.ts";
import { encodePicture } from "../picture/write.ts";
import { scalePicture } from "./compose.ts";
import { DISPLAY, type Figure, toBase64 } from "./publish.ts";

/** HTML that a notebook shows. */
export type Html = Figure & { readonly html: string };

/** HTML and its text alternative as a figure. */
export function htmlFigure(html: string, text: string): Html {
  return { html, text, [DISPLAY]: () => ({ "text/html": html, "text/plain": text }) };
}

/** The address that holds a picture itself, as JPEG. */
export function jpegAddress(picture: Picture, quality: number): string {
  return `data:image/jpeg;base64,${toBase64(encodePicture(picture, "jpeg", { quality }))}`;
}

/** The address that holds a picture itself, as PNG. */
export function pngAddress(picture: Picture): string {
  return `data:image/png;base64,${toBase64(encodePicture(picture, "png"))}`;
}

/** A picture no wider than `width`; smaller ones stay as they are. */
export function atMost(picture: Picture, width: number): Picture {
  if (picture.width <= width) return picture;
  const height = Math.max(1, Math.round(picture.height * width / picture.width));
  return scalePicture(picture, width, height);
}

/** An element with attributes; those that are undefined are left out. */
export function element(
  tag: string,
  attributes: Record<string, string | number | true | undefined>,
  ...content: string[]
): string {
  const written = Object.entries(attributes).filter(([, value]) => value !== undefined)
    .map(([name, value]) => value === true ? ` ${name}` : ` ${name}="${escapeXml(String(value))}"`)
    .join("");
  const empty = ["img", "input"].includes(tag);
  return `<${tag}${written}>${empty ? "" : `${content.join("")}</${tag}>`}`;
}

/**
 * A script for the `onload` of a picture, run once, and not before the page is read to its end: a picture may
 * be there before what follows it. It sees `root`, the nearest element of the class, and `find`, which looks
 * for a selector in it.
 */
export function onLoad(root: string, script: string): string {
  const lines = `this.onload = null;
const root = this.closest(".${root}");
const find = (selector) => root.querySelector(selector);
const play = () => {
${script}
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", play);
else play();`;
  return lines.replaceAll(/\s*\n\s*/g, " ");
}

/** Text of the page's own colour and size. */
export const TEXT_STYLE = "font-size: 13px; line-height: 1.4";
