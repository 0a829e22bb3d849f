/**
 * Losses and what optimizers ask of a gradient, on WebGPU as one program each where TensorFlow.js takes five to
 * twenty: a GPU that has little to do in each waits for the next one to be handed to it. The functions that use
 * these kernels say in TensorFlow.js' operations what they compute, for the other engines.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { registerLossGradients } from "../loss_gradients.ts";
import { type Call, compute, sizeOf, type Tensors } from "./program.ts";
import { summed } from "./reductions.ts";

type Numbers = Record<string, number>;

/** Registers them with their gradients; again is harmless. */
export function registerLossKernels(): void {
  if (tf.getKernel("MeanSquaredError", "webgpu")) return;
  for (const [kernelName, kernelFunc] of Object.entries(KERNELS)) {
    tf.registerKernel({ kernelName, backendName: "webgpu", kernelFunc });
  }
  registerLossGradients();
}

const KERNELS: Record<string, (call: Call) => tf.TensorInfo> = {
  /** `mean((scale · a - b)²)` of tensors of the same shape. */
  MeanSquaredError(call) {
    const { a, b } = call.inputs as Tensors;
    const { scale } = call.attrs as Numbers;
    const term = `
            let difference = uniforms.scale * a[index] - b[index];
            sum = sum + difference * difference;`;
    const numbers = { scale, factor: 1 / sizeOf(a!) };
    return summed(call, "squaredError", { a: a!, b: b! }, term, numbers);
  },
  /** `(scale · a - b) · factor · dy`, where `dy` is a scalar. */
  ScaledDifference(call) {
    const { a, b, dy } = call.inputs as Tensors;
    const { scale, factor } = call.attrs as Numbers;
    const body = `
          let difference = uniforms.scale * a[index] - b[index];
          setOutputAtIndex(index, difference * uniforms.factor * dy[0]);`;
    const inputs = { a: a!, b: b!, dy: dy! };
    return compute(call, "scaledDifference", inputs, body, { scale, factor });
  },
  /** `Σ |x[i+1, j] - x[i, j]| + Σ |x[i, j+1] - x[i, j]|` of `[1, H, W, C]`. */
  TotalVariation(call) {
    const { x } = call.inputs as Tensors;
    const term = `
            ${PLACE}
            if (column + 1 < columns) { sum = sum + abs(x[index + channels] - x[index]); }
            if (row + 1 < rows) { sum = sum + abs(x[index + line] - x[index]); }`;
    return summed(call, "totalVariation", { x: x! }, term, { ...sidesOf(x!), factor: 1 });
  },
  /** Its gradient times the scalar `dy`; the slope of a difference of 0 is 0. */
  TotalVariationGradient(call) {
    const { x, dy } = call.inputs as Tensors;
    const body = `
          ${PLACE}
          var slope = 0.0;
          if (column > 0) { slope += sign(x[index] - x[index - channels]); }
          if (row > 0) { slope += sign(x[index] - x[index - line]); }
          if (column + 1 < columns) { slope -= sign(x[index + channels] - x[index]); }
          if (row + 1 < rows) { slope -= sign(x[index + line] - x[index]); }
          setOutputAtIndex(index, slope * dy[0]);`;
    const inputs = { x: x!, dy: dy! };
    return compute(call, "totalVariationGradient", inputs, body, sidesOf(x!));
  },
  /** `x + xᵀ` of a square matrix. */
  SymmetricSum(call) {
    const { x } = call.inputs as Tensors;
    const body = `
          let side = i32(uniforms.side);
          setOutputAtIndex(index, x[index] + x[(index % side) * side + index / side]);`;
    return compute(call, "symmetricSum", { x: x! }, body, { side: x!.shape[0] });
  },
  /** `x + weight · y` of tensors of the same shape. */
  AddScaled(call) {
    const { x, y } = call.inputs as Tensors;
    const { weight } = call.attrs as Numbers;
    const body = "setOutputAtIndex(index, x[index] + uniforms.weight * y[index]);";
    return compute(call, "addScaled", { x: x!, y: y! }, body, { weight });
  },
  /** `factor · x / (√squares + epsilon)` of tensors of the same shape. */
  OverRoot(call) {
    const { x, squares } = call.inputs as Tensors;
    const { factor, epsilon } = call.attrs as Numbers;
    const body = `
          let root = sqrt(squares[index]) + uniforms.epsilon;
          setOutputAtIndex(index, uniforms.factor * x[index] / root);`;
    return compute(call, "overRoot", { x: x!, squares: squares! }, body, { factor, epsilon });
  },
  /** The unit of a gradient, see `nextUnit` of the optimizers. */
  NextUnit(call) {
    const { greatest, previous } = call.inputs as Tensors;
    const { safe, units, edges } = call.attrs as Record<string, readonly number[]>;
    const text = (number: number | undefined) => `f32(${number!.toExponential()})`;
    const choices = edges!.map((edge, i) =>
      `if (greatest[0] >= ${text(edge)}) { unit = ${text(units![i + 1])}; }`
    );
    const body = `
          let part = greatest[0] / previous[0];
          var unit = previous[0];
          if (part >= ${text(safe![1])} || (part < ${text(safe![0])} && part > 0.0)) {
            unit = ${text(units![0])};
            ${choices.join("\n            ")}
          }
          setOutputAtIndex(index, unit);`;
    const key = `nextUnit ${[safe, units, edges].flat().join()}`;
    return compute(call, key, { greatest: greatest!, previous: previous! }, body);
  },
};

/** Where a number of a picture stands. */
const PLACE = `let columns = i32(uniforms.columns);
          let rows = i32(uniforms.rows);
          let channels = i32(uniforms.channels);
          let line = columns * channels;
          let row = index / line;
          let column = (index % line) / channels;`;

const sidesOf = ({ shape: [, rows, columns, channels] }: tf.TensorInfo) => ({
  rows,
  columns,
  channels,
});
