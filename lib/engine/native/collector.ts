/**
 * Wakes V8's garbage collector between two steps. In the middle of a step most of what TensorFlow.js
 * has made is alive: a collection then keeps it, and takes it for something that lasts. After some
 * hundred steps that makes tens of megabytes.
 *
 * A program cannot call the collector, but large arrays make it run. Their memory is never touched,
 * so the system does not hand it out.
 *
 * @module
 */

/**
 * Two arrays of this size start a collection of young objects: those take more than 64 MB then. One of them
 * must be well below that: where a program has so much more than at the end of the last collection of old
 * objects, V8 starts the next one, at every step, on threads that the step needs.
 */
const YOUNG_BYTES = 36e6;
/** An array of this size starts one of old objects, too. */
const OLD_BYTES = 2 ** 27;
/** Between two collections of old objects, each of some 30 ms, are so many steps or milliseconds. */
const [STEPS, MILLISECONDS] = [20, 3000];

/** Arrays that start a collection of everything, whatever is alive; they take address space alone. */
const ALL = { bytes: 2 ** 30, count: 4 };

let steps = 0;
let lastOld = -Infinity;

/** To be called between two steps; takes about a millisecond. */
export function collectGarbage(): void {
  const now = performance.now();
  const old = ++steps % STEPS === 0 || now - lastOld > MILLISECONDS;
  if (old) [steps, lastOld] = [0, now];
  const bytes = old ? OLD_BYTES : YOUNG_BYTES;
  // The first one is garbage by the time that the second one is asked for.
  for (let i = 0; i < 2; i++) {
    const array = new ArrayBuffer(bytes);
    if (i === 1) array.transfer(0);
  }
}

/** For between two parts of a step that need much memory: takes some hundredths of a second. */
export function collectAllGarbage(): void {
  const arrays: ArrayBuffer[] = [];
  try {
    for (let i = 0; i < ALL.count; i++) arrays.push(new ArrayBuffer(ALL.bytes));
  } catch {
    // Not even the address space is to be had; the collector has run for that already.
  }
  for (const array of arrays) array.transfer(0);
}
