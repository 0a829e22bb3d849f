/**
 * Being at home in a notebook: whether the code runs in one, its Stop button, and settings that a
 * headless run may override.
 *
 * Stop sends SIGINT to the kernel, which would end it and lose every variable. A listener turns the
 * signal into a request to stop, and a running loop obeys it.
 *
 * @module
 */

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
if (inKernel()) {
  Deno.addSignalListener("SIGINT", () => {
    for (const listener of [...listeners]) listener();
  });
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

/**
 * Counts from 0 to `count - 1` and ends early when Stop is pressed: for a loop of your own.
 *
 * @example
 * ```ts
 * import { untilStopped } from "stylebook";
 *
 * for await (const i of untilStopped(3)) console.log(i); // 0, 1, 2
 * ```
 */
export async function* untilStopped(count: number): AsyncGenerator<number, void, void> {
  let stopped = false;
  const forget = onInterrupt(() => stopped = true);
  try {
    for (let i = 0; i < count && !stopped; i++) {
      yield i;
      // A signal is delivered between macrotasks: a promise alone would not let it in.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    if (stopped) console.log("Stopped.");
  } finally {
    forget();
  }
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
