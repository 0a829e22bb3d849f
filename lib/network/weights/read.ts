/**
 * Reads the weights of a network from a file, whatever its format: safetensors, PyTorch's `.pth`,
 * Keras' HDF5, a caffemodel, a frozen TensorFlow graph, NumPy's `.npz`, or a zip archive with one of
 * them. The content tells the format, not the name. Names and layout are still those of the file;
 * {@link file://./names.ts} brings them into the order of a network.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { nameSource, readBytes, type Source } from "../../base/files.ts";
import { isSafetensors, parseSafetensors } from "./safetensors.ts";
import { refusing, type Weights } from "./tensors.ts";

export { parseSafetensors } from "./safetensors.ts";
export type { Tensor, Weights } from "./tensors.ts";

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
        `value is ${found} (${bytes.length} bytes)`,
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
  const { isZip, weightsMember, zipMembers } = await import("./zip.ts");
  if (!isZip(bytes)) return await parsePlain(bytes, name);
  const members = zipMembers(bytes, name);
  const [torch, numpy] = await Promise.all([import("./torch.ts"), import("./numpy.ts")]);
  if (torch.isTorchZip(members)) return torch.parseTorchZip(members, name);
  if (numpy.isNpz(members)) return numpy.parseNpz(members, name);
  const member = weightsMember(members, name);
  return await parsePlain(member.bytes, member.name);
}

/** A file that is no archive. */
async function parsePlain(bytes: Uint8Array, name: string): Promise<Weights> {
  if (isSafetensors(bytes)) return parseSafetensors(bytes, name);
  const { isHdf5, parseHdf5 } = await import("./hdf5.ts");
  if (isHdf5(bytes)) return await parseHdf5(bytes, name);
  const { isOldTorch, parseOldTorch } = await import("./torch.ts");
  if (isOldTorch(bytes)) return parseOldTorch(bytes, name);
  const { otherKind, refuseUnreadable } = await import("./unreadable.ts");
  if (otherKind(bytes)) refuseUnreadable(bytes, refusing(name));
  const { isCaffeModel, parseCaffeModel } = await import("./caffe.ts");
  if (isCaffeModel(bytes)) return parseCaffeModel(bytes, name);
  const { isGraphDef, parseGraphDef } = await import("./graph_def.ts");
  if (isGraphDef(bytes)) return parseGraphDef(bytes, name);
  return refuseUnreadable(bytes, refusing(name));
}
