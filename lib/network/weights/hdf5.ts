/**
 * Weights from Keras' HDF5 files. The HDF5 library runs as WebAssembly in a worker of its own for
 * every file: a malformed file may leave it in disorder, and WebAssembly never gives memory back.
 *
 * @module
 */
import type { Answer } from "./hdf5_worker.ts";
import { refusing, type Weights } from "./tensors.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file starts like HDF5. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * The convolutions of a Keras weights file as `<layer>.kernel` `[height, width, in, out]` and
 * `<layer>.bias` `[out]`. Dense layers are left out.
 *
 * @throws {Error} when the file is malformed or a layer is not what `weight_names` says.
 */
export async function parseHdf5(bytes: Uint8Array, name = "weights"): Promise<Weights> {
  const worker = new Worker(new URL("./hdf5_worker.ts", import.meta.url), { type: "module" });
  try {
    const answer = await new Promise<Answer>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve({ rule: "it must be a whole HDF5 file", value: event.message });
      };
      worker.postMessage(bytes);
    });
    return "weights" in answer ? answer.weights : refusing(name)(answer.rule, answer.value);
  } finally {
    worker.terminate();
  }
}
