/**
 * Zip archives: which members there are, and their content when it is asked for. What an archive
 * claims is checked: places against its length, sizes against a limit before anything is inflated,
 * content against its checksum.
 *
 * Format: PKWARE, APPNOTE.TXT 6.3.10; with 64-bit sizes, which PyTorch always writes.
 *
 * @module
 */
import { crc32, inflateRawSync } from "node:zlib";
import { MAX_UNPACKED_BYTES, type Refuse, refusing } from "./tensors.ts";

/** A file in an archive. */
export type Member = {
  name: string;
  bytes: number;
  /** The content; of a member that is stored as it is, a view into the archive. */
  unpack(): Uint8Array;
};

type Place = { offset: number; packed: number; bytes: number };

const [LOCAL, CENTRAL, END, END64] = [0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50];
/** In a field of 32 bits: the number is in the 64-bit fields. */
const ELSEWHERE = 2 ** 32 - 1;
const WANTED = /\.(pb|h5|hdf5|safetensors|caffemodel|pth|pt)$/;

/** Whether a file starts like a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return [0x50, 0x4b, 0x03, 0x04].every((byte, i) => bytes[i] === byte);
}

/**
 * The members of an archive, in its order.
 *
 * @throws {Error} when the archive is cut off or contradicts itself; `unpack()` when a member is
 * encrypted, was altered, or takes what is inflated above `maxBytes`.
 */
export function zipMembers(
  archive: Uint8Array,
  name: string,
  maxBytes = MAX_UNPACKED_BYTES,
): Member[] {
  const refuse = refusing(name);
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let inflated = 0;
  try {
    let { at, count } = directory(view, refuse);
    const members: Member[] = [];
    while (count-- > 0) {
      if (view.getUint32(at, true) !== CENTRAL) refuse("the zip archive must be whole", "no entry");
      const flags = view.getUint16(at + 8, true);
      const method = view.getUint16(at + 10, true);
      const checksum = view.getUint32(at + 16, true);
      const [named, extra, comment] = [28, 30, 32].map((i) => view.getUint16(at + i, true));
      const label = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + named!));
      const place = readPlace(view, at, at + 46 + named!, extra!);
      const rule = `${label} in the archive must have`;
      const unpack = () => {
        if (flags & 1) refuse(`${label} in the archive must not be encrypted`, "encrypted");
        const start = startOf(view, place.offset, refuse);
        const packed = archive.subarray(start, start + place.packed);
        if (packed.length < place.packed) refuse("the zip archive must be whole", "a cut-off file");
        if (method !== 0 && method !== 8) refuse(`${label} must be stored or deflated`, method);
        if (method === 8) inflated += place.bytes;
        if (inflated > maxBytes) refuse(`${rule} at most ${maxBytes} bytes unpacked`, inflated);
        const content = method === 0 ? packed : inflate(packed, place.bytes, label, refuse);
        if (content.length !== place.bytes) refuse(`${rule} ${place.bytes} bytes`, content.length);
        const found = crc32(content);
        if (found !== checksum) refuse(`${rule} the checksum ${checksum} (it was altered)`, found);
        return content;
      };
      members.push({ name: label, bytes: place.bytes, unpack });
      at += 46 + named! + extra! + comment!;
    }
    return members;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse("the zip archive must be whole", error.message);
  }
}

/** Where the list of members starts, and how many there are. */
function directory(view: DataView, refuse: Refuse): { at: number; count: number } {
  const last = view.byteLength - 22;
  for (let end = last; end >= Math.max(0, last - 65535); end--) {
    if (view.getUint32(end, true) !== END) continue;
    const [count, at] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)];
    if (at !== ELSEWHERE && count !== 65535) return { at, count };
    const end64 = Number(view.getBigUint64(end - 12, true)); // the locator lies before the end
    if (view.getUint32(end64, true) !== END64) break;
    return {
      at: Number(view.getBigUint64(end64 + 48, true)),
      count: Number(view.getBigUint64(end64 + 32, true)),
    };
  }
  return refuse("the zip archive must be whole", "an archive without its end");
}

/** Sizes and offset of a member; those that 32 bits do not hold stand in the extra field 1. */
function readPlace(view: DataView, entry: number, start: number, length: number): Place {
  let [bytes, packed, offset] = [24, 20, 42].map((i) => view.getUint32(entry + i, true)) as [
    number,
    number,
    number,
  ];
  for (let at = start; at + 4 <= start + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    const long = () => Number(view.getBigUint64((next += 8) - 8, true));
    if (bytes === ELSEWHERE) bytes = long();
    if (packed === ELSEWHERE) packed = long();
    if (offset === ELSEWHERE) offset = long();
  }
  return { bytes, packed, offset };
}

/** Where the content of a member starts. */
function startOf(view: DataView, offset: number, refuse: Refuse): number {
  if (offset + 30 > view.byteLength || view.getUint32(offset, true) !== LOCAL) {
    return refuse("the zip archive must be whole", `no member at byte ${offset}`);
  }
  return offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
}

function inflate(packed: Uint8Array, bytes: number, name: string, refuse: Refuse): Uint8Array {
  try {
    const content = inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) });
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  } catch (error) {
    const { message } = error as Error;
    return refuse(`${name} in the archive must inflate to ${bytes} bytes`, message);
  }
}

/** The first member whose name is that of a weights file, and its name after the archive's. */
export function weightsMember(
  members: readonly Member[],
  name: string,
): { bytes: Uint8Array; name: string } {
  const found = members.find((member) => WANTED.test(member.name));
  if (found) return { bytes: found.unpack(), name: `${name}/${found.name}` };
  return refusing(name)(
    "the archive must hold a .pb, .h5, .safetensors, .caffemodel or .pth file, or be one of " +
      "PyTorch's or NumPy's",
    members.length > 0 ? members.slice(0, 5).map((member) => member.name).join(", ") : "empty",
  );
}
