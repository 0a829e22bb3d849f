/**
 * Complete methods of style transfer, made of terms, a variable and a last step: what a preset cannot say in
 * layers and weights.
 *
 * @module
 */
import { freshNeighborsOf, nearestNeighborsOf } from "../loss/nearest_neighbors.ts";
import { strotssOf } from "../loss/strotss.ts";
import { termPerScale } from "../loss/term.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { onPyramid } from "../optimizers/pyramid.ts";
import { paintColors } from "../picture/color.ts";
import type { Picture } from "../picture/picture.ts";
import type { StylizeOptions } from "./options.ts";

/** The methods by name; `layers` is the ordinary way, with a loss for content and style each. */
export const METHODS = ["layers", "nnst", "strotss"] as const;

/** What a method adds to the options of a run: its terms, its variable, its last step. */
export function optionsOfMethod(
  method: "nnst" | "strotss",
  content: Picture,
  style: Picture,
  optimizer: Optimizer,
): Pick<StylizeOptions, "losses" | "optimizer" | "finish"> {
  if (method === "strotss") {
    return {
      losses: [strotssOf(content, style, { positions: 512 })],
      optimizer: onPyramid(optimizer),
    };
  }
  return {
    losses: [
      termPerScale(
        "nearest neighbors",
        1,
        ({ index, count }) =>
          index < count - 1 ? nearestNeighborsOf(content, style) : freshNeighborsOf(style),
      ),
    ],
    optimizer: onPyramid(optimizer, { levels: 8 }),
    finish: (painted) => paintColors({ painted, content, style }),
  };
}
