/**
 * The operations that networks are made of, as plain data that every engine reads, and how a list of
 * them is walked: what an operation reads, and which shape comes out.
 *
 * @module
 */
import type { Weights } from "./weights/read.ts";

/** A convolution, with bias, and ReLU if asked for. */
export type Convolution = {
  op: "conv2d";
  name: string;
  input: string;
  /** Name of the weight `[height, width, in, out]`. */
  filter: string;
  /** Name of the weight `[out]`. */
  bias: string;
  strides: number;
  /** Whether max(0, x) follows. */
  relu: boolean;
  /**
   * `same`: what lies beyond the border is 0; `valid`: only whole windows count.
   *
   * @default {"same"}
   */
  padding?: "same" | "valid";
};

/** What a pooling takes of a window: the largest value, the mean, or the root of the sum of squares. */
export type PoolingKind = "max" | "average" | "l2";

/** A pooling. What lies beyond the border does not count, so that odd rows and columns are kept. */
export type Pooling = {
  op: "pool";
  kind: PoolingKind;
  name: string;
  input: string;
  size: number;
  strides: number;
  /**
   * Factor on the result, not for `max`.
   *
   * @default {1}
   */
  factor?: number;
};

/** What lies beyond the border of an operation's input: nearest values, or those of the far side. */
export type Border = "replicate" | "circular";

/** Puts a border round features, as wide as a window of `same` padding needs it. */
export type Bordering = {
  op: "pad";
  name: string;
  input: string;
  border: Border;
  /** Height and width of the window that is to see the border. */
  window: readonly [number, number];
  /** How that window moves on. */
  strides: number;
};

/** Divides by the sum of squares of neighbouring channels. */
export type Normalization = {
  op: "localResponseNormalization";
  name: string;
  input: string;
  depthRadius: number;
  bias: number;
  alpha: number;
  beta: number;
};

/** Puts features side by side along the channels. */
export type Concatenation = { op: "concat"; name: string; inputs: string[] };

/** One operation of a network. The input called `image` is the preprocessed picture. */
export type Operation = Convolution | Pooling | Bordering | Normalization | Concatenation;

/** Height, width and channels of features. */
export type Shape = { readonly height: number; readonly width: number; readonly channels: number };

/** What an operation reads. */
export function inputsOf(operation: Operation): readonly string[] {
  return operation.op === "concat" ? operation.inputs : [operation.input];
}

/** The operations that must be computed for the wanted layers, in their order. */
export function neededSteps(graph: readonly Operation[], wanted: readonly string[]): Operation[] {
  const needed = new Set(wanted);
  const steps: Operation[] = [];
  for (const operation of [...graph].reverse()) {
    if (!needed.has(operation.name)) continue;
    for (const input of inputsOf(operation)) needed.add(input);
    steps.unshift(operation);
  }
  return steps;
}

/** By how much an operation makes the sides of its input smaller. */
export function stepOf(operation: Operation): number {
  return operation.op === "conv2d" || operation.op === "pool" ? operation.strides : 1;
}

/** How many rows or columns of `same` padding there are before and after a side. */
export function samePadding(length: number, size: number, strides: number): [number, number] {
  const missing = Math.max(0, (Math.ceil(length / strides) - 1) * strides + size - length);
  const before = Math.floor(missing / 2);
  return [before, missing - before];
}

/**
 * The shapes of all features of a picture `[height, width]`, by operation, `image` among them: without
 * computing any. Poolings keep odd rows and columns.
 */
export function shapesOf(
  { graph, weights }: { graph: readonly Operation[]; weights: Weights },
  [height, width]: readonly [number, number],
): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>([["image", { height, width, channels: 3 }]]);
  for (const operation of graph) {
    const inputs = inputsOf(operation).map((input) => shapes.get(input)!);
    shapes.set(operation.name, shapeOf(operation, inputs, weights));
  }
  return shapes;
}

function shapeOf(operation: Operation, inputs: readonly Shape[], weights: Weights): Shape {
  const { height, width, channels } = inputs[0]!;
  switch (operation.op) {
    case "concat":
      return { height, width, channels: inputs.reduce((sum, input) => sum + input.channels, 0) };
    case "pad": {
      const { window: [down, across], strides } = operation;
      const more = (length: number, size: number) =>
        samePadding(length, size, strides).reduce((sum, n) => sum + n, length);
      return { height: more(height, down), width: more(width, across), channels };
    }
    case "conv2d": {
      const [down, across, , out] = weights[operation.filter]!.shape as [number, number, 0, number];
      const lost = operation.padding === "valid"
        ? [down - 1, across - 1] as const
        : [0, 0] as const;
      const left = (length: number) => Math.ceil(length / operation.strides);
      return { height: left(height - lost[0]), width: left(width - lost[1]), channels: out };
    }
    default: {
      const left = (length: number) => Math.ceil(length / stepOf(operation));
      return { height: left(height), width: left(width), channels };
    }
  }
}

/** Whether an operation reads the picture, as it is or with a border round it. */
export function readsPicture(graph: readonly Operation[], operation: Operation): boolean {
  return inputsOf(operation).some((input) => {
    if (input === "image") return true;
    const before = graph.find(({ name }) => name === input);
    return before?.op === "pad" && before.input === "image";
  });
}

/** Where the values come from that stand along a side with a border: places in the side without. */
export function borderPlaces(
  length: number,
  size: number,
  { border, strides }: Pick<Bordering, "border" | "strides">,
): number[] {
  const [before, after] = samePadding(length, size, strides);
  return Array.from({ length: before + length + after }, (_, i) => {
    const place = i - before;
    if (border === "circular") return ((place % length) + length) % length;
    return Math.min(length - 1, Math.max(0, place));
  });
}
