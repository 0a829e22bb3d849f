/**
 * How much memory a run will take at its peak, from the sizes of what is alive then: features, gradients,
 * targets, pictures, filters. A sum with a few measured factors, for the engine `native`; `cpu` takes more.
 *
 * @module
 */
import { layersLike } from "../network/architecture.ts";
import type { Network } from "../network/network.ts";
import { inputsOf, neededSteps, type Operation, shapesOf } from "../network/operation.ts";
import { MOST_IN_MEMORY } from "../network/kept_features.ts";
import { type Tile, tilesOf } from "../network/tiles.ts";
import type { StylizeOptions } from "./options.ts";

/** Width and height in pixels. */
export type Size = { width: number; height: number };

/** What the model adds up, in bytes. */
export type MemoryParts = {
  /** The process, with everything loaded. */
  base: number;
  /** Filters, as the engine keeps them. */
  filters: number;
  /** Features and their gradients, of one window. */
  window: number;
  /** The content's features, which are compared with in every evaluation; many of them are on disk. */
  targets: number;
  /** All that is as large as the picture: the optimizer's memory, the last good picture and others. */
  pictures: number;
};

/** Measured: the process with VGG-16 loaded, and what every size takes. */
const BASE = 400e6;
/** A transformed filter of 3 x 3 numbers has 36. */
const FILTER_BYTES = 16;
/** What is left for the gradient of features that are pooled at once: a byte for each window of 2x2. */
const PLACES = 1 / 16;
/** How many copies of the style layers' features, or gradients of them, are alive: Gram matrices, others. */
const COPIES = { gram: 0, other: 1.5 };
/** So many more in tiles. */
const COPIES_IN_TILES = 1.5;
/** Pictures of 12 bytes a pixel: alive in an iteration, or not yet collected as garbage. */
const PICTURES = 25;
/** Those that the gradient of the denoise loss needs beside them. */
const DENOISE_PICTURES = 8;
/** The steps that L-BFGS remembers unless asked otherwise, with two pictures each. */
const LBFGS_HISTORY = 20;

/** The layers that a run compares, as far as its options say. */
function layersOf(
  network: Network,
  { content, style, losses = [] }: StylizeOptions,
): { content: string[]; style: string[]; all: string[] } {
  const own = losses.flatMap((loss) => "layers" in loss ? loss.layers ?? [] : []);
  const ofContent = content ? content.layers ?? network.layers.slice(4, 5) : [];
  const ofStyle = style ? style.layers ?? network.layers : [];
  const named = { content: layersLike(network, ofContent), style: layersLike(network, ofStyle) };
  // A method brings its own layers, which it does not say: all of them, then.
  const hidden = losses.some((loss) => "bind" in loss) ? network.layers : [];
  return { ...named, all: [...new Set([...named.content, ...named.style, ...own, ...hidden])] };
}

/** The tiles in which the network sees a picture for this run; one if it is seen as a whole. */
export function tilesFor(
  network: Network,
  options: StylizeOptions,
  size: Size,
  tile = Infinity,
): Tile[] {
  return tilesOf(network, layersOf(network, options).all, size, tile);
}

/**
 * What a run at one size takes at its peak, in bytes.
 *
 * @param tile side of the tiles; the picture as a whole if left out
 */
export function memoryParts(
  network: Network,
  options: StylizeOptions,
  size: Size,
  tile?: number,
): MemoryParts {
  const layers = layersOf(network, options);
  const windows = tilesFor(network, options, size, tile);
  const { window } = windows[0]!;
  const inTiles = windows.length > 1;
  const shapes = shapesOf(network, [window.height, window.width]);
  const whole = shapesOf(network, [size.height, size.width]);
  const bytes = (names: Iterable<string>, of = shapes) =>
    [...names].reduce((sum, name) => {
      const { height, width, channels } = of.get(name)!;
      return sum + 4 * height * width * channels;
    }, 0);
  const steps = neededSteps(network.graph, layers.all);
  const saved = steps.filter(({ op }) => op === "conv2d").map((step) => {
    const pooled = !layers.all.includes(step.name) && isPooledAlone(step, steps);
    return (pooled ? PLACES : 1) * bytes([step.name]);
  });
  const measure = options.style?.measure?.name ?? "gram";
  const copies = COPIES[measure.startsWith("gram") ? "gram" : "other"] +
    (inTiles ? COPIES_IN_TILES : 0);
  const compared = layers.style.length > 0 ? layers.style : layers.all;
  const filters = steps.reduce(
    (sum, step) => sum + (step.op === "conv2d" ? sizeOf(network, step.filter) : 0),
    0,
  );
  const targets = bytes(layers.content, whole);
  return {
    base: BASE,
    filters: FILTER_BYTES * filters,
    window: sumOf(saved) + copies * bytes(compared) + bytes(layers.content),
    targets: inTiles && targets > MOST_IN_MEMORY ? 0 : targets,
    pictures: picturesOf(options, inTiles) * 12 * size.width * size.height,
  };
}

function picturesOf(options: StylizeOptions, inTiles: boolean): number {
  const { denoise, optimizer, iterations = 120 } = options;
  const smooth = inTiles && denoise && denoise.weight !== 0 ? DENOISE_PICTURES : 0;
  const steps = typeof iterations === "number" ? iterations : iterations.at(-1) ?? 0;
  const history = optimizer?.name.startsWith("lbfgs") ? 2 * Math.min(LBFGS_HISTORY, steps) : 0;
  return PICTURES + smooth + history;
}

/** Whether only a pooling of windows of 2x2 reads a layer: then the engine `native` does not keep it. */
function isPooledAlone({ name }: Operation, steps: readonly Operation[]): boolean {
  const [reader, ...others] = steps.filter((step) => inputsOf(step).includes(name));
  return reader?.op === "pool" && reader.kind === "max" && reader.size === 2 && others.length === 0;
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, part) => sum + part, 0);

const sizeOf = (network: Network, name: string): number =>
  network.weights[name]!.shape.reduce((product, side) => product * side, 1);

/** The sum of {@linkcode memoryParts}. */
export function peakBytes(...args: Parameters<typeof memoryParts>): number {
  return sumOf(Object.values(memoryParts(...args)));
}
