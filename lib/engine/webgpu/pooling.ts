/**
 * The gradient of a pooling on WebGPU.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { type Call, compute } from "./program.ts";

/**
 * The gradient of a pooling that takes the greatest of 2 × 2: `dy` where the first of the greatest stands, else 0.
 * TensorFlow.js looks for the places in a program of its own.
 */
export function maxPoolGradient(call: Call, stock: tf.KernelFunc) {
  const { dy, input, output } = call.inputs as { [name: string]: tf.TensorInfo };
  const { filterSize, strides, pad } = call.attrs as Record<string, number | number[] | string>;
  const halves = [filterSize, strides].flat().every((n) => n === 2) && typeof pad === "string";
  if (!halves || input!.dtype !== "float32") return stock(call);
  const [, , columns, channels] = input!.shape;
  const [, outRows, outColumns] = output!.shape;
  const body = `
          let channels = i32(uniforms.channels);
          let columns = i32(uniforms.columns);
          let outColumns = i32(uniforms.outColumns);
          let outRows = i32(uniforms.outRows);
          let channel = index % channels;
          let column = (index / channels) % columns;
          let place = index / channels / columns;
          let row = place % i32(uniforms.rows);
          let picture = place / i32(uniforms.rows);
          var value = 0.0;
          if (row / 2 < outRows && column / 2 < outColumns) {
            let out = ((picture * outRows + row / 2) * outColumns + column / 2) * channels + channel;
            let greatest = output[out];
            var first = input[index] == greatest;
            if (column % 2 == 1) { first = first && input[index - channels] != greatest; }
            if (row % 2 == 1) {
              let above = index - columns * channels;
              first = first && input[above] != greatest;
              if (column % 2 == 1) { first = first && input[above - channels] != greatest; }
              if (column % 2 == 0 && column + 1 < columns) {
                first = first && input[above + channels] != greatest;
              }
            }
            if (first) { value = dy[out]; }
          }
          setOutputAtIndex(index, value);`;
  const sides = { rows: input!.shape[1], columns, channels, outRows, outColumns };
  const inputs = { input: input!, output: output!, dy: dy! };
  return compute(call, "maxPoolGradient", inputs, body, sides, input!.shape);
}
