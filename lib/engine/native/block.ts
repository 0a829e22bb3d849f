/**
 * The block size of ONNX Runtime's direct convolutions (`layout.ts`).
 *
 * @module
 */
import { encodeModel } from "./onnx.ts";
import type { Runtime } from "./ort.ts";

/** Asks ONNX Runtime for its block size by looking where the second position of a channel goes. */
export function findBlock(runtime: Runtime): number {
  const channels = 64;
  const x = new Float32Array(2 * channels).map((_, i) => i);
  const y = new Float32Array(2 * channels);
  try {
    const model = encodeModel({
      nodes: [{ op: "ReorderInput", domain: "com.microsoft.nchwc", inputs: ["x"], outputs: ["y"] }],
      inputs: { x: 4 },
      outputs: { y: 4 },
    });
    const dims = [1, channels, 1, 2];
    const [feed, fetch] = [runtime.tensor(x, dims), runtime.tensor(y, dims)];
    runtime.session(model).run({ x: feed }, { y: fetch });
    const block = y.indexOf(1);
    return block > 1 ? block : 1;
  } catch {
    return 1;
  }
}
