/**
 * The same network with another pooling, or with another border: its weights are shared, only the list
 * of operations differs.
 *
 * @module
 */
import { cannot, checkOneOf, checkPositive, describe } from "../base/check.ts";
import type { Network } from "./network.ts";
import {
  type Border,
  type Bordering,
  type Convolution,
  type Operation,
  type PoolingKind,
  readsPicture,
} from "./operation.ts";

/** The poolings by name. */
export const POOLINGS: readonly PoolingKind[] = ["max", "average", "l2"];

/** What convolutions see beyond the border, by name; `zeros` is what networks are trained with. */
export const BORDERS = ["zeros", "replicate", "circular"] as const;

/**
 * By what a pooling's result is multiplied, so that the features stay as large as with max pooling and
 * the losses' weights go on fitting. Found for VGG's 2x2 poolings; heuristics elsewhere.
 *
 * Source: K. Crowson, style-transfer-pytorch, `VGGFeatures.pooling_scales`. Differs from Gatys et al.
 * 2016, who average without a factor.
 */
export const POOLING_FACTORS: Readonly<Record<PoolingKind, number>> = {
  max: 1,
  average: 2,
  l2: 0.78,
};

/** Which border, and where. */
export type PaddingOptions = {
  padding: (typeof BORDERS)[number];
  /**
   * `first`: only for the convolution of the picture itself, `all`: for each convolution.
   *
   * @default {"first"}
   */
  where?: "first" | "all";
};

/** What was made of a network, so that engines meet the same object again. */
const made = new WeakMap<Network, Map<string, Network>>();

/**
 * A network with another pooling. `average` takes the mean of a window, for smoother gradients (Gatys
 * et al. 2016, section 2), `l2` the root of the sum of its squares; both times a factor, see
 * {@linkcode POOLING_FACTORS}. In windows that reach beyond the border only what is there counts: of
 * half a window the squares count twice.
 *
 * @param factor on what comes out of a window; 1 as in Gatys et al.
 * @returns a network that shares the weights: `dispose()` of either is that of both
 * @throws {RangeError} for an unknown pooling, a factor that is not positive or on maxima.
 */
export function withPooling(
  network: Network,
  kind: PoolingKind,
  factor: number = POOLING_FACTORS[kind],
): Network {
  const what = "choose a pooling";
  checkOneOf(what, "pooling", kind, POOLINGS);
  checkPositive(what, "poolingFactor", factor);
  if (kind === "max" && factor !== 1) {
    throw new RangeError(cannot(what, "max pooling takes no poolingFactor", describe(factor)));
  }
  return remember(network, `pool ${kind} ${factor}`, (operation) => {
    if (operation.op !== "pool" || operation.kind === kind) return [operation];
    return [{ ...operation, kind, factor }];
  });
}

/**
 * A network whose convolutions see another border than zeros. Zeros are an edge to the network, and
 * show as a frame in the picture; `replicate` repeats the outermost values, `circular` goes on at the
 * far side, for pictures that tile a plane.
 *
 * Source for `replicate` in the first convolution: K. Crowson, style-transfer-pytorch.
 *
 * @returns a network that shares the weights: `dispose()` of either is that of both
 * @throws {RangeError} for an unknown border or place.
 */
export function withPadding(
  network: Network,
  { padding, where = "first" }: PaddingOptions,
): Network {
  checkOneOf("choose a border", "padding", padding, BORDERS);
  checkOneOf("choose a border", "where", where, ["first", "all"]);
  if (padding === "zeros") return network;
  const { graph } = network;
  return remember(network, `${padding} ${where}`, (operation) => {
    if (operation.op !== "conv2d" || operation.padding === "valid") return [operation];
    if (where === "first" && !readsPicture(graph, operation)) return [operation];
    return bordered(network, operation, padding);
  });
}

/** A convolution that sees a border: first the border is put round its input. */
function bordered({ weights }: Network, operation: Convolution, border: Border): Operation[] {
  const [height = 1, width = 1] = weights[operation.filter]!.shape;
  if (height === 1 && width === 1) return [operation];
  const { name, input, strides } = operation;
  const window = [height, width] as const;
  const pad: Bordering = { op: "pad", name: `${name}:${border}`, input, border, window, strides };
  return [pad, { ...operation, input: pad.name, padding: "valid" }];
}

function remember(
  network: Network,
  key: string,
  change: (operation: Operation) => Operation[],
): Network {
  const variants = made.get(network) ?? new Map<string, Network>();
  made.set(network, variants);
  const found = variants.get(key);
  if (found) return found;
  const variant = { ...network, graph: network.graph.flatMap(change) };
  variants.set(key, variant);
  return variant;
}
