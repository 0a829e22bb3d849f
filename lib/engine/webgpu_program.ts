/**
 * WebGPU programs of our own.
 *
 * @module
 */
import type { WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";

/** A program with a thread for each number of the result; `body` computes that of `index`. */
export class ElementProgram implements WebGPUProgram {
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
