/**
 * Reads the weights of a network from a file, whatever its format: safetensors, Keras' HDF5, a frozen
 * TensorFlow graph, or a zip archive with one of them. The content tells the format, not the name.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { nameSource, readBytes, type Source } from "../../base/files.ts";
import { isSafetensors, parseSafetensors } from "./safetensors.ts";
import { refusing, type Weights } from "./tensors.ts";

export { parseSafetensors } from "./safetensors.ts";
export type { Weights } from "./tensors.ts";

/** A published hash, in hexadecimal; MD5 where nothing better was published. */
export type Hashes = { sha256?: string; md5?: string };

/** Settings of {@linkcode readWeights}: the hash that the file must have, not checked if left out. */
export type ReadWeightsOptions = Hashes;

/**
 * Reads a weights file from a path, a URL or bytes.
 *
 * @throws {Error} when the file is missing, cut off, altered or contradicts itself; the message
 * names the file, the tensor and the number.
 */
export async function readWeights(
  source: Source,
  hashes: ReadWeightsOptions = {},
): Promise<Weights> {
  const name = nameSource(source);
  const bytes = await readBytes(source, `read the weights ${name}`);
  for (const algorithm of ["sha256", "md5"] as const) {
    const wanted = hashes[algorithm];
    if (wanted === undefined) continue;
    const found = createHash(algorithm).update(bytes).digest("hex");
    if (found === wanted) continue;
    throw new Error(
      `Cannot use the weights ${name} as their ${hashName(algorithm)} must be ${wanted}: current ` +
        `value is ${found} (${bytes.length} bytes); fetch the file again`,
    );
  }
  const weights = await parseWeights(bytes, name);
  const { buffer } = bytes;
  const inUse = bytes === source ||
    Object.values(weights).some(({ data }) => data.buffer === buffer);
  // Frees the memory now; the garbage collector may take its time.
  if (!inUse) (buffer as ArrayBuffer).transfer(0);
  return weights;
}

/** How people write the name of a hash. */
export function hashName(algorithm: keyof Hashes): string {
  return algorithm === "sha256" ? "SHA-256" : "MD5";
}

/**
 * Takes a weights file apart.
 *
 * @throws {Error} when the file is in none of the formats, or malformed.
 */
export async function parseWeights(bytes: Uint8Array, name = "weights"): Promise<Weights> {
  // Only what is needed: the HDF5 library alone has four megabytes.
  if (isSafetensors(bytes)) return parseSafetensors(bytes, name);
  const { isZip, unzipWeights } = await import("./zip.ts");
  const file = isZip(bytes) ? unzipWeights(bytes, name) : { bytes, name };
  if (isSafetensors(file.bytes)) return parseSafetensors(file.bytes, file.name);
  const { isHdf5, parseHdf5 } = await import("./hdf5.ts");
  if (isHdf5(file.bytes)) return await parseHdf5(file.bytes, file.name);
  const { isGraphDef, parseGraphDef } = await import("./graph_def.ts");
  if (isGraphDef(file.bytes)) return parseGraphDef(file.bytes, file.name);
  const start = Array.from(file.bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return refusing(file.name)(
    "it must be safetensors, Keras' HDF5, a TensorFlow GraphDef or a zip archive with one of them",
    start.length > 0
      ? `a file of ${file.bytes.length} bytes that starts ${start.join(" ")}`
      : "empty",
  );
}
