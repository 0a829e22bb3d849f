/**
 * Large pictures tile by tile. Each tile *owns* a rectangle of positions at every layer, and the network
 * sees a window around it that is wide enough for what it owns to be right: the features of all tiles
 * together are those of the whole picture, in the memory of one window.
 *
 * The margin is how far a position of the deepest layer sees beyond what it stands for: half of each
 * convolution's side, times the strides before it; 58 pixels for `relu5_1` of VGG-16. Tiles begin at
 * multiples of the strides, so that poolings fall into step; at the picture's own border the window ends
 * there, so that odd sides come out right.
 *
 * Source for tiling exactly: Galerne, Raad, Lezama, Morel 2024, Scaling painting style transfer
 * (arXiv 2212.13459). Differs from it: the gradient of the whole window is kept, see `loss/tiled.ts`, so that
 * the margin need cover the forward pass alone.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cannot } from "../base/check.ts";
import { type Architecture, layerStride } from "./architecture.ts";
import type { Features, See } from "./features.ts";
import type { Network } from "./network.ts";
import { inputsOf, type Operation } from "./operation.ts";

/** A part of a picture or layer: rows from `top`, columns from `left`. */
export type Rectangle = { top: number; left: number; height: number; width: number };

/** A tile of a picture, in pixels. */
export type Tile = {
  index: number;
  /** What the network is shown. */
  window: Rectangle;
  /** What the tile stands for; those of all tiles make up the picture. */
  owned: Rectangle;
};

/** Where features lie in the whole picture. */
export type Place = {
  /** Of the tile, from 0. */
  index: number;
  /** The rectangle of a layer's positions that they cover. */
  of(layer: string): Rectangle;
};

/**
 * How many pixels a window must reach beyond what it owns, for the features of some layers to be those of
 * the whole picture: a multiple of the greatest stride.
 */
export function marginOf(network: Network, layers: readonly string[]): number {
  const needed = new Set(layers);
  let margin = 0;
  const reach: Record<string, number> = { image: 0 };
  for (const step of network.graph) {
    const inputs = inputsOf(step);
    const before = Math.max(...inputs.map((input) => reach[input] ?? 0));
    reach[step.name] = before + reachOf(network, step, inputs[0]!);
    if (needed.has(step.name)) margin = Math.max(margin, reach[step.name]!);
  }
  const stride = greatestStride(network, layers);
  return Math.ceil(margin / stride) * stride;
}

/** How far one operation looks beyond its own positions, in pixels of the picture. */
function reachOf(network: Network, step: Operation, input: string): number {
  const stride = input === "image" ? 1 : layerStride(network, input);
  // A pooling whose windows do not overlap stays within what is owned.
  if (step.op === "pool") return (step.size - step.strides) * stride;
  if (step.op !== "conv2d") return 0;
  const [height = 1, width = 1] = network.weights[step.filter]!.shape;
  return Math.ceil((Math.max(height, width) - 1) / 2) * stride;
}

function greatestStride(architecture: Architecture, layers: readonly string[]): number {
  return Math.max(1, ...layers.map((layer) => layerStride(architecture, layer)));
}

/**
 * Cuts a picture into tiles. All windows have the same size: what one window needed serves the next.
 *
 * @param side of what a tile owns, at most about so many pixels; at the picture's border a margin more
 * @throws {RangeError} when there would be several and the border of the network is circular.
 */
export function tilesOf(
  network: Network,
  layers: readonly string[],
  { width, height }: { width: number; height: number },
  side: number,
): Tile[] {
  const stride = greatestStride(network, layers);
  const margin = marginOf(network, layers);
  const window = Math.ceil(side / stride) * stride + 2 * margin;
  const [rows, columns] = [height, width].map((whole) => spansOf(whole, window, margin, stride));
  const circular = network.graph.some((each) => each.op === "pad" && each.border === "circular");
  if (circular && rows!.length * columns!.length > 1) {
    const rule = "a circular border needs the picture as a whole";
    throw new RangeError(cannot("look at tiles", rule, `tiles of ${side} pixels`));
  }
  return rows!.flatMap((y, i) =>
    columns!.map((x, j): Tile => ({
      index: i * columns!.length + j,
      window: { top: y.from, left: x.from, height: y.to - y.from, width: x.to - x.from },
      owned: { top: y.begin, left: x.begin, height: y.end - y.begin, width: x.end - x.begin },
    }))
  );
}

