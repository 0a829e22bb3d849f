/**
 * Takes the weights file out of a zip archive. The archive's own claims about sizes are not believed:
 * what comes out is counted while it is inflated.
 *
 * Format: PKWARE, APPNOTE.TXT 6.3.10.
 *
 * @module
 */
import { Unzip, type UnzipFile, UnzipInflate } from "fflate";
import { MAX_UNPACKED_BYTES, refusing } from "./tensors.ts";

const WANTED = /\.(pb|h5|hdf5|safetensors)$/;
/** So little goes in at a time that even a bomb (1:1032) puts out 64 MB at most before it is seen. */
const PIECE = 2 ** 16;

/** Whether a file starts like a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return [0x50, 0x4b, 0x03, 0x04].every((byte, i) => bytes[i] === byte);
}

/**
 * Inflates the first weights file in an archive.
 *
 * @returns its bytes, and its name after the archive's
 * @throws {Error} when there is none, or it is cut off, encrypted or larger than the limit.
 */
export function unzipWeights(
  archive: Uint8Array,
  name: string,
  maxBytes = MAX_UNPACKED_BYTES,
): { bytes: Uint8Array; name: string } {
  const refuse = refusing(name);
  const names: string[] = [];
  const parts: Uint8Array[] = [];
  let found: UnzipFile | undefined;
  let [length, complete] = [0, false];
  const limit = (size: number) => {
    if (size <= maxBytes) return;
    refuse(`${found!.name} in the archive must have at most ${maxBytes} bytes unpacked`, size);
  };
  const unzip = new Unzip((file) => {
    names.push(file.name);
    if (found || !WANTED.test(file.name)) return;
    found = file;
    limit(file.originalSize ?? 0);
    file.ondata = (error, part, final) => {
      if (error) throw error;
      limit(length += part.length);
      parts.push(part);
      complete = final;
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  try {
    for (let at = 0; at < archive.length && !complete; at += PIECE) {
      unzip.push(archive.subarray(at, at + PIECE), at + PIECE >= archive.length);
    }
  } catch (error) {
    if ((error as Error).message.startsWith("Cannot")) throw error;
    refuse("the zip archive must be whole", (error as Error).message);
  }
  if (!found) return refuse("the archive must hold a .pb, .h5 or .safetensors file", names);
  if (!complete || (found.originalSize ?? length) !== length) {
    refuse(
      `${found.name} in the archive must have ${found.originalSize ?? "all its"} bytes`,
      length,
    );
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, name: `${name}/${found.name}` };
}
