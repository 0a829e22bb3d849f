/**
 * The convolution of the picture itself on WebGPU, and the gradient of that: three channels on one side, too
 * few for the tiles of `convolution_program.ts`.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import { frame, type GpuConvolution } from "./convolution.ts";
import { type Call, flat, integers, lines, sizeOf } from "./program.ts";

/** So many channels are few. */
const FEW = 4;
/** From few channels a thread computes so many times four numbers of a pixel; to few ones a single number. */
const QUADS = 4;

/** Whether there are few channels to read, or few to compute; nothing if this file has no program for the shapes. */
function fewOf({ x, filter }: Pick<GpuConvolution, "x" | "filter">): "in" | "out" | undefined {
  const [, , inChannels, outChannels] = filter.shape as [number, number, number, number];
  if (x.shape[0] !== 1 || x.dtype !== "float32") return undefined;
  if (inChannels <= FEW && outChannels % (4 * QUADS) === 0) return "in";
  return outChannels <= FEW && inChannels % 4 === 0 ? "out" : undefined;
}

/** Whether this file has a program for such shapes. */
export function suitsPicture(convolution: Pick<GpuConvolution, "x" | "filter">): boolean {
  return fewOf(convolution) !== undefined;
}

/** Computes one. */
export function convolvePicture(call: Call, convolution: GpuConvolution): tf.TensorInfo {
  const { x, filter, bias, relu = false, mask } = convolution;
  const { shape, numbers } = frame(convolution);
  const [tall, wide, inChannels, outChannels] = filter.shape as [number, number, number, number];
  const inputs = { x, filters: filter, ...(mask && { mask }), ...(bias && { bias }) };
  const sizes = { ...numbers, wide, places: tall * wide, inChannels, outChannels };
  const fewIn = fewOf(convolution) === "in";
  const numbersOut = sizeOf({ ...x, shape });
  const program = new PictureProgram(numbersOut, fewIn, Object.keys(inputs), relu);
  const backend = call.backend as WebGPUBackend;
  const output = backend.runWebGPUProgram(program, flat(inputs), "float32", integers(sizes));
  return { ...output, shape };
}

class PictureProgram implements WebGPUProgram {
  readonly workgroupSize: [number, number, number] = [64, 1, 1];
  readonly dispatchLayout = { x: [0] };
  readonly dispatch: [number, number, number];
  readonly outputShape: number[];
  readonly outputComponent: number;
  readonly variableComponents: number[];
  readonly shaderKey: string;
  readonly uniforms = [
    "height",
    "width",
    "columns",
    "above",
    "left",
    "wide",
    "places",
    "inChannels",
  ]
    .concat("outChannels").map((name) => `${name} : i32,`).join(" ");

  /** With few channels read one by one and many results a thread, or the other way round. */
  constructor(
    numbers: number,
    readonly fewIn: boolean,
    readonly variableNames: string[],
    readonly relu: boolean,
  ) {
    this.outputShape = [numbers];
    this.outputComponent = fewIn ? 4 : 1;
    this.dispatch = [Math.ceil(numbers / (fewIn ? 4 * QUADS : 1) / 64), 1, 1];
    const features = ["x", "mask"];
    this.variableComponents = variableNames.map((name) =>
      features.includes(name) !== fewIn ? 4 : 1
    );
    this.shaderKey = `pictureConvolution ${fewIn} ${variableNames.join()} ${relu}`;
  }

  getUserCode(): string {
    const { fewIn, relu } = this;
    const [input, output] = fewIn ? ["f32", "vec4<f32>"] : ["vec4<f32>", "f32"];
    const [inputs, outputs, count] = fewIn ? [1, 4, QUADS] : [4, 1, 1];
    const [masked, biased] = ["mask", "bias"].map((name) => this.variableNames.includes(name));
    const seen = masked
      ? `select(${input}(0.0), x[at + c], mask[at + c] > ${input}(0.0))`
      : "x[at + c]";
    const weights = [0, 1, 2, 3].map((i) => `filters[line + ${i} * channels]`).join(", ");
    const add = (q: number) =>
      fewIn
        ? `sum${q} = fma(vec4<f32>(seen), filters[line + ${q}], sum${q});`
        : `sum${q} = sum${q} + dot(seen, vec4<f32>(${weights}));`;
    const result = (q: number) => {
      const sum = biased ? `sum${q} + bias[channel + ${q}]` : `sum${q}`;
      return `result[pixel * channels + channel + ${q}] = ${
        relu ? `max(${sum}, ${output}(0.0))` : sum
      };`;
    };
    return `
      fn main(index: i32) {
        let channels = uniforms.outChannels / ${outputs};
        let channel = index % (channels / ${count}) * ${count};
        let pixel = index / (channels / ${count});
        if (pixel * channels >= i32(arrayLength(&result))) { return; }
        let row = pixel / uniforms.columns - uniforms.above;
        let column = pixel % uniforms.columns - uniforms.left;
        ${lines(count, (q) => `var sum${q} = ${output}(0.0);`)}
        for (var place = 0; place < uniforms.places; place = place + 1) {
          let down = row + place / uniforms.wide;
          let across = column + place % uniforms.wide;
          if (down < 0 || down >= uniforms.height || across < 0 || across >= uniforms.width) {
            continue;
          }
          let at = (down * uniforms.width + across) * uniforms.inChannels / ${inputs};
          for (var c = 0; c < uniforms.inChannels / ${inputs}; c = c + 1) {
            let seen = ${seen};
            let line = (place * uniforms.inChannels + c * ${inputs}) * channels + channel;
            ${lines(count, add)}
          }
        }
        ${lines(count, result)}
      }`;
  }
}