/** Where windows of one row or column lie, and what each owns: up to the middle of what two share. */
function spansOf(whole: number, least: number, margin: number, stride: number) {
  // As long as the last one, which begins at a multiple of the stride and ends with the picture.
  const window = whole > least ? least + (whole - least) % stride : whole;
  if (window === whole) return [{ from: 0, to: whole, begin: 0, end: whole }];
  // Two windows share a margin each, and a stride to round the middle.
  const count = Math.ceil((whole - window) / (window - 2 * margin - stride)) + 1;
  const starts = Array.from(
    { length: count },
    (_, i) => Math.floor(i * (whole - window) / (count - 1) / stride) * stride,
  );
  const borders = starts.slice(1).map((next, i) => {
    const shared = starts[i]! + window - next;
    return next + Math.floor(shared / 2 / stride) * stride;
  });
  return starts.map((from, i) => ({
    from,
    to: from + window,
    begin: borders[i - 1] ?? 0,
    end: borders[i] ?? whole,
  }));
}

/** Where what a tile owns lies in a layer of the whole picture. */
export function placeOf(architecture: Architecture, { index, owned }: Tile): Place {
  return {
    index,
    of(layer) {
      const stride = layerStride(architecture, layer);
      const [top, left] = [owned.top / stride, owned.left / stride];
      return {
        top,
        left,
        height: Math.ceil((owned.top + owned.height) / stride) - top,
        width: Math.ceil((owned.left + owned.width) / stride) - left,
      };
    },
  };
}

/** Where what a tile owns lies in a layer of its window. */
export function ownedWithin(architecture: Architecture, tile: Tile, layer: string): Rectangle {
  const stride = layerStride(architecture, layer);
  const { top, left, height, width } = placeOf(architecture, tile).of(layer);
  const { window } = tile;
  return { top: top - window.top / stride, left: left - window.left / stride, height, width };
}

/** What a tile owns of the features of its window, `[1, height, width, 3]`. */
function seeTile(see: See, image: tf.Tensor4D, layers: readonly string[], tile: Tile): Features {
  const features = see(image, layers);
  return Object.fromEntries(
    layers.map((layer) => [
      layer,
      cut(features[layer]!, ownedWithin(see.architecture, tile, layer)),
    ]),
  );
}

/** A part of a picture or layer in its place of a larger one `[height, width]`, 0 elsewhere. */
export function padTo(
  [height, width]: readonly [number, number],
  part: tf.Tensor4D,
  where: Rectangle,
): tf.Tensor4D {
  const { top, left } = where;
  const [bottom, right] = [height - top - where.height, width - left - where.width];
  return tf.pad(part, [[0, 0], [top, bottom], [left, right], [0, 0]]);
}

/** A part of a picture or layer `[1, H, W, C]`. */
export function cut(image: tf.Tensor4D, { top, left, height, width }: Rectangle): tf.Tensor4D {
  return tf.slice(image, [0, top, left, 0], [1, height, width, -1]);
}

/**
 * Shows a picture to the network, whole or tile by tile, and hands on what is seen.
 *
 * @param tile side of the tiles; whole if left out
 * @param visit called for each tile; its tensors are freed, but for those that it returns or keeps
 */
export function eachTile(
  see: See,
  image: tf.Tensor4D,
  layers: readonly string[],
  tile: number | undefined,
  visit: (features: Features, place: Place) => void,
): void {
  const [, height, width] = image.shape;
  const tiles = tilesOf(see.architecture, layers, { width, height }, tile ?? Infinity);
  for (const each of tiles) {
    tf.tidy(() => {
      const place = placeOf(see.architecture, each);
      if (tiles.length === 1) visit(see(image, layers), place);
      else visit(seeTile(see, cut(image, each.window), layers, each), place);
    });
  }
}

/**
 * The features of a whole picture, computed tile by tile; owned by the caller.
 *
 * @param tile side of the tiles; whole if left out
 */
export function seeInTiles(
  see: See,
  image: tf.Tensor4D,
  layers: readonly string[],
  tile: number | undefined,
): Features {
  if (tile === undefined) return tf.tidy(() => see(image, layers));
  // A row of tiles becomes a strip as soon as it is complete: parts and whole are never all there.
  const found = layers.map((layer) => ({ layer, strips: [] as tf.Tensor4D[], row: [] as Part[] }));
  const close = ({ strips, row }: typeof found[number]) => {
    if (row.length === 0) return;
    strips.push(tf.keep(tf.concat(row.map(({ part }) => part), 2)));
    tf.dispose(row.splice(0).map(({ part }) => part));
  };
  eachTile(see, image, layers, tile, (features, place) => {
    for (const each of found) {
      const { top } = place.of(each.layer);
      if (each.row.some((other) => other.top !== top)) close(each);
      each.row.push({ top, part: tf.keep(features[each.layer]!) });
    }
  });
  return Object.fromEntries(found.map((each) => {
    tf.tidy(() => close(each));
    const whole = tf.concat(each.strips, 1);
    tf.dispose(each.strips);
    return [each.layer, whole];
  }));
}

/** What one tile has of a layer, and its first row. */
type Part = { top: number; part: tf.Tensor4D };
