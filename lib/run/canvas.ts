/**
 * The size of the mixed image. A seamless one has sides that the network's deepest layer divides evenly, so
 * that every pooling goes on across the border as it does inside.
 *
 * @module
 */
import { layersLike, layerStride } from "../network/architecture.ts";
import type { Architecture } from "../network/architecture.ts";
import { sizeOf } from "../picture/resize.ts";
import type { StylizeOptions } from "./options.ts";

type Size = { width: number; height: number };

/** How many pixels a position of the deepest layer of content and style stands for, along a side. */
export function greatestStride(
  architecture: Architecture,
  { content, style }: Pick<StylizeOptions, "content" | "style">,
): number {
  const named = [...content?.layers ?? [], ...style?.layers ?? []];
  const layers = layersLike(
    architecture,
    style?.layers ? named : [...named, ...architecture.layers],
  );
  return Math.max(1, ...layers.map((layer) => layerStride(architecture, layer)));
}

/** By what the sides of the mixed image are divided without a rest: 1, if it need not tile. */
export function multipleOf(architecture: Architecture, options: StylizeOptions): number {
  return options.seamless ? greatestStride(architecture, options) : 1;
}

/** The size of a picture with this longer side, its sides rounded to multiples (at least one). */
export function canvasSize(like: Size, size: number | undefined, multiple = 1): Size {
  const exact = size === undefined ? like : sizeOf(like, { maxSize: size });
  const round = (side: number) => Math.max(1, Math.round(side / multiple)) * multiple;
  return { width: round(exact.width), height: round(exact.height) };
}
