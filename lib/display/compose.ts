/**
 * Pictures and text on one canvas, so that a page has to show a single picture only.
 *
 * Text is drawn through SVG on white, then each picture is scaled to its box and copied in. The result
 * is a {@link Picture} like any other: it can be shown, written, or put on a larger canvas.
 *
 * @module
 */
import type { Picture } from "../picture/picture.ts";
import { resizePicture } from "../picture/resize.ts";
import { encodePicture } from "../picture/write.ts";
import { type Bundle, toBase64 } from "./publish.ts";
import { rasterize, svgDocument } from "./svg.ts";

/** A picture and the box on the canvas that it fills, in whole pixels. */
export type Placed = { picture: Picture; x: number; y: number; width: number; height: number };

/** Above this many bytes a picture of the notebook is a JPEG: pages stay small. */
const PNG_LIMIT = 96 * 1024;

/** Draws SVG elements on white, and the pictures on top of them. */
export function compose(width: number, height: number, svg: string, pictures: Placed[]): Picture {
  const pixels = rasterize(svgDocument(width, height, svg)).pixels;
  const data = new Float32Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = pixels[from]!;
    data[to + 1] = pixels[from + 1]!;
    data[to + 2] = pixels[from + 2]!;
  }
  for (const placed of pictures) {
    const scaled = scalePicture(placed.picture, placed.width, placed.height);
    for (let row = 0; row < placed.height; row++) {
      const line = scaled.data.subarray(row * placed.width * 3, (row + 1) * placed.width * 3);
      data.set(line, ((placed.y + row) * width + placed.x) * 3);
    }
  }
  return { width, height, data };
}

/** The largest whole-pixel size with the picture's shape that fits in a box. */
export function fitInto(
  picture: Picture,
  width: number,
  height: number,
): { width: number; height: number } {
  const scale = Math.min(width / picture.width, height / picture.height);
  return {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
}

/**
 * A picture in another size, for the eye only: by Lanczos resampling, but with square pixels from twice
 * its size on, so that a small result looks like what it is.
 */
export function scalePicture(picture: Picture, width: number, height: number): Picture {
  const isLarge = width >= 2 * picture.width && height >= 2 * picture.height;
  return resizePicture(picture, { width, height }, { kernel: isLarge ? "box" : "lanczos" });
}

/** A single picture as it is (a contact sheet is composed already), but no dot and no wall. */
export function legible(picture: Picture, width?: number): Picture {
  const side = Math.max(picture.width, picture.height);
  const target = Math.min(1200, Math.max(256, side));
  const size = fitInto(picture, width ?? target, width === undefined ? target : Infinity);
  return scalePicture(picture, size.width, size.height);
}

/** A picture with a text alternative: PNG while that is small, else JPEG (GitHub and VS Code draw both). */
export function pictureBundle(picture: Picture, text: string, quality = 82): Bundle {
  const png = encodePicture(picture, "png");
  if (png.length <= PNG_LIMIT) return { "image/png": toBase64(png), "text/plain": text };
  return jpegBundle(picture, text, quality);
}

/** A picture with a text alternative as JPEG. */
export function jpegBundle(picture: Picture, text: string, quality: number): Bundle {
  const jpeg = encodePicture(picture, "jpeg", { quality });
  return { "image/jpeg": toBase64(jpeg), "text/plain": text };
}
