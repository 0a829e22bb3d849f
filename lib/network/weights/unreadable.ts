/**
 * What files are that people try as weights and that are none, in words, and what to do about it.
 *
 * @module
 */
import { isNpy } from "./numpy.ts";
import type { Refuse } from "./tensors.ts";
import { isPickle } from "./torch.ts";

const FORMATS = "safetensors, PyTorch's .pth, Keras' HDF5, a caffemodel, a TensorFlow GraphDef, " +
  "NumPy's .npz or a zip archive with one of them";

const startsWith = (text: string) => (bytes: Uint8Array) =>
  new TextDecoder("latin1").decode(bytes.subarray(0, 256)).trimStart().toLowerCase()
    .startsWith(text);

/** The first that fits says what a file is. */
const KINDS: [(bytes: Uint8Array) => boolean, string][] = [
  [(bytes) => bytes.length === 0, "an empty file; fetch it again"],
  [
    startsWith("version https://git-lfs.github.com/"),
    "a Git LFS pointer, which only names the file; fetch the file itself with git lfs pull",
  ],
  [
    (bytes) => startsWith("<!doctype")(bytes) || startsWith("<html")(bytes),
    "a web page; its address is that of a page about the file, use the download link there",
  ],
  [
    isNpy,
    "a single NumPy array (.npy); save the weights with numpy.savez, each under its name",
  ],
  [
    startsWith("matlab 5.0 mat-file"),
    "a MATLAB file; convert it, with scipy.io.loadmat and numpy.savez",
  ],
  [
    isPickle,
    "a Python pickle, which may run anything; save the weights with torch.save or numpy.savez",
  ],
  [
    (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b,
    "a file packed by gzip; unpack it first",
  ],
  [
    (bytes) => new TextDecoder("latin1").decode(bytes.subarray(257, 262)) === "ustar",
    "a tar archive; unpack it first",
  ],
  [
    (bytes) => new TextDecoder("latin1").decode(bytes.subarray(4, 8)) === "TFL3",
    "a TensorFlow Lite model, whose weights are not kept by name; take the original network's file",
  ],
  [
    (bytes) => bytes[0] === 0x08 && (bytes[1] ?? 99) < 20,
    "perhaps an ONNX model; save the weights as safetensors or with numpy.savez",
  ],
];

/** What a file is that cannot be weights, and what to do about it. */
export function otherKind(bytes: Uint8Array): string | undefined {
  return KINDS.find(([fits]) => fits(bytes))?.[1];
}

/** Refuses a file that is in no format of weights. */
export function refuseUnreadable(bytes: Uint8Array, refuse: Refuse): never {
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  const value = `a file of ${bytes.length} bytes that starts ${start.join(" ")}`;
  return refuse(`it must be ${FORMATS}`, otherKind(bytes) ?? value);
}
