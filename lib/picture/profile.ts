/**
 * What a file says of its colours: the name of its colour profile, and colours that are given by number
 * (as in AVIF and HDR pictures) and that nobody converts to sRGB here.
 *
 * @module
 */

/** The name in an ICC profile, as `Display P3`; none where it cannot be read. ICC.1:2022, 9.2.41. */
export function profileName(profile: Uint8Array): string | undefined {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  try {
    for (let i = 0; i < Math.min(view.getUint32(128), 100); i++) {
      const entry = 132 + 12 * i;
      if (latin1(profile, entry, 4) !== "desc") continue;
      const at = view.getUint32(entry + 4);
      if (latin1(profile, at, 4) === "desc") { // version 2: its length, then ASCII and a zero
        return latin1(profile, at + 12, Math.min(view.getUint32(at + 8), 80)).replace(/\0.*/s, "");
      }
      const [length, start] = [view.getUint32(at + 20), view.getUint32(at + 24)]; // the first language
      const text = profile.subarray(at + start, at + start + Math.min(length, 160));
      return new TextDecoder("utf-16be").decode(text);
    }
  } catch {
    // Cut short: no name.
  }
  return undefined;
}

/** Primaries and transfer functions by number: ITU-T H.273, tables 2 and 3. Those of sRGB are left out. */
const PRIMARIES: Record<number, string> = { 9: "BT.2020", 11: "DCI-P3", 12: "Display P3" };
const TRANSFERS: Record<number, string> = { 8: "linear", 16: "PQ, HDR", 18: "HLG, HDR" };

/**
 * The colours that a PNG (`cICP`) or an AVIF (`colr`, `nclx`) gives by number, in words, if they are not
 * those of sRGB or nearly so.
 */
export function numberedColors(bytes: Uint8Array): string | undefined {
  const start = latin1(bytes, 0, 4096); // both stand before the pixels
  const png = start.startsWith("\x89PNG") ? start.indexOf("cICP") : -1;
  const avif = start.slice(4, 8) === "ftyp" ? start.indexOf("colrnclx") : -1;
  const [primaries, transfer] = png >= 0
    ? [bytes[png + 4], bytes[png + 5]]
    : avif >= 0
    ? [bytes[avif + 9], bytes[avif + 11]] // the lower bytes of two
    : [];
  const names = [PRIMARIES[primaries ?? 0], TRANSFERS[transfer ?? 0]].filter(Boolean);
  return names.length > 0 ? names.join(", ") : undefined;
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
