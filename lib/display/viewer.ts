/**
 * A large picture to look at closely: it is moved with the pointer and enlarged with the wheel, in a frame
 * that fits the page.
 *
 * @module
 */
import { checkInRange, checkOptions, checkPositiveInteger } from "../base/check.ts";
import { checkPicture, type Picture } from "../picture/picture.ts";
import { atMost, element, type Html, htmlFigure, jpegAddress, onLoad, TEXT_STYLE } from "./html.ts";

/** How {@link viewer} shows a picture. */
export type ViewerOptions = {
  /** Width of the frame in pixels. @default the picture's, at most 640 */
  width?: number;
  /** Width in pixels of the picture within, at most its own. @default {2048} */
  detail?: number;
  /** 1–100, of the JPEG picture. @default {85} */
  quality?: number;
  /** What the picture is called. @default {"picture"} */
  name?: string;
};

const VIEWER_SCRIPT = `
const frame = find(".frame");
const image = find("img");
const slider = find("input");
const most = Number(root.dataset.most);
let scale = 1;
let left = 0;
let top = 0;
const draw = () => {
  const box = frame.getBoundingClientRect();
  left = Math.min(0, Math.max(box.width * (1 - scale), left));
  top = Math.min(0, Math.max(box.height * (1 - scale), top));
  image.style.transform = "translate(" + left + "px, " + top + "px) scale(" + scale + ")";
  slider.value = 100 * Math.log(scale) / Math.log(most);
};
const enlarge = (next, x, y) => {
  const wanted = Math.min(most, Math.max(1, next));
  left = x - (x - left) * wanted / scale;
  top = y - (y - top) * wanted / scale;
  scale = wanted;
  draw();
};
const middle = () => [frame.clientWidth / 2, frame.clientHeight / 2];
image.style.transformOrigin = "0 0";
frame.style.touchAction = "none";
frame.style.cursor = "grab";
frame.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = frame.getBoundingClientRect();
  const factor = Math.exp(-event.deltaY / 400);
  enlarge(scale * factor, event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
frame.addEventListener("pointerdown", (event) => frame.setPointerCapture(event.pointerId));
frame.addEventListener("pointermove", (event) => {
  if (!event.buttons) return;
  left += event.movementX;
  top += event.movementY;
  draw();
});
frame.addEventListener("dblclick", (event) => {
  const box = frame.getBoundingClientRect();
  enlarge(scale > 1 ? 1 : most, event.clientX - box.left, event.clientY - box.top);
});
frame.addEventListener("dragstart", (event) => event.preventDefault());
slider.addEventListener("input", () => enlarge(most ** (slider.value / 100), ...middle()));
find(".controls").hidden = false;`;

/**
 * A picture in a frame: dragged to move it, enlarged with the wheel, the slider or a double click, up to
 * one pixel of its own on each of the page's. Without scripts it is shown as a whole.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { viewer } from "stylebook";
 *
 * const grey = { width: 8, height: 4, data: new Float32Array(96).fill(128) };
 * assertStringIncludes(viewer(grey, { name: "the castle" }).html, 'alt="the castle"');
 * ```
 *
 * @throws {RangeError} for an option that is out of range.
 */
export function viewer(picture: Picture, options: ViewerOptions = {}): Html {
  const what = "view a picture";
  checkOptions(what, options, ["width", "detail", "quality", "name"]);
  checkPicture(what, picture);
  const { detail = 2048, quality = 85, name = "picture" } = options;
  const { width = Math.min(640, Math.max(256, picture.width)) } = options;
  checkPositiveInteger(what, "width", width);
  checkPositiveInteger(what, "detail", detail);
  checkInRange(what, "quality", quality, 1, 100);
  const inside = atMost(picture, detail);
  const most = Math.max(2, inside.width / width);
  const html = element(
    "div",
    {
      class: "stylebook-viewer",
      "data-most": most.toFixed(2),
      style: `width: ${width}px; ${TEXT_STYLE}`,
    },
    element(
      "div",
      { class: "frame", style: `width: ${width}px; overflow: hidden` },
      element("img", {
        src: jpegAddress(inside, quality),
        width,
        alt: name,
        style: `display: block; width: ${width}px; max-width: none; margin: 0`,
        onload: onLoad("stylebook-viewer", VIEWER_SCRIPT),
      }),
    ),
    element(
      "div",
      { class: "controls", hidden: true },
      element("input", {
        type: "range",
        min: 0,
        max: 100,
        value: 0,
        style: "width: 100%; margin: 6px 0 0",
        "aria-label": `enlarge ${name}`,
      }),
      "Drag to move; the wheel, the slider or a double click enlarges.",
    ),
  );
  return htmlFigure(html, `${name}, ${inside.width}×${inside.height}`);
}
