/**
 * Brings the tensors of a file into the names and the layout of a network. Programs agree on neither:
 *
 *     block1_conv1.kernel   Keras, and this library   [height, width, in, out]   BGR, mean subtracted
 *     conv1_1.kernel        Caffe                     the same, once read        the same
 *     conv1_1_W             Frossard's vgg16.npz      [height, width, in, out]   RGB, mean subtracted
 *     features.0.weight     PyTorch                   [out, in, height, width]   see below
 *     conv2d_1.kernel       Keras, unnamed layers     [height, width, in, out]   BGR, mean subtracted
 *
 * PyTorch's names stand for two kinds of pictures. torchvision's networks are trained on RGB in 0–1,
 * less a mean and divided by a deviation; those of neural-style-pt are Caffe's, with another layout.
 * The division and the order of the channels are folded into the first convolution, so that a network
 * always sees 0–255 less its own mean.
 *
 * @module
 */
import type { Architecture, Preprocessing } from "../architecture.ts";
import { fromOutFirst, type Tensor, type Weights } from "./tensors.ts";

/** How pictures enter the networks of a program. */
export type PictureKind = "caffe" | "torchvision";

/** Names of files whose pictures are Caffe's in spite of PyTorch's names. */
const CAFFE_FILES = /vgg16-00b39a1b|vgg19-d01eb7cb/;

/** torchvision's mean and deviation of red, green and blue, on the scale 0–1. */
const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;

/** A tensor beside the weights: another mean `[3]`, red, green and blue on the scale 0–255. */
const MEAN_TENSOR = "picture.mean";

/** What belongs together in a network. */
export type Fitted = { weights: Weights; preprocessing: Preprocessing };

type Convolution = Extract<Architecture["graph"][number], { op: "conv2d" }>;
type Found = { filter: string; kernel: Tensor; bias: Tensor | undefined };
type Kind = {
  /** Matches the name of a kernel; what is in brackets orders them. */
  pattern: RegExp;
  bias: (kernel: string) => string;
  outFirst?: boolean;
  pictures: (file: string) => PictureKind | "rgb";
};

const KINDS: Kind[] = [
  {
    pattern: /^conv(\d+)_(\d+)\.kernel$/,
    bias: (kernel) => kernel.replace(/kernel$/, "bias"),
    pictures: () => "caffe",
  },
  {
    pattern: /^conv(\d+)_(\d+)_W$/,
    bias: (kernel) => kernel.replace(/W$/, "b"),
    pictures: () => "rgb",
  },
  {
    pattern: /^(?:\w+\.)*(\d+)\.weight$/,
    bias: (kernel) => kernel.replace(/weight$/, "bias"),
    outFirst: true,
    pictures: (file) => CAFFE_FILES.test(file) ? "caffe" : "torchvision",
  },
  {
    pattern: /^conv2d(?:_(\d+))?\.kernel$/,
    bias: (kernel) => kernel.replace(/kernel$/, "bias"),
    pictures: () => "caffe",
  },
];

/**
 * The weights of a file by the names of an architecture; what it has no name for is left out.
 *
 * @param file its name, for what the content does not tell
 * @param pictures how pictures enter, if the file's names leave that open
 * @throws {Error} when the file has further convolutions, or normalises between them: then it belongs
 * to another network.
 */
export function fitNames(
  architecture: Architecture,
  found: Weights,
  file: string,
  pictures?: PictureKind,
): Fitted {
  const { name, graph, preprocessing } = architecture;
  const convolutions = convolutionsOf(graph);
  const tensors = plainNames(found);
  const own = convolutions.some(({ filter }) => Object.hasOwn(tensors, filter));
  const chain = graph.every(({ op }) => op !== "concat");
  const kind = own || !chain
    ? undefined
    : KINDS.find(({ pattern }) =>
      Object.entries(tensors).some(([name, { shape }]) => shape.length === 4 && pattern.test(name))
    );
  if (!kind) {
    const weights = pick(convolutions, tensors);
    const further = Object.keys(tensors).find((tensor) =>
      tensor.endsWith(".kernel") && !Object.hasOwn(weights, tensor)
    );
    if (further) refuseFurther(name, further);
    const mean = tensors[MEAN_TENSOR]?.data;
    return {
      weights,
      preprocessing: mean ? { ...preprocessing, mean: three(mean) } : preprocessing,
    };
  }
  const list = inOrder(kind, tensors);
  const beyond = list[convolutions.length];
  if (beyond) refuseFurther(name, beyond.filter);
  if (kind.outFirst) checkPlaces(architecture, list);
  const weights: Weights = {};
  convolutions.forEach(({ filter, bias }, i) => {
    const from = list[i];
    if (!from) return;
    weights[filter] = kind.outFirst ? fromOutFirst(from.kernel) : from.kernel;
    if (from.bias) weights[bias] = from.bias;
  });
  const picture = pictures ?? kind.pictures(file);
  const [first] = convolutions;
  const kernel = first && weights[first.filter];
  if (picture === "caffe" || !kernel) return { weights, preprocessing };
  const divisors = DEVIATION.map((deviation) => picture === "rgb" ? 1 : 255 * deviation);
  weights[first.filter] = fromRgb(kernel, divisors, preprocessing.channelOrder);
  const mean = picture === "rgb" ? preprocessing.mean : three(MEAN.map((value) => 255 * value));
  return { weights, preprocessing: { ...preprocessing, mean } };
}

