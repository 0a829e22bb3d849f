/**
 * Memory of another thread of the same process. Shared memory cannot be freed at once, and features are
 * too large to be copied: so threads tell each other where their buffers are. Who hands an address out
 * keeps the buffer, and stays away from what it has given others to write, until they have answered.
 *
 * @module
 */
import { addressOf } from "./ort_library.ts";

/** Where numbers are: the buffer, and which of its numbers. */
type Place = {
  readonly at: string;
  readonly bytes: number;
  readonly first: number;
  readonly length: number;
  readonly kind: Kind;
};

/** The kinds of arrays that threads show each other. */
const KINDS = { Float32Array, Float16Array, Int32Array };
type Kind = keyof typeof KINDS;

/** Whether this program may look at memory by its address (`--allow-ffi`). */
export function canShareMemory(): boolean {
  try {
    return Deno.UnsafePointer.of(new Float32Array(1)) !== null;
  } catch {
    return false;
  }
}

/** A task as text: its arrays as places in memory, all else as JSON. */
export function packTask(task: unknown): string {
  return JSON.stringify(task, (_, value) => {
    if (!ArrayBuffer.isView(value)) return value;
    const kind = value.constructor.name as Kind;
    const { buffer, byteOffset, length } = value as Float32Array;
    const place: Place = {
      at: String(addressOf(value) - byteOffset),
      bytes: buffer.byteLength,
      first: byteOffset,
      length,
      kind,
    };
    return place;
  });
}

/** Buffers are used again and again; to V8 each view of one is new memory, which makes it collect. */
const MOST_VIEWS = 256;
const views = new Map<string, ArrayBuffer>();
/** The steps of a run give the same tasks: to read one of them takes as long as to transform some tiles. */
const MOST_TASKS = 256;
const tasks = new Map<string, unknown>();

/** The task, its arrays as views of the other thread's memory; the same one for the same text. */
export function unpackTask(text: string): unknown {
  let task = tasks.get(text);
  if (task === undefined) {
    if (tasks.size >= MOST_TASKS) tasks.clear();
    tasks.set(text, task = readTask(text));
  }
  return task;
}

function readTask(text: string): unknown {
  if (views.size > MOST_VIEWS) views.clear();
  return JSON.parse(text, (_, value) => {
    if (typeof value?.at !== "string") return value;
    const { at, bytes, first, length, kind } = value as Place;
    const key = `${at} ${bytes}`;
    let memory = views.get(key);
    if (!memory) {
      const pointer = Deno.UnsafePointer.create(BigInt(at))!;
      memory = Deno.UnsafePointerView.getArrayBuffer(pointer, bytes);
      views.set(key, memory);
    }
    return new KINDS[kind](memory, first, length);
  });
}
