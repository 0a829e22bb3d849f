/**
 * The Stop button of a notebook. It sends SIGINT to the kernel, which would end it and lose every
 * variable; a listener turns the signal into a request to stop, and a running loop obeys it.
 *
 * @module
 */

const listeners = new Set<() => void>();

/** Whether this code runs inside the Deno kernel of a notebook. */
export function inKernel(): boolean {
  try {
    // Reading it throws outside a kernel, where `"jupyter" in Deno` is true all the same.
    return Deno.jupyter !== undefined;
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