/** The weights of a network with what must be kept beside them in a file. */
export function withMean(fitted: Fitted, { preprocessing }: Architecture): Weights {
  const { mean } = fitted.preprocessing;
  if (mean.every((value, i) => value === preprocessing.mean[i])) return fitted.weights;
  return { ...fitted.weights, [MEAN_TENSOR]: { shape: [3], data: Float32Array.from(mean) } };
}

/** Keras' names of variables, `block1_conv1/kernel:0`, with a dot. */
function plainNames(tensors: Weights): Weights {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name.replace(/\/(kernel|bias)(:0)?$/, ".$1"),
      tensor,
    ]),
  );
}

function pick(convolutions: readonly Convolution[], tensors: Weights): Weights {
  const names = convolutions.flatMap(({ filter, bias }) => [filter, bias]);
  return Object.fromEntries(
    names.flatMap((name) => Object.hasOwn(tensors, name) ? [[name, tensors[name]!]] : []),
  );
}

function refuseFurther(network: string, further: string): never {
  throw new Error(`Cannot build ${network} as it has no ${further}: the file is another network's`);
}

/** The convolutions of a kind, in the order of their numbers. */
function inOrder({ pattern, bias }: Kind, tensors: Weights): Found[] {
  const place = (name: string) => {
    const [, ...numbers] = pattern.exec(name) ?? [];
    return numbers.reduce((sum, number) => 1000 * sum + Number(number ?? 0), 0);
  };
  return Object.entries(tensors)
    .filter(([name, { shape }]) => shape.length === 4 && pattern.test(name))
    .map(([filter, kernel]) => ({ filter, kernel, bias: tensors[bias(filter)] }))
    .sort((a, b) => place(a.filter) - place(b.filter));
}

/** The convolutions of a network, each once: the last where one stands there before its ReLU, too. */
function convolutionsOf(graph: Architecture["graph"]): Convolution[] {
  const all = graph.flatMap((step) => step.op === "conv2d" ? [step] : []);
  return [...new Map(all.map((step) => [step.filter, step])).values()];
}

/**
 * PyTorch numbers all modules: a convolution, its ReLU, a pooling. Other numbers mean that something
 * else stands between them, such as batch normalisation.
 */
function checkPlaces({ name, graph }: Architecture, list: readonly Found[]): void {
  let place = 0;
  const once = convolutionsOf(graph);
  const steps = graph.filter((step) => step.op !== "conv2d" || once.includes(step));
  const places = steps.flatMap((step) => {
    const here = place;
    place += step.op === "conv2d" && step.relu ? 2 : 1;
    return step.op === "conv2d" ? [here] : [];
  });
  const found = list.map(({ filter }) => Number(/(\d+)\.weight$/.exec(filter)?.[1]));
  const first = found.findIndex((number, i) => number !== places[i]);
  if (first < 0) return;
  throw new Error(
    `Cannot build ${name} as its convolutions must be numbered ${places.join(", ")} in a file of ` +
      `PyTorch: current value is ${
        found.join(", ")
      } (with batch normalisation they are; take the ` +
      `file without)`,
  );
}

/** A first kernel for red, green and blue, each divided, as one for the network's channel order. */
function fromRgb({ shape, data }: Tensor, divisors: readonly number[], order: string): Tensor {
  const outputs = shape[3] ?? 1;
  const turned = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / outputs) % 3;
    const target = order === "BGR" ? 2 - channel : channel;
    turned[i + (target - channel) * outputs] = data[i]! / divisors[channel]!;
  }
  return { shape, data: turned };
}

function three([red = 0, green = 0, blue = 0]: ArrayLike<number> & Iterable<number>) {
  return [red, green, blue] as const;
}
