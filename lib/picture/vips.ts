/**
 * Decoding by sharp, the library libvips: PNG, JPEG, TIFF, WebP, AVIF and GIF. It is native code and
 * costs a moment to load, so it is loaded when the first picture is read.
 *
 * @module
 */
import type { Metadata, SharpOptions } from "sharp";
import { cannot } from "../base/check.ts";
import { MAX_PIXELS } from "./picture.ts";
import { numberedColors, profileName } from "./profile.ts";
import { type Samples, UnsupportedError } from "./samples.ts";

/** What a file says of itself, read before anything is decoded. */
export type Header = Metadata;

/** Samples, upright, and what a reader should know of their colours. */
export type Decoded = { width: number; height: number; samples: Samples; notes: string[] };

/** sharp itself; each file is read once, so that its cache would only take memory. */
async function load(what: string) {
  try {
    const { default: sharp } = await import("sharp");
    sharp.cache(false);
    return sharp;
  } catch (error) {
    const system = `${Deno.build.os} ${Deno.build.arch}`;
    const rule = "the library sharp must be there for this system (fetch the packages again with " +
      "`deno install --reload`; BMP pictures are read without it)";
    const value = `${system}: ${firstLine(error)}`;
    throw new Error(cannot(what, rule, value), { cause: error });
  }
}

/** The header of a file: its size, its kind, its profile. */
export async function readHeader(bytes: Uint8Array, what: string): Promise<Header> {
  const sharp = await load(what);
  return await sharp(bytes, { limitInputPixels: false }).metadata();
}

/**
 * The samples of a file, turned upright, in sRGB where its profile allows it.
 *
 * @throws UnsupportedError for a kind that would come out wrong, Error where the data are damaged or end
 * too early.
 */
export async function readSamples(
  bytes: Uint8Array,
  header: Header,
  what: string,
): Promise<Decoded> {
  const { depth, space, hasProfile, icc } = header;
  if (depth !== "uchar" && depth !== "ushort") throw new UnsupportedError(`samples of ${depth}`);
  const sharp = await load(what);
  const name = icc && profileName(icc);
  const warnings: string[] = [];
  const options: SharpOptions = {
    failOn: "error",
    limitInputPixels: MAX_PIXELS,
    sequentialRead: true,
  };
  const isInk = space === "cmyk" && !hasProfile;
  const source = sharp(bytes, options).autoOrient();
  source.on("warning", (warning: string) => warnings.push(warning));
  const image = isInk
    ? source.pipelineColourspace("cmyk").toColourspace("cmyk")
    : source.toColourspace(depth === "ushort" ? "rgb16" : "srgb");
  const { data, info } = await image.raw({ depth }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const deep = () => new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  const samples = {
    data: depth === "ushort" ? deep() : data,
    channels,
    max: largest(header),
    isInk,
  };
  return { width, height, samples, notes: notesOn(bytes, name, warnings) };
}

/** White: of 10 and 12 bits the lower bits of 16 stay empty. */
function largest({ depth, format, bitsPerSample }: Header): number {
  if (depth === "uchar") return 255;
  const bits = format === "heif" ? bitsPerSample ?? 16 : 16;
  return 2 ** 16 - 2 ** (16 - bits);
}

function notesOn(bytes: Uint8Array, name: string | undefined, warnings: string[]): string[] {
  const warning = warnings.find((text) => /profile|iCCP/i.test(text));
  const numbered = numberedColors(bytes);
  return [
    ...(warning
      ? [`has a color profile${name ? `, ${name},` : ""} that is not applied: ${warning}`]
      : []),
    ...(numbered && !name ? [`has colors (${numbered}) that are not converted to sRGB`] : []),
  ];
}

/** The first line of what a library says, without what the file's name says already. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replace("Input buffer has corrupt header:", "").trim();
  return text.split("\n", 1)[0]!;
}
