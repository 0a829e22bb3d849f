/**
 * Reads a Keras HDF5 file inside a worker. Up to Keras 2: a group per layer, whose attribute
 * `weight_names` lists its datasets. In old files these are `block1_conv1_W_1:0` and `block1_conv1_b_1:0`, in newer ones
 * `block1_conv1/kernel:0` and `block1_conv1/bias:0`; which is which is told by their shapes. Files of
 * whole models keep all that in the group `model_weights`. Keras 3: a group `layers` with a group per
 * layer, named after its kind; its `vars` holds the datasets `0` and `1` and, as an attribute, the
 * layer's own name.
 *
 * The library sees a copy of the file in memory and nothing else: links to other files lead nowhere.
 *
 * @module
 */
import h5wasm, { type Dataset, type Entity, type Group } from "h5wasm";
import { describe } from "../../base/check.ts";
import {
  countingValues,
  type CountValues,
  MAX_UNPACKED_BYTES,
  type Refuse,
  type Tensor,
  type Weights,
} from "./tensors.ts";

/**
 * What the worker sends back: that the library is loaded, and then the weights, or which rule the file
 * broke and what was found.
 */
export type Answer = "ready" | { weights: Weights } | { rule: string; value: string };

/** A model inside a model inside a model is deep. */
const MOST_LEVELS = 8;

class Refusal extends Error {
  constructor(readonly answer: Answer) {
    super("refused");
  }
}

const refuse: Refuse = (rule, value) => {
  throw new Refusal({ rule, value: String(value) });
};

/** The part of a worker's global scope that is used here. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Uint8Array>) => void;
  postMessage(answer: Answer, transfer: Transferable[]): void;
};

scope.onmessage = async ({ data }) => {
  const module = await h5wasm.ready;
  scope.postMessage("ready", []);
  const answer = read(module, data);
  const arrays = typeof answer === "object" && "weights" in answer
    ? Object.values(answer.weights)
    : [];
  scope.postMessage(answer, arrays.map(({ data }) => data.buffer as ArrayBuffer));
};

function read(module: Awaited<typeof h5wasm.ready>, bytes: Uint8Array): Answer {
  module.activate_throwing_error_handler(); // else the library prints its errors
  limitMemory();
  module.FS.writeFile("/weights.h5", bytes, { canOwn: true } as object);
  try {
    return { weights: readLayers(new h5wasm.File("/weights.h5", "r")) };
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    return { rule: "it must be a whole HDF5 file", value: innermost((error as Error).message) };
  }
}

/** Lets the library have only so much memory: compressed data can inflate to anything. */
function limitMemory(): void {
  const memory = WebAssembly.Memory.prototype;
  const { grow } = memory;
  memory.grow = function (this: WebAssembly.Memory, pages: number) {
    if (this.buffer.byteLength + pages * 65536 <= MAX_UNPACKED_BYTES) return grow.call(this, pages);
    throw new RangeError("out of memory"); // which the library takes for a failed allocation
  };
}

function readLayers(file: Group): Weights {
  const count = countingValues(refuse);
  const layers = file.get("layers") ?? file.get("_layer_checkpoint_dependencies");
  if (isGroup(layers)) return Object.fromEntries(readKeras3(layers, count));
  const inside = file.get("model_weights");
  const root = isGroup(inside) ? inside : file;
  const weights: Weights = {};
  for (const layer of strings(root, "layer_names") ?? root.keys()) {
    const group = root.get(layer);
    if (!isGroup(group)) return refuse(`${layer} must be a group`, describe(group));
    const names = strings(group, "weight_names");
    if (!names) return refuse(`${layer} must have the attribute weight_names`, undefined);
    Object.assign(weights, Object.fromEntries(readLayer(layer, group, names, count)));
  }
  return weights;
}

/** The layers of Keras 3 in the order of their kind's numbers: conv2d, conv2d_1, …, conv2d_10. */
function readKeras3(layers: Group, count: CountValues, level = 1): [string, Tensor][] {
  const names = layers.keys().sort(new Intl.Collator("en", { numeric: true }).compare);
  return names.flatMap((name) => {
    const layer = layers.get(name);
    if (!isGroup(layer)) return refuse(`${name} must be a group`, describe(layer));
    const inner = layer.get("layers");
    if (isGroup(inner) && level < MOST_LEVELS) return readKeras3(inner, count, level + 1);
    const variables = layer.get("vars");
    if (!isGroup(variables)) return [];
    const own = Object.hasOwn(variables.attrs, "name") ? variables.attrs.name!.value : undefined;
    return readLayer(typeof own === "string" ? own : name, variables, variables.keys(), count);
  });
}

/** Kernel and bias of a convolution; nothing of a layer that is none. */
function readLayer(
  layer: string,
  group: Group,
  names: string[],
  count: CountValues,
): [string, Tensor][] {
  const datasets = names.map((weight) => {
    const dataset = group.get(weight);
    if (dataset instanceof h5wasm.Dataset) return dataset;
    return refuse(`${layer} must hold a dataset ${weight}`, describe(dataset));
  });
  datasets.sort((a, b) => rank(b) - rank(a));
  const ranks = datasets.map(rank);
  if (ranks.length === 0 || `${ranks}` === "2,1") return []; // no weights, or a dense layer
  if (`${ranks}` !== "4,1") {
    refuse(`${layer} must have a kernel of rank 4 and a bias of rank 1`, `ranks ${ranks}`);
  }
  return datasets.map((dataset, i) => {
    const name = `${layer}.${["kernel", "bias"][i]}`;
    return [name, readDataset(name, dataset, count)];
  });
}

function readDataset(name: string, dataset: Dataset, count: CountValues): Tensor {
  const shape = dataset.shape!;
  const size = count(name, shape);
  // The library has no half precision: taken as whole numbers, the bits come as they are.
  const half = dataset.dtype === "<e";
  if (half) dataset.metadata.type = 0;
  else if (!["<f", ">f", "<d", ">d"].includes(String(dataset.dtype))) {
    refuse(`${name} must hold floating-point numbers`, JSON.stringify(dataset.dtype));
  }
  const values = dataset.value as Float32Array | Float64Array | Uint16Array;
  if (values.length !== size) {
    refuse(`${name} [${shape}] must have ${size} values`, values.length);
  }
  const data = half
    ? new Float32Array(new Float16Array(new Uint16Array(values).buffer))
    : new Float32Array(values);
  return { shape: [...shape], data };
}

function rank({ shape }: Dataset): number {
  return shape?.length ?? 0;
}

function isGroup(entity: Entity | null): entity is Group {
  return entity instanceof h5wasm.Group;
}

/** An attribute that lists names; an empty list has no type that says so. */
function strings(group: Group, attribute: string): string[] | undefined {
  if (!Object.hasOwn(group.attrs, attribute)) return undefined;
  return Array.from(group.attrs[attribute]!.value as Iterable<unknown>, String);
}

/** The reason at the bottom of HDF5's account of an error, in one line. */
function innermost(message: string): string {
  return message.match(/\(\): ([^\n]*)\n *major[^#]*$/)?.[1] ?? message.split("\n")[0]!;
}
