/**
 * The picture formats that are read: what a file's header declares, and its samples. The decoders are
 * those of image-js and, for PNG, its own decoder fast-png directly: image-js 1.7.0 misreads pictures
 * of 1, 2 and 4 bits and drops a transparent colour. Kinds that a decoder is known to get wrong
 * without saying so are refused here.
 *
 * @module
 */
import { decode as decodePng } from "fast-png";
import { decode } from "image-js";
import { decodeYcc } from "./jpeg.ts";

/** What a file says of itself, read before anything is decoded. */
export type Header = { width: number; height: number; /** EXIF's, 1–8. */ orientation: number };

/** Samples row by row: grey, grey and alpha, RGB or RGBA by `channels` (1–4), each 0 to `max`. */
export type Samples = { data: ArrayLike<number>; channels: number; max: number };

/** A format: its header and its samples. Both throw where the file is damaged or of another kind. */
export type Format = {
  readHeader(bytes: Uint8Array): Header;
  readSamples(bytes: Uint8Array, header: Header): Samples;
};

/** A file that may be whole, but is of a kind that is not read. The message names the kind. */
export class UnsupportedError extends Error {}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** Where the value of a TIFF field in the first directory is, and what it is. EXIF is TIFF, too. */
function findField(bytes: Uint8Array, tag: number) {
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  const directory = view.getUint32(4, little);
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) !== tag) continue;
    const short = view.getUint16(entry + 2, little) === 3;
    const at = entry + 8;
    return { at, little, value: short ? view.getUint16(at, little) : view.getUint32(at, little) };
  }
}

const TAG = { width: 256, height: 257, orientation: 274, samples: 277, planes: 284, tiles: 322 };

/** The orientation in an EXIF block; 1, upright, if there is none or it cannot be read. */
function readOrientation(exif: Uint8Array): number {
  try {
    const orientation = findField(exif, TAG.orientation)?.value ?? 1;
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  } catch {
    return 1;
  }
}

/** One byte per sample, from rows of 1-, 2- or 4-bit samples that each end on a whole byte. */
function unpackBits(data: ArrayLike<number>, width: number, height: number, depth: number) {
  const unpacked = new Uint8Array(width * height);
  const rowBytes = Math.ceil(width * depth / 8);
  for (let y = 0, i = 0; y < height; y++) {
    for (let bit = 0; bit < width * depth; bit += depth) {
      const byte = data[y * rowBytes + (bit >> 3)];
      unpacked[i++] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return unpacked;
}

/** RGBA from indices into a palette of RGB or RGBA entries. */
function usePalette(indices: ArrayLike<number>, palette: number[][]): Samples {
  const data = new Uint8Array(indices.length * 4);
  for (let i = 0; i < indices.length; i++) {
    const entry = palette[indices[i]];
    if (!entry) throw new Error(`no colour ${indices[i]} in a palette of ${palette.length}`);
    data.set(entry, 4 * i);
    if (entry.length < 4) data[4 * i + 3] = 255;
  }
  return { data, channels: 4, max: 255 };
}

/** Adds an alpha channel that is 0 where a pixel has the colour `key`. */
function useColourKey(samples: Samples, key: ArrayLike<number>): Samples {
  const { data: source, channels, max } = samples;
  const pixels = source.length / channels;
  const data = new Uint16Array(pixels * (channels + 1));
  for (let i = 0; i < pixels; i++) {
    let same = true;
    for (let c = 0; c < channels; c++) {
      const value = data[i * (channels + 1) + c] = source[i * channels + c];
      same &&= value === key[c];
    }
    data[i * (channels + 1) + channels] = same ? 0 : max;
  }
  return { data, channels: channels + 1, max };
}

const png: Format = {
  readHeader(bytes) {
    const view = viewOf(bytes);
    let orientation = 1;
    for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
      if (latin1(bytes.subarray(at + 4, at + 8)) === "eXIf") {
        orientation = readOrientation(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
      }
    }
    return { width: view.getUint32(16), height: view.getUint32(20), orientation };
  },
  readSamples(bytes, { width, height }) {
    const [colourType, interlaced] = [bytes[25], bytes[28]];
    if (interlaced && bytes[24] < 8) {
      throw new UnsupportedError("interlaced PNG with fewer than 8 bits");
    }
    const { data, depth, channels, palette, transparency } = decodePng(bytes, { checkCrc: true });
    const values = depth < 8 ? unpackBits(data, width, height, depth) : data;
    if (colourType === 3) return usePalette(values, palette ?? []);
    const samples = { data: values, channels, max: 2 ** depth - 1 };
    return transparency ? useColourKey(samples, transparency) : samples;
  },
};

/** What stands in a JPEG before its first scan. */
function readJpegHeader(bytes: Uint8Array) {
  const view = viewOf(bytes);
  const header = {
    frame: 0,
    depth: 0,
    width: 0,
    height: 0,
    components: 0,
    orientation: 1,
    adobe: -1,
    adobeAt: undefined as number | undefined,
  };
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at] === 0xff ? bytes[at + 1] : 0xff;
    if (marker === 0xff) at++; // a fill byte
    else if (marker === 0xda) break; // the first scan
    else {
      const end = at + 2 + view.getUint16(at + 2);
      const name = latin1(bytes.subarray(at + 4, at + 9));
      if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
        header.frame = marker;
        header.depth = bytes[at + 4];
        header.height = view.getUint16(at + 5);
        header.width = view.getUint16(at + 7);
        header.components = bytes[at + 9];
      } else if (marker === 0xe1 && name === "Exif\0") {
        header.orientation = readOrientation(bytes.subarray(at + 10, end));
      } else if (marker === 0xee && name === "Adobe") {
        header.adobeAt = at + 15;
        header.adobe = bytes[at + 15]; // 0: no colour transform
      }
      at = end;
    }
  }
  if (header.frame === 0) throw new Error("no frame header");
  return header;
}

