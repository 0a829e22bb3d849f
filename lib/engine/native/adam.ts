/**
 * A step of Adam as one pass over the picture: some numbers of all pictures at a time, so that what is in
 * between stays in the cache. `lib/optimizers/adam.ts` says what is computed, in the same order.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { BACKEND, type NativeBackend } from "./backend.ts";
import { type Model, node } from "./onnx.ts";
import { line } from "./ort_values.ts";

/** So many numbers of each picture at a time. */
const AT_A_TIME = 2 ** 15;
/** What a step reads, and what it makes of that. */
const PICTURES = ["image", "gradient", "first", "second"] as const;
const RESULTS = ["moved", "next first", "next second"] as const;
/** Numbers of the step, always in the same place, which ONNX Runtime knows then. */
const NUMBERS = ["unit", "fade1", "weight1", "fade2", "weight2", "below", "factor"] as const;
const PLACES = NUMBERS.map(() => new Float32Array(1));

/** What a picture is kept within. */
const BOUNDS = { least: line(Float32Array.of(0)), most: line(Float32Array.of(255)) };

type Inputs = Record<typeof PICTURES[number] | "unit" | "ratio", tf.TensorInfo>;
type Attributes = {
  beta1: number;
  beta2: number;
  below: number;
  factor: number;
  clip: boolean;
};

/** Registers the kernel `AdamStep`: from a picture, its gradient and both moments to the next ones. */
export function registerAdamKernel(): void {
  tf.registerKernel({
    kernelName: "AdamStep",
    backendName: BACKEND,
    kernelFunc: ({ inputs, attrs, backend }) =>
      adamStep(backend as NativeBackend, inputs as Inputs, attrs as unknown as Attributes),
  });
}

function adamStep(backend: NativeBackend, inputs: Inputs, attributes: Attributes): tf.TensorInfo[] {
  const { beta1, beta2, below, factor, clip } = attributes;
  const [unit, ratio] = [backend.floats(inputs.unit)[0]!, backend.floats(inputs.ratio)[0]!];
  const fade1 = Math.fround(beta1) * ratio;
  const fade2 = Math.fround(Math.fround(beta2) * ratio) * ratio;
  const values = { unit, fade1, weight1: 1 - beta1, fade2, weight2: 1 - beta2, below, factor };
  NUMBERS.forEach((name, i) => PLACES[i]![0] = values[name]);
  const numbers = Object.fromEntries(NUMBERS.map((name, i) => [name, line(PLACES[i]!)]));
  const given = PICTURES.map((name) => backend.floats(inputs[name]));
  const made = RESULTS.map(() => backend.output(inputs.image.shape));
  const { length } = given[0]!;
  for (let start = 0; start < length; start += AT_A_TIME) {
    const part = (all: Float32Array) => line(all.subarray(start, start + AT_A_TIME));
    const pictures = Object.fromEntries(PICTURES.map((name, i) => [name, part(given[i]!)]));
    const results = Object.fromEntries(RESULTS.map((name, i) => [name, part(made[i]!.values)]));
    const feeds = { ...pictures, ...numbers, ...clip ? BOUNDS : {} };
    backend.operations.run(`Adam's step ${clip}`, () => model(clip), feeds, results);
  }
  return made.map(({ info }) => info);
}

function model(clip: boolean): Model {
  const within = [
    node("Max", ["free", "least"], "lifted"),
    node("Min", ["lifted", "most"], "moved"),
  ];
  const names = [...PICTURES, ...NUMBERS, ...clip ? Object.keys(BOUNDS) : []];
  return {
    nodes: [
      node("Div", ["gradient", "unit"], "g"),
      node("Mul", ["first", "fade1"], "kept first"),
      node("Mul", ["g", "weight1"], "share of first"),
      node("Add", ["kept first", "share of first"], "next first"),
      node("Mul", ["g", "g"], "square"),
      node("Mul", ["second", "fade2"], "kept second"),
      node("Mul", ["square", "weight2"], "share of second"),
      node("Add", ["kept second", "share of second"], "next second"),
      node("Sqrt", ["next second"], "root"),
      node("Add", ["root", "below"], "divisor"),
      node("Div", ["next first", "divisor"], "quotient"),
      node("Mul", ["quotient", "factor"], "change"),
      node("Sub", ["image", "change"], clip ? "free" : "moved"),
      ...clip ? within : [],
    ],
    inputs: Object.fromEntries(names.map((name) => [name, 1])),
    outputs: Object.fromEntries(RESULTS.map((name) => [name, 1])),
  };
}
