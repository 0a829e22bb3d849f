/**
 * Being at home in a notebook: whether the code runs in one, its Stop button, and settings that a
 * headless run may override.
 *
 * Stop sends SIGINT to the kernel, which would end it and lose every variable. A listener turns the
 * signal into a request to stop, and a running loop obeys it.
 *
 * After Run All the kernel holds all further cells in a queue, and a Stop reaches only the one at work:
 * left alone, the next cell would begin the next long run. So a run refuses to begin
 * ({@linkcode StoppedError}) within {@linkcode QUEUE_MILLISECONDS} of a Stop, and each refusal, each
 * output and each picture that comes of a cell in the meantime starts that time anew: cells of a queue
 * follow one another without a pause, a reader's hand does not.
 *
 * @module
 */

import { letOthersIn } from "./turn.ts";

const listeners = new Set<() => void>();

/** Whether the code runs inside the Deno kernel of Jupyter. */
export function inKernel(): boolean {
  // Deno.jupyter exists everywhere, but reading it throws outside the kernel.
  try {
    return typeof Deno.jupyter.broadcast === "function";
  } catch {
    return false;
  }
}

// Once for as long as the kernel lives; outside a kernel Ctrl-C keeps its usual meaning.
if (inKernel()) Deno.addSignalListener("SIGINT", interrupt);

/** What the Stop button does: asks every loop at work to end, and the queue of cells with it. */
export function interrupt(): void {
  lastSign = performance.now();
  for (const listener of [...listeners]) listener();
}

/**
 * Calls `listener` whenever Stop is pressed.
 *
 * @returns a function that ends it.
 */
export function onInterrupt(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** As long as signs of life follow a Stop at most so far apart, they are a queue's, not a reader's. */
export const QUEUE_MILLISECONDS = 1500;

/** When the last sign of life of a stopped queue was seen; nothing while no Stop counts. */
let lastSign: number | undefined;

/** Says that a cell has shown or made something: the queue of a stopped Run All is still moving. */
export function noteActivity(): void {
  if (queueIsStopped()) lastSign = performance.now();
}

function queueIsStopped(): boolean {
  if (lastSign !== undefined && performance.now() - lastSign < QUEUE_MILLISECONDS) return true;
  lastSign = undefined;
  return false;
}

/** Thrown by a run that would have begun right after a Stop. */
export class StoppedError extends Error {
  override name = "Stopped";
  constructor() {
    super("Stopped a moment ago, so this did not begin: run this cell to go on");
    this.stack = `${this.name}: ${this.message}`; // where it happened is of no interest
  }
}

/** A run that Stop ends. */
export type Stoppable = {
  isStopped(): boolean;
  /** To be called when the run is over. */
  end(): void;
};

/**
 * Begins something that Stop can end.
 *
 * @throws {StoppedError} right after a Stop, when this is a cell of the queue that was stopped.
 */
export function stoppable(): Stoppable {
  if (queueIsStopped()) {
    lastSign = performance.now();
    throw new StoppedError();
  }
  let stopped = false;
  const forget = onInterrupt(() => stopped = true);
  return {
    isStopped: () => stopped,
    end() {
      forget();
      if (stopped) lastSign = performance.now();
      if (stopped && inKernel()) console.log("Stopped.");
      stopped = false;
    },
  };
}

/**
 * Counts from 0 to `count - 1` and ends early when Stop is pressed: for a loop of your own.
 *
 * @throws {StoppedError} right after a Stop, see {@linkcode stoppable}.
 *
 * @example
 * ```ts
 * import { untilStopped } from "stylebook";
 *
 * for await (const i of untilStopped(3)) console.log(i); // 0, 1, 2
 * ```
 */
export async function* untilStopped(count: number): AsyncGenerator<number, void, void> {
  const stop = stoppable();
  try {
    for (let i = 0; i < count && !stop.isStopped(); i++) {
      yield i;
      await letOthersIn();
    }
  } finally {
    stop.end();
  }
}

/** The symbol that the Deno kernel looks for on the value of a cell's last line. */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** Content by media type: what the kernel puts on the page. */
type Content = Record<string, string>;

const displays = new Map<string, (value: never) => Content>();

/** Says how a notebook shows the values of a kind; the room `display` does, for those made below it. */
export function showKind<T>(kind: string, display: (value: T) => Content): void {
  displays.set(kind, display as (value: never) => Content);
}

/**
 * The value itself, which a notebook shows as its kind says when it is the last line of a cell. It stays
 * plain data: what is added is a property that is not listed, so that JSON, `structuredClone`, `{ ...it }`
 * and comparisons know nothing of it.
 */
export function displayable<T extends object>(kind: string, value: T): T {
  noteActivity();
  const display = () => displays.get(kind)?.(value as never) ?? { "text/plain": kind };
  return Object.defineProperty(value, DISPLAY, { value: display, configurable: true });
}

/** Prints a line where somebody reads along, in a notebook; elsewhere the library keeps quiet. */
export function tellNotebook(line: string): void {
  if (inKernel()) console.log(line);
}

/**
 * A number of a notebook, or what the environment variable `STYLEBOOK_<NAME>` says instead: that is
 * how the notebooks are tried at tiny sizes.
 *
 * @example
 * ```ts
 * import { setting } from "stylebook";
 *
 * const size = setting("size", 300); // STYLEBOOK_SIZE
 * ```
 */
export function setting(name: string, value: number): number {
  const text = Deno.env.get(`STYLEBOOK_${name.toUpperCase()}`);
  const given = Number(text);
  return text && Number.isFinite(given) ? given : value;
}
