/**
 * Gradients of the losses that engines compute by kernels of their own: `MeanSquaredError` and
 * `TotalVariation`. An engine that has them has `ScaledDifference` and `TotalVariationGradient`, too.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Registers them; again is harmless. */
export function registerLossGradients(): void {
  if (tf.getGradient("MeanSquaredError")) return;
  tf.registerGradient({
    kernelName: "MeanSquaredError",
    inputsToSave: ["a", "b"],
    gradFunc(dy, [a, b], attributes) {
      const { scale } = attributes as unknown as { scale: number };
      const slope = (factor: number) =>
        tf.engine().runKernel(
          "ScaledDifference",
          { a: a!, b: b!, dy: dy as tf.Tensor },
          { scale, factor: factor / a!.size },
        ) as tf.Tensor;
      return { a: () => slope(2 * scale), b: () => slope(-2) };
    },
  });
  tf.registerGradient({
    kernelName: "TotalVariation",
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({
      x: () =>
        tf.engine().runKernel("TotalVariationGradient", {
          x: x!,
          dy: dy as tf.Tensor,
        }) as tf.Tensor,
    }),
  });
}
