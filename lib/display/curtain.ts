/**
 * Pictures to compare: one behind the other under an edge that can be moved, or side by side under one
 * magnifying glass.
 *
 * @module
 */
import { cannot, checkInRange, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { escapeXml } from "../base/words.ts";
import { checkPicture, type Picture } from "../picture/picture.ts";
import { resizePicture } from "../picture/resize.ts";
import { atMost, element, type Html, htmlFigure, jpegAddress, onLoad, TEXT_STYLE } from "./html.ts";

/** How {@link curtain} shows two pictures. */
export type CurtainOptions = {
  /** Width in pixels. @default the second picture's, at most 640 */
  width?: number;
  /** 1–100, of the JPEG pictures. @default {85} */
  quality?: number;
  /** What the two are called. @default {["before", "after"]} */
  names?: readonly [string, string];
};

const CURTAIN_SCRIPT = `
const stage = find(".stage");
const front = find(".front");
const slider = find("input");
const set = (part) => {
  front.style.width = Math.min(100, Math.max(0, 100 * part)) + "%";
  slider.value = 100 * part;
};
const drag = (event) => {
  const box = stage.getBoundingClientRect();
  if (event.buttons) set((event.clientX - box.left) / box.width);
};
front.style.resize = "none";
stage.style.touchAction = "none";
stage.style.cursor = "ew-resize";
stage.addEventListener("pointerdown", drag);
stage.addEventListener("pointermove", drag);
stage.addEventListener("dragstart", (event) => event.preventDefault());
slider.addEventListener("input", () => set(slider.value / 100));
slider.hidden = false;`;

/**
 * Before and after: the first picture lies on the second one up to an edge that can be moved. Without
 * scripts the edge has a handle in its lower corner.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { curtain } from "stylebook";
 *
 * const grey = (level: number) => ({ width: 4, height: 4, data: new Float32Array(48).fill(level) });
 * assertStringIncludes(curtain(grey(50), grey(200)).html, "resize: horizontal");
 * ```
 */
export function curtain(
  before: Picture,
  after: Picture,
  options: CurtainOptions = {},
): Html {
  const what = "draw a curtain";
  checkOptions(what, options, ["width", "quality", "names"]);
  checkPicture(what, before);
  checkPicture(what, after);
  const { quality = 85, names = ["before", "after"] } = options;
  const { width = Math.min(640, Math.max(256, after.width)) } = options;
  checkPositiveInteger(what, "width", width);
  checkInRange(what, "quality", quality, 1, 100);
  const behind = atMost(after, width);
  const fitted = resizePicture(before, { width: behind.width, height: behind.height });
  const image = (picture: Picture, name: string, onload?: string) =>
    element("img", {
      src: jpegAddress(picture, quality),
      width,
      alt: name,
      style: `display: block; width: ${width}px; max-width: none; margin: 0`,
      onload,
    });
  const front = "position: absolute; left: 0; top: 0; bottom: 0; width: 50%; max-width: 100%; " +
    "overflow: hidden; resize: horizontal; border-right: 2px solid #ffffff";
  const html = element(
    "div",
    { class: "stylebook-curtain", style: `width: ${width}px; ${TEXT_STYLE}` },
    element(
      "div",
      { class: "stage", style: `position: relative; width: ${width}px; overflow: hidden` },
      image(behind, names[1], onLoad("stylebook-curtain", CURTAIN_SCRIPT)),
      element("div", { class: "front", style: front }, image(fitted, names[0])),
    ),
    element("input", {
      type: "range",
      min: 0,
      max: 100,
      value: 50,
      hidden: true,
      style: "width: 100%; margin: 6px 0 0",
      "aria-label": `${names[0]} or ${names[1]}`,
    }),
    element("div", {}, escapeXml(`left of the edge ${names[0]}, right of it ${names[1]}`)),
  );
  return htmlFigure(html, `${names[0]} and ${names[1]}, ${behind.width}×${behind.height}`);
}

/** How {@link zoom} shows pictures. */
export type ZoomOptions = {
  /** Width of each picture in pixels. @default what fits in 900, at most 320 */
  width?: number;
  /** How much a click enlarges. @default {4} */
  factor?: number;
  /** 1–100, of the JPEG pictures. @default {85} */
  quality?: number;
};

const ZOOM_SCRIPT = `
const images = [...root.querySelectorAll("img")];
let zoomed = false;
const draw = (event) => {
  const box = event.target.closest(".pane").getBoundingClientRect();
  const x = 100 * (event.clientX - box.left) / box.width;
  const y = 100 * (event.clientY - box.top) / box.height;
  for (const image of images) {
    image.style.transformOrigin = x + "% " + y + "%";
    image.style.transform = zoomed ? "scale(" + root.dataset.factor + ")" : "none";
  }
};
for (const pane of root.querySelectorAll(".pane")) {
  pane.style.cursor = "zoom-in";
  pane.addEventListener("click", (event) => { zoomed = !zoomed; draw(event); });
  pane.addEventListener("pointermove", (event) => { if (zoomed) draw(event); });
}
find(".hint").hidden = false;`;

/**
 * Pictures side by side; a click enlarges all of them at the same place, and moving the pointer moves
 * them together. Without scripts they just stand there.
 *
 * @throws {RangeError} if there is no picture.
 */
export function zoom(pictures: Record<string, Picture>, options: ZoomOptions = {}): Html {
  const what = "zoom into pictures";
  checkOptions(what, options, ["width", "factor", "quality"]);
  const entries = Object.entries(pictures);
  if (entries.length === 0) throw new RangeError(cannot(what, "there must be some", "none"));
  const { factor = 4, quality = 85 } = options;
  const { width = Math.min(320, Math.floor(900 / entries.length) - 12) } = options;
  checkPositiveInteger(what, "width", width);
  checkInRange(what, "factor", factor, 1, 32);
  checkInRange(what, "quality", quality, 1, 100);
  const panes = entries.map(([name, picture], i) => {
    checkPicture(what, picture);
    const image = element("img", {
      src: jpegAddress(atMost(picture, width * factor), quality),
      width,
      alt: name,
      style: `display: block; width: ${width}px; max-width: none; margin: 0`,
      onload: i === 0 ? onLoad("stylebook-zoom", ZOOM_SCRIPT) : undefined,
    });
    return element(
      "div",
      { style: `width: ${width}px` },
      element("div", { class: "pane", style: "overflow: hidden" }, image),
      element("div", { style: "text-align: center" }, escapeXml(name)),
    );
  });
  const html = element(
    "div",
    { class: "stylebook-zoom", "data-factor": factor, style: TEXT_STYLE },
    element("div", { style: "display: flex; flex-wrap: wrap; gap: 12px" }, ...panes),
    element(
      "div",
      { class: "hint", hidden: true },
      "Click to enlarge all, click again to go back.",
    ),
  );
  const sizes = entries.map(([name, { width, height }]) => `${name} ${width}×${height}`);
  return htmlFigure(html, sizes.join(" · "));
}
