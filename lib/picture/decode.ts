/**
 * From the bytes of a picture file to RGB values: the format is told by the content, never by the
 * name; the declared size is checked before anything is decoded; alpha is composed on white; the
 * picture is turned upright as its EXIF orientation says. Colour profiles are not applied.
 *
 * @module
 */
import { cannot } from "../base/check.ts";
import { MAX_PIXELS } from "./picture.ts";
import { FORMATS, type Header, type Samples, UnsupportedError } from "./formats.ts";

/** RGB interleaved, row by row, 0–255; whole levels as bytes, a quarter of the memory. */
export type Rgb = { width: number; height: number; data: Float32Array | Uint8Array };

/** How files of a format begin: name, offset, characters. The first that fits counts. */
const SIGNATURES: [name: string, offset: number, text: string][] = [
  ["PNG", 0, "\x89PNG\r\n\x1a\n"],
  ["JPEG", 0, "\xff\xd8\xff"],
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  ["BMP", 0, "BM"],
  ["GIF", 0, "GIF8"],
  ["WebP", 8, "WEBP"],
  ["HEIC", 4, "ftyphei"],
  ["HEIC", 4, "ftyphev"],
  ["HEIC", 4, "ftypmif1"],
  ["HEIC", 4, "ftypmsf1"],
  ["AVIF", 4, "ftypavi"],
  ["a video", 4, "ftyp"],
  ["JPEG XL", 0, "\xff\x0a"],
  ["JPEG XL", 4, "JXL "],
  ["JPEG 2000", 4, "jP  "],
  ["a Photoshop file", 0, "8BPS"],
  ["PDF", 0, "%PDF"],
];

/** The format's name; for what is no picture, words that say what it looks like. */
function recognise(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  const known = SIGNATURES.find(([, offset, text]) => start.startsWith(text, offset));
  if (known) return known[0];
  if (/^\W*<(!doctype html|html|head|body)/i.test(start)) return "a web page (HTML)";
  if (/^\W*<(\?xml|svg)/i.test(start)) return "SVG or XML";
  // deno-lint-ignore no-control-regex
  return /[\0-\x08]/.test(start) ? "of no known format" : "text";
}

/** RGB of samples: grey is repeated, 16 bits keep their fractions, c a + 255 (1 - a) over white. */
function toRgb({ data, channels, max }: Samples, { width, height }: Header): Rgb {
  if (data.length !== width * height * channels) {
    throw new Error(`${data.length} samples for ${width}x${height} pixels`);
  }
  const hasAlpha = channels === 2 || channels === 4;
  let whole = data instanceof Uint8Array && max === 255;
  if (hasAlpha) {
    for (let i = channels - 1; whole && i < data.length; i += channels) whole = data[i] === max;
  }
  const rgb = new (whole ? Uint8Array : Float32Array)(width * height * 3);
  const isGrey = channels < 3;
  for (let from = 0, to = 0; from < data.length; from += channels) {
    const alpha = hasAlpha ? data[from + channels - 1] / max : 1;
    const white = 255 * (1 - alpha);
    for (let c = 0; c < 3; c++) {
      rgb[to++] = data[isGrey ? from : from + c] * (255 / max) * alpha + white;
    }
  }
  return { width, height, data: rgb };
}

/**
 * Turns a picture upright. Orientations (EXIF 2.3, tag 0x0112): 1 as it is, 2 left and right swapped,
 * 3 both swapped, 4 top and bottom swapped; 5–8 the same with rows stored as columns.
 */
function turnUpright(picture: Rgb, orientation: number): Rgb {
  if (orientation === 1) return picture;
  const { width: storedWidth, height: storedHeight, data: stored } = picture;
  const exchanged = orientation >= 5;
  const flipX = [2, 3, 7, 8].includes(orientation);
  const flipY = [3, 4, 6, 7].includes(orientation);
  const [width, height] = exchanged ? [storedHeight, storedWidth] : [storedWidth, storedHeight];
  const data = stored instanceof Uint8Array
    ? new Uint8Array(stored.length)
    : new Float32Array(stored.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = exchanged ? [y, x] : [x, y];
      const storedX = flipX ? storedWidth - 1 - column : column;
      const storedY = flipY ? storedHeight - 1 - row : row;
      const from = (storedY * storedWidth + storedX) * 3;
      data[to++] = stored[from];
      data[to++] = stored[from + 1];
      data[to++] = stored[from + 2];
    }
  }
  return { width, height, data };
}

/**
 * The picture in `bytes`, upright, on white.
 *
 * @param what What is being done, for messages: `read the picture "x.png"`.
 * @throws RangeError if there is no picture in the bytes, or one that is too large, cut short,
 * damaged, or of a kind that is not read.
 */
export function decodePicture(bytes: Uint8Array, what: string): Rgb {
  if (bytes.length === 0) {
    throw new RangeError(cannot(what, "the file must hold a picture", "0 bytes"));
  }
  const name = recognise(bytes);
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (!format) {
    const names = Object.keys(FORMATS).join(", ");
    const rule = `its content must be one of ${names} (convert other formats first)`;
    throw new RangeError(cannot(what, rule, name));
  }
  const read = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      const { message } = error as Error;
      const [rule, value] = isUnsupported(error)
        ? ["it must be of a common kind (save it as an 8-bit PNG or JPEG)", message]
        : [`the ${name} must be complete and undamaged`, `${bytes.length} bytes (${message})`];
      throw new RangeError(cannot(what, rule, value), { cause: error });
    }
  };
  const header = read(() => format.readHeader(bytes));
  const { width, height, orientation } = header;
  if (!(width > 0 && height > 0 && width * height <= MAX_PIXELS)) {
    const rule = `its size must be from 1x1 to ${MAX_PIXELS / 1e6} megapixels`;
    throw new RangeError(cannot(what, rule, `${width}x${height}`));
  }
  return turnUpright(read(() => toRgb(format.readSamples(bytes, header), header)), orientation);
}

/** Decoders say in many words that they do not know a kind of file. */
function isUnsupported(error: unknown): boolean {
  return error instanceof UnsupportedError ||
    /unsupported|not supported|only /i.test((error as Error).message);
}
