/**
 * WebGPU programs of our own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";

/** What a kernel is called with. */
export type Call = Parameters<tf.KernelFunc>[0];

/** Tensors by their names in a program. */
export type Tensors = Record<string, tf.TensorInfo>;

/** A program with a thread for each number of the result; `body` computes that of `index`. */
class ElementProgram implements WebGPUProgram {
  size = true;
  workgroupSize: [number, number, number] = [64, 1, 1];
  dispatchLayout = { x: [0] };
  dispatch: [number, number, number];
  outputShape: number[];

  constructor(
    elements: number,
    readonly shaderKey: string,
    readonly variableNames: string[],
    readonly body: string,
    readonly uniforms?: string,
  ) {
    this.outputShape = [elements];
    this.dispatch = [Math.ceil(elements / this.workgroupSize[0]), 1, 1];
  }

  getUserCode(): string {
    return `
      fn main(index : i32) {
        if (index < uniforms.size) {
          ${this.body}
        }
      }`;
  }
}

/** How many numbers a tensor has. */
export const sizeOf = ({ shape }: tf.TensorInfo) =>
  shape.reduce((product, side) => product * side, 1);

/**
 * A tensor of numbers, each computed by `body` from those of all inputs and from `numbers`; it has the first
 * input's shape unless another one is given.
 */
export function compute(
  { backend }: Call,
  key: string,
  inputs: Tensors,
  body: string,
  numbers: Record<string, number | undefined> = {},
  shape: number[] = Object.values(inputs)[0]!.shape,
): tf.TensorInfo {
  const names = Object.keys(numbers);
  const uniforms = names.map((name) => `${name} : f32,`).join(" ");
  const program = new ElementProgram(
    tf.util.sizeFromShape(shape),
    key,
    Object.keys(inputs),
    body,
    uniforms || undefined,
  );
  const output = (backend as WebGPUBackend).runWebGPUProgram(
    program,
    flat(inputs),
    "float32",
    floats(numbers),
  );
  return { ...output, shape };
}

/**
 * A tensor of this shape from so many parts of its sums, which lie one behind the other and are given up; with a bias
 * for each of the last axis, and only what is greater than 0 if `relu` is set.
 */
export function sumOfParts(
  call: Call,
  sums: tf.TensorInfo,
  parts: number,
  shape: number[],
  { bias, relu = false }: { bias?: tf.TensorInfo; relu?: boolean } = {},
): tf.TensorInfo {
  const numbers = { parts, numbers: tf.util.sizeFromShape(shape), channels: shape.at(-1) };
  const body = `
          var sum = ${bias ? "bias[index % i32(uniforms.channels)]" : "0.0"};
          for (var part = 0; part < i32(uniforms.parts); part = part + 1) {
            sum = sum + sums[part * i32(uniforms.numbers) + index];
          }
          setOutputAtIndex(index, ${relu ? "max(sum, 0.0)" : "sum"});`;
  const inputs = { sums, ...(bias && { bias }) };
  const sum = compute(call, `sumOfParts ${relu}`, inputs, body, numbers, shape);
  (call.backend as WebGPUBackend).disposeData(sums.dataId);
  return sum;
}

/** Inputs as a program of ours reads them: as numbers in a row. */
export const flat = (inputs: Tensors): tf.TensorInfo[] =>
  Object.values(inputs).map((input) => ({ ...input, shape: [sizeOf(input)] }));

/** Whole numbers as uniforms. */
export const integers = (numbers: Record<string, number>) =>
  Object.values(numbers).map((number) => ({ type: "int32", data: [number] }));

/** Numbers as uniforms. */
export const floats = (numbers: Record<string, number | undefined>) =>
  Object.values(numbers).map((number) => ({ type: "float32", data: [number!] }));

/** So many of something. */
export const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** So many lines of a program: loops over registers must be written out. */
export const lines = (count: number, line: (i: number) => string): string =>
  times(count, line).join("\n");
