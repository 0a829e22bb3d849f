/**
 * Weights from NumPy: an `.npz` is a zip archive of arrays, `.npy` each. The header of an array is a
 * dictionary in Python's own notation, with three entries.
 *
 * Format: NumPy, `numpy/lib/format.py`, versions 1 to 3.
 *
 * @module
 */
import {
  countingValues,
  type CountValues,
  isOfConvolution,
  NUMBER_TYPES,
  type NumberType,
  readNumbers,
  type Refuse,
  refusing,
  rowMajor,
  type Tensor,
  type Weights,
} from "./tensors.ts";
import type { Member } from "./zip.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const TYPES: Record<string, NumberType> = { f2: "float16", f4: "float32", f8: "float64" };

/** Whether a file is a single array. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Whether an archive is NumPy's. */
export function isNpz(members: readonly Member[]): boolean {
  return members.length > 0 && members.every(({ name }) => name.endsWith(".npy"));
}

/**
 * The arrays of an archive that may belong to convolutions, of rank 4 or 1, by their names.
 *
 * @throws {Error} when an array is cut off or holds objects: those are pickles, and not unpacked.
 */
export function parseNpz(members: readonly Member[], name = "weights"): Weights {
  const refuse = refusing(name);
  const count = countingValues(refuse);
  const weights: Weights = {};
  for (const member of members) {
    const label = member.name.replace(/\.npy$/, "");
    const tensor = parseNpy(member.unpack(), label, count, refuse);
    if (tensor) weights[label] = tensor;
  }
  return weights;
}

function parseNpy(
  bytes: Uint8Array,
  name: string,
  count: CountValues,
  refuse: Refuse,
): Tensor | undefined {
  const whole = bytes.length >= 12 && isNpy(bytes);
  if (!whole) refuse(`${name} must be a whole array`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [length, start] = bytes[6] === 1
    ? [view.getUint16(8, true), 10]
    : [view.getUint32(8, true), 12];
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = header.match(/'descr': *'([^']*)'/)?.[1];
  const order = header.match(/'fortran_order': *(True|False)/)?.[1];
  const sizes = header.match(/'shape': *\(([\d, ]*)\)/)?.[1];
  if (descr?.includes("O")) refuse(`${name} must hold numbers, not Python's objects`, descr);
  if (!descr || !order || sizes === undefined) {
    return refuse(`${name} must have a header with descr, fortran_order and shape`, header.trim());
  }
  const shape = sizes.split(",").filter((size) => size.trim() !== "").map(Number);
  if (!isOfConvolution(shape)) return undefined;
  const type = descr.startsWith("<") ? TYPES[descr.slice(1)] : undefined;
  if (!type) return refuse(`${name} must be little-endian f2, f4 or f8`, descr);
  const values = bytes.subarray(start + length);
  const wanted = count(name, shape) * NUMBER_TYPES[type].bytes;
  if (values.length !== wanted) {
    refuse(`${name} [${shape}] in ${descr} takes ${wanted} bytes`, values.length);
  }
  const data = readNumbers(values, type);
  if (order === "False") return { shape, data };
  let stride = 1;
  const strides = shape.map((size) => (stride *= size) / size);
  return { shape, data: rowMajor(data, shape, strides) };
}
