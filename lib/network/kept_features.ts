/**
 * The features of a picture, kept to be compared with: in memory, and those of a large picture in a
 * temporary file, of which each tile reads its part. Beside a pass of the network that costs nothing.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Features, See } from "./features.ts";
import { shapesOf } from "./operation.ts";
import { cut, eachTile, type Rectangle, seeInTiles } from "./tiles.ts";

/** Features in memory or on disk. */
export type KeptFeatures = {
  /** A part of a layer, `[1, height, width, C]`; for use within `tf.tidy`. */
  part(layer: string, where: Rectangle): tf.Tensor4D;
  /** A whole layer, `[1, H, W, C]`; for use within `tf.tidy`. */
  whole(layer: string): tf.Tensor4D;
  /** How many numbers a layer has. */
  size(layer: string): number;
  /** Frees the memory, or the file. */
  dispose(): void;
};

/** More bytes than these of a picture in tiles are kept in a file. */
export const MOST_IN_MEMORY = 64e6;

/**
 * Computes the features of a picture `[1, H, W, 3]`, which stays the caller's, and keeps them.
 *
 * @param tile side of the tiles in which the network sees it; whole if left out
 * @param most bytes that are kept in memory; where no file can be written, all are
 */
export function keepFeatures(
  see: See,
  image: tf.Tensor4D,
  layers: readonly string[],
  tile: number | undefined,
  most: number = MOST_IN_MEMORY,
): KeptFeatures {
  const [, height, width] = image.shape;
  const shapes = shapesOf(see.architecture, [height, width]);
  const bytes = layers.reduce((sum, layer) => {
    const { height, width, channels } = shapes.get(layer)!;
    return sum + 4 * height * width * channels;
  }, 0);
  // A GPU's numbers cannot be waited for here.
  const file = tile !== undefined && bytes > most && tf.getBackend() !== "webgpu"
    ? openTemporary()
    : undefined;
  if (file) {
    try {
      return keepInFile(see, image, layers, tile, file);
    } catch (error) {
      file.close();
      if (!isFull(error)) throw error;
    }
  }
  return keptInMemory(seeInTiles(see, image, layers, tile));
}

/** Features that have been seen: they outlive `tf.tidy`, and are freed with what is kept. */
function keptInMemory(features: Features): KeptFeatures {
  for (const layer of Object.values(features)) tf.keep(layer);
  return {
    part: (layer, where) => cut(features[layer]!, where),
    whole: (layer) => features[layer]!,
    size: (layer) => features[layer]!.size,
    dispose: () => tf.dispose(features),
  };
}

/**
 * Keeps a copy of features that were seen for another reason, as those of the mixed image, though TensorFlow.js
 * may be recording what is computed: the copy is a constant to the gradient.
 */
export function keepSeen(features: Features, layers: readonly string[]): KeptFeatures {
  return keptInMemory(
    Object.fromEntries(layers.map((layer) => [layer, constantCopy(features[layer]!)])),
  );
}

/** A copy. What happens inside of an operation with a gradient of its own is not recorded. */
function constantCopy(features: tf.Tensor4D): tf.Tensor4D {
  let copy: tf.Tensor4D;
  const unrecorded = tf.customGrad((...inputs) => {
    copy = tf.keep(tf.add(inputs[0] as tf.Tensor4D, 0));
    return { value: tf.scalar(0), gradFunc: () => tf.zerosLike(features) };
  });
  unrecorded(features).dispose();
  return copy!;
}

function keepInFile(
  see: See,
  image: tf.Tensor4D,
  layers: readonly string[],
  tile: number | undefined,
  file: Temporary,
): KeptFeatures {
  const [, height, width] = image.shape;
  const shapes = shapesOf(see.architecture, [height, width]);
  const starts: Record<string, number> = {};
  let end = 0;
  for (const layer of layers) {
    starts[layer] = end;
    end += sizeOf(layer);
  }
  function sizeOf(layer: string): number {
    const { height, width, channels } = shapes.get(layer)!;
    return height * width * channels;
  }
  /** The rows of a part, as places in the file and among the part's numbers. */
  function eachRow(layer: string, where: Rectangle, visit: (at: number, from: number) => void) {
    const { width, channels } = shapes.get(layer)!;
    for (let row = 0; row < where.height; row++) {
      const place = (where.top + row) * width + where.left;
      visit(4 * (starts[layer]! + place * channels), row * where.width * channels);
    }
  }
  eachTile(see, image, layers, tile, (features, place) => {
    for (const layer of layers) {
      const where = place.of(layer);
      const values = features[layer]!.dataSync() as Float32Array;
      const length = values.length / where.height;
      eachRow(layer, where, (at, from) => file.write(at, values.subarray(from, from + length)));
    }
  });
  const part = (layer: string, where: Rectangle) => {
    const { channels } = shapes.get(layer)!;
    const values = new Float32Array(where.height * where.width * channels);
    const length = where.width * channels;
    eachRow(layer, where, (at, from) => file.read(at, values.subarray(from, from + length)));
    return tf.tensor4d(values, [1, where.height, where.width, channels]);
  };
  return {
    part,
    whole(layer) {
      const { height, width } = shapes.get(layer)!;
      return part(layer, { top: 0, left: 0, height, width });
    },
    size: sizeOf,
    dispose: file.close,
  };
}

/** Numbers in a file that nobody else sees. */
type Temporary = {
  write(at: number, values: Float32Array): void;
  read(at: number, values: Float32Array): void;
  close(): void;
};

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** Undefined where no file can be written. */
function openTemporary(): Temporary | undefined {
  const path = temporaryPath();
  if (path === undefined) return undefined;
  let file: Deno.FsFile | undefined = Deno.openSync(path, { read: true, write: true });
  // Its name goes at once, its numbers when it is closed, even if the process is killed.
  const gone = removed(path);
  return {
    write(at, values) {
      const bytes = bytesOf(values);
      file!.seekSync(at, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) done += file!.writeSync(bytes.subarray(done));
    },
    read(at, values) {
      const bytes = bytesOf(values);
      file!.seekSync(at, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) {
        const count = file!.readSync(bytes.subarray(done));
        if (!count) throw new Error("Cannot read the features of the content: their file ends");
        done += count;
      }
    },
    close() {
      file?.close();
      file = undefined;
      if (!gone) removed(path);
    },
  };
}

/** A new file; on disk, as the usual folder may be memory. */
function temporaryPath(): string | undefined {
  const name = "write" as const; // whoever has not allowed it is not asked now
  for (const dir of Deno.build.os === "linux" ? ["/var/tmp", undefined] : [undefined]) {
    if (Deno.permissions.querySync({ name, path: dir }).state !== "granted") continue;
    try {
      return Deno.makeTempFileSync({ dir, prefix: "stylebook-" });
    } catch {
      // the next one, or none
    }
  }
  return undefined;
}

function removed(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch {
    return false; // an open file stays on some systems
  }
}

const isFull = (error: unknown) =>
  /ENOSPC|no space|quota/i.test(error instanceof Error ? error.message : "");
