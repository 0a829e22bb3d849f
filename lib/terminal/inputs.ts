/**
 * What is checked and read before a run: that no file is both read and written, that results can be
 * written, and that the pictures are large enough.
 *
 * @module
 */
import { cannot, describe } from "../base/check.ts";
import { checkFileWritable, finalPath, nameSource } from "../base/files.ts";
import { checkSize, layersLike } from "../network/architecture.ts";
import type { Architecture } from "../network/architecture.ts";
import type { Picture } from "../picture/picture.ts";
import { readPicture } from "../picture/read.ts";
import { checkWritable } from "../picture/write.ts";
import { inOrder, isWeb, type OpenFile } from "../recipe/recipe.ts";
import type { Pictures, TextureOptions } from "../recipe/settings.ts";
import { withControls } from "../run/control.ts";
import { checkStylizeOptions, termsOf } from "../run/options.ts";
import { checkRegions } from "../run/pyramid.ts";
import { usage, UsageError } from "./command.ts";
import type { Files } from "./recall.ts";

/**
 * Refuses a path in two roles, of which one is to write; links are followed.
 *
 * @param read Places by how the command line calls them.
 * @throws {UsageError}
 */
export async function checkRoles(
  read: Readonly<Record<string, string | undefined>>,
  written: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const seen = new Map<string, string>();
  for (const [role, place] of Object.entries(read)) {
    if (place === undefined || isWeb(place)) continue;
    seen.set(await Deno.realPath(place).catch(() => place), role);
  }
  for (const [role, place] of Object.entries(written)) {
    if (place === undefined) continue;
    if (isWeb(place)) {
      throw new UsageError(cannot("run", `${role} must be a path`, describe(place)));
    }
    const path = finalPath(place, `write ${role} ${describe(place)}`);
    const other = seen.get(path);
    if (other !== undefined) {
      const rule = `${other} and ${role} must be different files`;
      throw new UsageError(cannot("run", rule, describe(path)));
    }
    seen.set(path, role);
  }
}

/**
 * Throws unless picture and trace can be written.
 *
 * @throws {UsageError} for an extension that no picture has.
 * @throws {Error} where nothing can be written.
 */
export async function checkOutputs(out: string, trace: string | undefined): Promise<void> {
  try {
    await checkWritable(out);
  } catch (error) {
    // The extension is the only thing that is out of range.
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  }
  if (trace !== undefined) await checkFileWritable(trace, `write the trace ${describe(trace)}`);
}

/** Calls `use` with the bytes of a file; what it throws names the file instead of them. */
export async function withName<T>(
  { place, bytes }: OpenFile,
  use: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  try {
    return await use(bytes);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const message = error.message.replaceAll(nameSource(bytes), describe(place));
    throw new Error(message, { cause: error });
  }
}

/** The picture in a file, resized. */
export const pictureIn = (file: OpenFile, maxSize?: number): Promise<Picture> =>
  withName(file, (bytes) => readPicture(bytes, { maxSize }));

/** The pictures of a run: contents and styles resized, masks as they are. */
export async function readPictures(
  files: Files,
  { size, styleSize }: { size: number; styleSize: number },
): Promise<Pictures> {
  // In turn, as decoding takes memory.
  const several = async (name: "style" | "styleRegions", maxSize?: number) => {
    const found: Picture[] = [];
    for (const file of inOrder(files, name)) found.push(await pictureIn(file, maxSize));
    return found;
  };
  const { contentRegions, content, start } = files;
  const [style, ...others] = await several("style", styleSize);
  const masks = await several("styleRegions");
  if ((contentRegions === undefined) !== (masks.length === 0)) {
    const rule = "--content-regions and --style-regions need each other";
    throw new UsageError(cannot("run", rule, contentRegions ? "no --style-regions" : "no other"));
  }
  return {
    content: content && await pictureIn(content, size),
    style: style!,
    others,
    start: start && await pictureIn(start),
    regions: contentRegions && { content: await pictureIn(contentRegions), styles: masks },
  };
}

/**
 * Throws what a run would throw when it begins: for settings that do not go together, and masks that do not
 * fit.
 *
 * @throws {UsageError}
 */
export function checkRun(architecture: Architecture, options: TextureOptions): void {
  checkSizes(architecture, options);
  usage(() => {
    checkStylizeOptions(architecture, options);
    checkRegions(architecture, options);
    termsOf(withControls(options));
  });
}

/**
 * Throws unless the pictures have a position at each of the layers that they are compared at.
 *
 * @throws {UsageError} that names the picture and the flag of its size.
 */
export function checkSizes(architecture: Architecture, { content, style }: TextureOptions): void {
  const ofStyle = layersLike(architecture, style.layers ?? architecture.layers);
  const ofContent = layersLike(architecture, content?.layers ?? []);
  const check = (name: string, flag: string, { width, height }: Picture, layers: string[]) => {
    try {
      checkSize(architecture, [1, height, width, 3], layers);
    } catch (error) {
      const rule = `${name} must be larger for the layers asked for`;
      const value = `${width}x${height}`;
      throw new UsageError(
        `${cannot("run", rule, value)}; give a larger ${flag}. ${(error as Error).message}`,
      );
    }
  };
  usage(() => {
    if (content) check("CONTENT", "--size", content.picture, [...ofContent, ...ofStyle]);
    for (const picture of [style.picture, ...style.others ?? []]) {
      check("STYLE", "--style-size", picture, ofStyle);
    }
  });
}
