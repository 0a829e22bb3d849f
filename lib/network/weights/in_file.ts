/**
 * Weights that stay in their file: their numbers are read again whenever somebody asks, which takes
 * some milliseconds. Engines keep a form of their own, and the numbers of the file beside it would be
 * 29 MB for nothing, and 80 MB where eight bits are widened.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cannot } from "../../base/check.ts";
import { fromPalette } from "./palette.ts";
import { numbersOf, parseHeader } from "./safetensors.ts";
import type { Tensor, Weights } from "./tensors.ts";

/** A safetensors file on this machine, and the hash of its bytes. */
type HashedFile = { readonly path: URL; readonly sha256?: string };

/**
 * Frees the numbers of weights that a file of safetensors was just read for, and lets them be read
 * again. An array of them that was handed out before is empty afterwards.
 */
export function leaveInFile(weights: Weights, { path, sha256 }: HashedFile): Weights {
  const file = new SafetensorsFile(fileURLToPath(path), sha256);
  const left: Weights = {};
  for (const [name, { shape, data }] of Object.entries(weights)) {
    left[name] = new TensorInFile(shape, () => file.read(name));
    (data.buffer as ArrayBuffer).transfer(0);
  }
  return left;
}

/** A tensor that stays in its file until somebody looks at `data`, and in memory from then on. */
class TensorInFile implements Tensor {
  readonly shape: number[];
  readonly read: () => Tensor["data"];
  #data?: Tensor["data"];

  constructor(shape: number[], read: () => Tensor["data"]) {
    this.shape = shape;
    this.read = read;
  }

  get data(): Tensor["data"] {
    return this.#data ??= this.read();
  }
}

/** Reads single tensors of a file, as long as it stays what it was. */
class SafetensorsFile {
  #path: string;
  #sha256?: string;
  #seen: string;

  constructor(path: string, sha256?: string) {
    this.#path = path;
    this.#sha256 = sha256;
    this.#seen = stamp(statSync(path));
  }

  /**
   * The numbers of a tensor, in an array of its own.
   *
   * @throws {Error} when the file is gone or has changed.
   */
  read(name: string): Tensor["data"] {
    const file = this.#open();
    try {
      this.#check(stamp(fstatSync(file)));
      const headerBytes = Number(
        new DataView(this.#bytes(file, 0, 8).buffer).getBigUint64(0, true),
      );
      const header = parseHeader(this.#bytes(file, 8, headerBytes), this.#path);
      const part = (name: string) => {
        const { data_offsets: [from, to] } = header[name]!;
        return this.#bytes(file, 8 + headerBytes + from, to - from);
      };
      if (Object.hasOwn(header, name)) return numbersOf(part(name), header[name]!.dtype);
      const table = new Float32Array(part(`${name}.table`).buffer);
      return fromPalette({ table, index: part(`${name}.index`) });
    } finally {
      closeSync(file);
    }
  }

  #open(): number {
    try {
      return openSync(this.#path, "r");
    } catch (error) {
      const rule = "the file must stay in its place while it is used";
      const message = cannot(`read the weights ${this.#path}`, rule, (error as Error).message);
      throw new Error(message, { cause: error });
    }
  }

  /** Only a file that was written to, or replaced, is looked at as a whole. */
  #check(seen: string): void {
    if (seen === this.#seen) return;
    const found = createHash("sha256").update(readFileSync(this.#path)).digest("hex");
    if (found !== this.#sha256) {
      const rule = "the file must not change in use: load the network again";
      throw new Error(cannot(`read the weights ${this.#path}`, rule, `SHA-256 ${found}`));
    }
    this.#seen = seen;
  }

  #bytes(file: number, at: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = readSync(file, bytes, done, length - done, at + done);
      if (count === 0) {
        const rule = `the file must have at least ${at + length} bytes`;
        throw new Error(cannot(`read the weights ${this.#path}`, rule, `${at + done} bytes`));
      }
      done += count;
    }
    return bytes;
  }
}

/** What tells that a file was written to or replaced. */
const stamp = ({ ino, size, mtimeMs }: { ino: number; size: number; mtimeMs: number }) =>
  `${ino} ${size} ${mtimeMs}`;
