/**
 * From the bytes of a picture file to RGB values: the format is told by the content, never by the
 * name; the declared size is checked before anything is decoded; alpha is composed on white; the
 * picture is turned upright as its EXIF orientation says; colors are converted to sRGB.
 *
 * @module
 */
import { cannot } from "../base/check.ts";
import { readBmp, readBmpSize } from "./bmp.ts";
import { MAX_PIXELS } from "./picture.ts";
import { type Rgb, toRgb, UnsupportedError } from "./samples.ts";
import { firstLine, readHeader, readSamples } from "./vips.ts";

/** The formats that are read, in the order in which messages list them. */
const FORMATS = ["PNG", "JPEG", "TIFF", "WebP", "AVIF", "GIF", "BMP"];

/** How files begin: name, offset, characters. The first that fits counts. */
const SIGNATURES: [name: string, offset: number, text: string][] = [
  ["PNG", 0, "\x89PNG\r\n\x1a\n"],
  ["JPEG", 0, "\xff\xd8\xff"],
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  ["BMP", 0, "BM"],
  ["GIF", 0, "GIF8"],
  ["WebP", 8, "WEBP"],
  ["AVIF", 4, "ftypavi"],
  ["HEIC", 4, "ftyphei"],
  ["HEIC", 4, "ftyphev"],
  ["HEIC", 4, "ftypmif1"],
  ["HEIC", 4, "ftypmsf1"],
  ["a video", 4, "ftyp"],
  ["JPEG XL", 0, "\xff\x0a"],
  ["JPEG XL", 4, "JXL "],
  ["JPEG 2000", 4, "jP  "],
  ["a Photoshop file", 0, "8BPS"],
  ["PDF", 0, "%PDF"],
];

/** What else may help with a file that is not read. */
const HELP: Record<string, string> = {
  HEIC:
    "on an iPhone choose Settings, Camera, Formats, Most Compatible; elsewhere export it as JPEG",
};

/** The format's name; for what is no picture, words that say what it looks like. */
function recognize(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  const known = SIGNATURES.find(([, offset, text]) => start.startsWith(text, offset));
  // `mif1` is any HEIF: the list of compatible brands that follows says which.
  if (known?.[0] === "HEIC" && /^.{8}(mif1|msf1).{0,80}avi[fs]/s.test(start)) return "AVIF";
  if (known) return known[0];
  if (/^\W*<(!doctype html|html|head|body)/i.test(start)) return "a web page (HTML)";
  if (/^\W*<(\?xml|svg)/i.test(start)) return "SVG or XML";
  if (start.startsWith("version https://git-lfs")) return "a Git LFS pointer (run `git lfs pull`)";
  // deno-lint-ignore no-control-regex
  return /[\0-\x08]/.test(start) ? "of no known format" : "text";
}

/** A decoded picture, and sentences on its colors that begin after "The picture x". */
export type DecodedPicture = Rgb & { notes: string[] };

/**
 * The picture in `bytes`, upright, on white, in sRGB.
 *
 * @param what What is being done, for messages: `read the picture "x.png"`.
 * @throws RangeError if there is no picture in the bytes, or one that is too large, cut short,
 * damaged, or of a kind that is not read.
 */
export async function decodePicture(bytes: Uint8Array, what: string): Promise<DecodedPicture> {
  if (bytes.length === 0) {
    throw new RangeError(cannot(what, "the file must hold a picture", "0 bytes"));
  }
  const name = recognize(bytes);
  if (!FORMATS.includes(name)) {
    const help = HELP[name] ?? "convert other formats first";
    const rule = `its content must be one of ${FORMATS.join(", ")} (${help})`;
    throw new RangeError(cannot(what, rule, name));
  }
  const explain = (error: unknown) => {
    const message = firstLine(error);
    if (message.startsWith("Cannot ")) return error;
    const [rule, value] = isUnsupported(error)
      ? ["it must be of a common kind (save it as an 8-bit PNG or JPEG)", message]
      : [`the ${name} must be complete and undamaged`, `${bytes.length} bytes (${message})`];
    return new RangeError(cannot(what, rule, value), { cause: error });
  };
  try {
    if (name === "BMP") {
      const { width, height } = readBmpSize(bytes);
      checkSize(width, height, what);
      return { ...toRgb(readBmp(bytes), width, height), notes: [] };
    }
    const header = await readHeader(bytes, what);
    checkSize(header.width, header.height, what);
    checkLength(bytes, name, header.width, header.height);
    const { width, height, samples, notes } = await readSamples(bytes, header, what);
    return { ...toRgb(samples, width, height), notes };
  } catch (error) {
    throw explain(error);
  }
}

function checkSize(width: number, height: number, what: string): void {
  if (width > 0 && height > 0 && width * height <= MAX_PIXELS) return;
  const rule = `its size must be from 1x1 to ${MAX_PIXELS / 1e6} megapixels`;
  throw new RangeError(cannot(what, rule, `${width}x${height}`));
}

/**
 * Throws where a file is too short for the size that it declares, before memory is taken for it: deflate
 * makes at most 1032 bytes of one, and a block of 8x8 pixels takes at least a bit in a JPEG.
 */
function checkLength(bytes: Uint8Array, name: string, width: number, height: number): void {
  let least = 0;
  if (name === "PNG") {
    const samples = [1, 1, 3, 1, 2, 1, 4][bytes[25]!] ?? 1;
    least = height * (1 + Math.ceil(width * samples * bytes[24]! / 8)) / 1032;
  } else if (name === "JPEG") {
    least = Math.ceil(width / 8) * Math.ceil(height / 8) / 8;
  }
  if (bytes.length < least) throw new Error(`${width}x${height} pixels cannot be in so few`);
}

/** Decoders say in many words that they do not know a kind of file; its format we know ourselves. */
function isUnsupported(error: unknown): boolean {
  return error instanceof UnsupportedError ||
    /unsupported(?! image format)|not supported|not been built in/i.test((error as Error).message);
}
