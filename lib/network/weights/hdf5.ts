/**
 * Weights from Keras' HDF5 files. The HDF5 library runs as WebAssembly in a worker of its own for
 * every file: a malformed file may leave it in disorder, and WebAssembly never gives memory back.
 *
 * @module
 */
import type { Answer } from "./hdf5_worker.ts";
import { refusing, type Weights } from "./tensors.ts";

/** Reading takes so many seconds at most, once the library is loaded, and so many per megabyte. */
const [PATIENCE, PATIENCE_PER_MB] = [3, 0.1];

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file starts like HDF5. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * The convolutions of a Keras weights file as `<layer>.kernel` `[height, width, in, out]` and
 * `<layer>.bias` `[out]`. Dense layers are left out.
 *
 * @throws {Error} when the file is malformed, when a layer is not what the file says, or when the
 * library does not come to an end, as it happens with files that are zero in places.
 */
export async function parseHdf5(bytes: Uint8Array, name = "weights"): Promise<Weights> {
  const worker = new Worker(new URL("./hdf5_worker.ts", import.meta.url), { type: "module" });
  const seconds = PATIENCE + PATIENCE_PER_MB * bytes.length / 1e6;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const answer = await new Promise<Exclude<Answer, "ready">>((resolve) => {
      const rule = "it must be a whole HDF5 file";
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if (data !== "ready") return resolve(data);
        const value = `one that is not read in ${seconds.toFixed(0)} s`;
        timer = setTimeout(() => resolve({ rule, value }), 1000 * seconds);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        resolve({ rule, value: event.message });
      };
      worker.postMessage(bytes);
    });
    return "weights" in answer ? answer.weights : refusing(name)(answer.rule, answer.value);
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}
