/**
 * Recycled buffers.
 *
 * A fresh array of 64 MB costs more than the loop that fills it: the system hands out its pages one
 * by one at the first touch. A step needs the same sizes as the step before, so released buffers
 * wait here for the next request of their length.
 *
 * @module
 */

/** Shorter arrays are cheap to make and not worth keeping. */
const SHORTEST = 1024;
/** Buffers that nobody asked for during so many passes of the network are dropped. */
const PATIENCE = 3;

/** How much longer than asked for a buffer may be. */
const SLACK = 2;

type Shelf = { free: ArrayBuffer[]; lastUse: number };

/**
 * Float32 buffers by length. A longer one serves as well: the parts that tiles cut out of features have
 * many sizes. What `take` returns holds arbitrary numbers.
 */
export class BufferPool {
  #shelves = new Map<number, Shelf>();
  #pass = 0;
  #furtherOwners = new WeakMap<Float32Array, number>();

  /** A buffer of `length` numbers, with arbitrary content. */
  take(length: number): Float32Array {
    const best = length < SHORTEST ? undefined : this.#bestShelf(length);
    if (!best) return new Float32Array(length);
    best.lastUse = this.#pass;
    return new Float32Array(best.free.pop()!, 0, length);
  }

  /** The shelf of the shortest buffer that is long enough, and not much longer. */
  #bestShelf(length: number): Shelf | undefined {
    const exact = this.#shelves.get(length);
    if (exact) exact.lastUse = this.#pass;
    if (exact && exact.free.length > 0) return exact;
    let best: [number, Shelf] | undefined;
    for (const [size, shelf] of this.#shelves) {
      const fits = size >= length && size <= SLACK * length && shelf.free.length > 0;
      if (fits && size < (best?.[0] ?? Infinity)) best = [size, shelf];
    }
    return best?.[1];
  }

  /** Says that a buffer has one more owner: it comes back when all have given it back. */
  share(buffer: Float32Array): void {
    this.#furtherOwners.set(buffer, (this.#furtherOwners.get(buffer) ?? 0) + 1);
  }

  /** How many owners a buffer has. */
  owners(buffer: Float32Array): number {
    return 1 + (this.#furtherOwners.get(buffer) ?? 0);
  }

  /** Takes back a buffer that `take` handed out and that nobody reads any more. */
  give(buffer: Float32Array): void {
    const owners = this.#furtherOwners.get(buffer) ?? 0;
    if (owners > 0) return void this.#furtherOwners.set(buffer, owners - 1);
    if (buffer.length < SHORTEST) return;
    const memory = buffer.buffer as ArrayBuffer;
    const size = memory.byteLength / 4;
    const shelf = this.#shelves.get(size);
    if (shelf) shelf.free.push(memory);
    else this.#shelves.set(size, { free: [memory], lastUse: this.#pass });
  }

  /** Marks the start of a pass and drops the buffers of sizes that have gone out of use. */
  startPass(): void {
    this.#pass++;
    for (const [length, { lastUse }] of this.#shelves) {
      if (this.#pass - lastUse > PATIENCE) this.#drop(length);
    }
  }

  /** Drops all buffers that wait for reuse. */
  clear(): void {
    for (const length of this.#shelves.keys()) this.#drop(length);
  }

  #drop(length: number): void {
    // Frees the memory now; the garbage collector may take its time.
    for (const buffer of this.#shelves.get(length)!.free) buffer.transfer(0);
    this.#shelves.delete(length);
  }

  /** Bytes that wait for reuse. */
  get bytes(): number {
    let sum = 0;
    for (const [length, { free }] of this.#shelves) sum += 4 * length * free.length;
    return sum;
  }
}
