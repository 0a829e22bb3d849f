/**
 * Networks of seeded random filters, one for each thing that a layer can be, for the tests of the
 * native engine.
 *
 * @module
 */
import { createNetwork, type Network, type Operation } from "../../lib/network/network.ts";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";

/** Builds a network of seeded random filters round a list of layers; `filters` are their shapes. */
export function networkOf(
  graph: Operation[],
  filters: Record<string, number[]>,
): Network {
  const random = seededRandom(3);
  const weights: Network["weights"] = {};
  for (const [name, shape] of Object.entries(filters)) {
    const [height, width, input, output] = shape as [number, number, number, number];
    const limit = Math.sqrt(3 / (height * width * input));
    const size = height * width * input * output;
    weights[name] = { shape, data: uniformNoise(size, -limit, limit, random) };
    weights[`${name} bias`] = { shape: [output], data: uniformNoise(output, -1, 1, random) };
  }
  const layers = graph.map((layer) => layer.name);
  const preprocessing = { channelOrder: "BGR", mean: [120, 110, 100] } as const;
  return createNetwork({ name: "test network", graph, layers, preprocessing }, weights);
}

/** A convolution with the filter and bias of its own name. */
export const convolution = (name: string, input: string, strides = 1, relu = true): Operation => (
  { op: "conv2d", name, input, filter: name, bias: `${name} bias`, strides, relu }
);
/** Max pooling with square windows. */
export const maxPool = (name: string, input: string, size: number, strides: number): Operation => (
  { op: "pool", kind: "max", name, input, size, strides }
);
const normalization = (name: string, input: string): Operation => (
  {
    op: "localResponseNormalization",
    name,
    input,
    depthRadius: 2,
    bias: 1,
    alpha: 1e-3,
    beta: 0.75,
  }
);

/**
 * A network for each thing that a layer can be. Channel counts fill whole blocks (32, 16) or parts of
 * them (12, 20), or are fewer than the picture's.
 */
export const NETWORKS: Record<string, () => Network> = {
  "3x3 convolutions in whole blocks": () =>
    networkOf([convolution("a", "image"), convolution("b", "a")], {
      a: [3, 3, 3, 32],
      b: [3, 3, 32, 16],
    }),
  "3x3 convolutions that do not fill blocks": () =>
    networkOf([convolution("a", "image"), convolution("b", "a", 1, false), convolution("c", "b")], {
      a: [3, 3, 3, 12],
      b: [3, 3, 12, 20],
      c: [3, 3, 20, 2],
    }),
  "strides of 2": () =>
    networkOf([convolution("a", "image", 2), convolution("b", "a", 2, false)], {
      a: [7, 7, 3, 16],
      b: [3, 3, 16, 20],
    }),
  "filters with unequal sides": () =>
    networkOf([convolution("a", "image"), convolution("b", "a", 2), convolution("c", "a")], {
      a: [3, 5, 3, 16],
      b: [1, 2, 16, 16],
      c: [5, 1, 16, 16],
    }),
  "2x2 pooling": () =>
    networkOf([convolution("a", "image"), maxPool("p", "a", 2, 2), convolution("b", "p")], {
      a: [3, 3, 3, 16],
      b: [3, 3, 16, 16],
    }),
  "convolutions that are pooled at once": () =>
    networkOf([
      convolution("a", "image"),
      convolution("b", "a"),
      maxPool("p", "b", 2, 2),
      convolution("c", "p"),
    ], { a: [3, 3, 3, 16], b: [3, 3, 16, 32], c: [3, 3, 32, 16] }),
  "a layer that several others read": () =>
    networkOf([
      convolution("a", "image"),
      convolution("b", "a"),
      maxPool("p", "a", 2, 2),
      convolution("c", "a"),
    ], { a: [3, 3, 3, 16], b: [3, 3, 16, 16], c: [3, 3, 16, 32] }),
  "pooling of negative values": () =>
    networkOf([convolution("a", "image", 1, false), maxPool("p", "a", 2, 2)], { a: [1, 1, 3, 16] }),
  "3x3 pooling with strides of 2 and 1": () =>
    networkOf([convolution("a", "image"), maxPool("p", "a", 3, 2), maxPool("q", "p", 3, 1)], {
      a: [1, 1, 3, 20],
    }),
  "local response normalisation": () =>
    networkOf([convolution("a", "image"), normalization("n", "a"), convolution("b", "n")], {
      a: [3, 3, 3, 20],
      b: [3, 3, 20, 16],
    }),
  "branches and concatenation": () =>
    networkOf([
      convolution("a", "image"),
      convolution("b", "a"),
      maxPool("p", "a", 3, 1),
      convolution("c", "p"),
      { op: "concat", name: "ab", inputs: ["b", "c"] },
      convolution("d", "ab"),
      { op: "concat", name: "abcd", inputs: ["c", "d", "b"] },
      convolution("e", "abcd"),
    ], {
      a: [3, 3, 3, 16],
      b: [1, 1, 16, 32],
      c: [1, 1, 16, 12],
      d: [3, 3, 44, 16],
      e: [1, 1, 60, 16],
    }),
};