const jpeg: Format = {
  readHeader: readJpegHeader,
  readSamples(bytes) {
    const { frame, depth, components, adobe, adobeAt } = readJpegHeader(bytes);
    if (frame > 0xc2) throw new UnsupportedError("JPEG that is lossless or arithmetic-coded");
    if (depth !== 8) throw new UnsupportedError(`JPEG of ${depth} bits`);
    if (components === 3 && adobe === 0) throw new UnsupportedError("JPEG of RGB, not YCbCr");
    if (components === 4 && adobe < 0) throw new UnsupportedError("CMYK JPEG without Adobe's mark");
    if (components === 3) return { data: decodeYcc(bytes, adobeAt), channels: 3, max: 255 };
    return readWithImageJs(bytes);
  },
};

const tiff: Format = {
  readHeader(bytes) {
    const width = findField(bytes, TAG.width)?.value ?? 0;
    return {
      width,
      height: findField(bytes, TAG.height)?.value ?? 0,
      orientation: readOrientation(bytes),
    };
  },
  readSamples(bytes, { orientation }) {
    if ((findField(bytes, TAG.samples)?.value ?? 1) > 1) {
      if (findField(bytes, TAG.planes)?.value === 2) throw new UnsupportedError("TIFF of planes");
      if (findField(bytes, TAG.tiles)) throw new UnsupportedError("TIFF of coloured tiles");
    }
    if (orientation === 1) return readWithImageJs(bytes);
    // The decoder takes upright pictures only; turning is done afterwards, for all formats alike.
    const upright = bytes.slice();
    const { at, little } = findField(upright, TAG.orientation)!;
    viewOf(upright).setUint16(at, 1, little);
    return readWithImageJs(upright);
  },
};

const bmp: Format = {
  readHeader(bytes) {
    const view = viewOf(bytes);
    if (view.getUint32(14, true) < 40) throw new UnsupportedError("BMP of OS/2");
    const height = view.getInt32(22, true);
    if (height < 0) throw new UnsupportedError("BMP stored top row first");
    return { width: view.getInt32(18, true), height, orientation: 1 };
  },
  readSamples(bytes) {
    const view = viewOf(bytes);
    const [headerSize, depth] = [view.getUint32(14, true), view.getUint16(28, true)];
    if (![1, 8, 24].includes(depth)) throw new UnsupportedError(`BMP of ${depth} bits`);
    const samples = readWithImageJs(bytes);
    if (depth === 24) return samples;
    const data = samples.data as Uint8Array;
    // The decoder gives indices (0 and 255 for one bit), not the colours of the palette: B, G, R, 0.
    const colours = bytes.subarray(14 + headerSize, view.getUint32(10, true));
    const palette = Array.from(
      { length: Math.floor(colours.length / 4) },
      (_, i) => [colours[4 * i + 2], colours[4 * i + 1], colours[4 * i]],
    );
    return usePalette(depth === 1 ? data.map((value) => value & 1) : data, palette);
  },
};

function readWithImageJs(bytes: Uint8Array): Samples {
  const image = decode(bytes);
  return { data: image.getRawImage().data, channels: image.channels, max: image.maxValue };
}

/** The formats by name, in the order in which messages list them. */
export const FORMATS: Record<string, Format> = { PNG: png, JPEG: jpeg, TIFF: tiff, BMP: bmp };
