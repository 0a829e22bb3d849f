/**
 * A step of Adam on WebGPU as three programs, one for each of its results, clip included.
 * `lib/optimizers/adam.ts` says what is computed.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Call, compute, type Tensors } from "./program.ts";

type Inputs = Record<"image" | "gradient" | "first" | "second" | "unit" | "ratio", tf.TensorInfo>;
type Attributes = { beta1: number; beta2: number; below: number; factor: number; clip: boolean };

/** The gradient as a rule sees it. */
const GRADIENT = "let g = gradient[index] / unit[0];";

/** Registers the kernel `AdamStep`: from a picture, its gradient and both moments to the next ones. */
export function registerAdamKernel(): void {
  tf.registerKernel({ kernelName: "AdamStep", backendName: "webgpu", kernelFunc: adamStep });
}

function adamStep(call: Call): tf.TensorInfo[] {
  const { image, gradient, first, second, unit, ratio } = call.inputs as Inputs;
  const { clip, beta1, beta2, below, factor } = call.attrs as unknown as Attributes;
  const program = (name: string, inputs: Tensors, body: string, numbers: Record<string, number>) =>
    compute(call, `adam ${name}`, inputs, body, numbers);

  const ofFirst = `
          ${GRADIENT}
          let kept = uniforms.beta * ratio[0] * first[index];
          setOutputAtIndex(index, kept + uniforms.weight * g);`;
  const nextFirst = program("first", { gradient, first, unit, ratio }, ofFirst, {
    beta: beta1,
    weight: 1 - beta1,
  });
  const ofSecond = `
          ${GRADIENT}
          let kept = uniforms.beta * ratio[0] * ratio[0] * second[index];
          setOutputAtIndex(index, kept + uniforms.weight * g * g);`;
  const nextSecond = program("second", { gradient, second, unit, ratio }, ofSecond, {
    beta: beta2,
    weight: 1 - beta2,
  });
  // A pixel that is none stays none: `clamp` would make some number of it.
  const ofMoved = `
          let root = sqrt(second[index]) + uniforms.below;
          let free = image[index] - uniforms.factor * first[index] / root;
          setOutputAtIndex(index, ${
    clip ? "select(clamp(free, 0.0, 255.0), free, isnan(free))" : "free"
  });`;
  const pictures = { image, first: nextFirst, second: nextSecond };
  const moved = program(`picture ${clip}`, pictures, ofMoved, { below, factor });
  return [moved, nextFirst, nextSecond];
}
