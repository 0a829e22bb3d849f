/**
 * The block size of ONNX Runtime's direct convolutions (`layout.ts`).
 *
 * @module
 */
import type { Runtime } from "./ort.ts";

/** Asks ONNX Runtime for its block size by looking where the second position of a channel goes. */
export function findBlock(runtime: Runtime): number {
  const channels = 64;
  const x = new Float32Array(2 * channels).map((_, i) => i);
  const y = new Float32Array(2 * channels);
  try {
    const session = runtime.session({
      nodes: [{ op: "ReorderInput", domain: "com.microsoft.nchwc", inputs: ["x"], outputs: ["y"] }],
      inputs: { x: 4 },
      outputs: { y: 4 },
    });
    const dims = [1, channels, 1, 2];
    session.run({ x: { data: x, dims } }, { y: { data: y, dims } });
    const block = y.indexOf(1);
    return block > 1 ? block : 1;
  } catch {
    return 1;
  }
}
