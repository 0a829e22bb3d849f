/**
 * The Jupyter side: are we in the kernel, and how does something get onto the page?
 *
 * Everything that is shown is a bundle: the same content in several formats, of which the page picks
 * the best that it can draw. A display id names an output, so that it can be drawn again in place.
 * Outside the kernel nothing here does anything.
 *
 * @module
 */
import { DISPLAY, inKernel, noteActivity } from "../base/notebook.ts";

export { DISPLAY };

/** The same content by media type; binary formats are in base64. */
export type Bundle = Record<string, string>;

/** Which output is meant, whether it is there already, and facts such as `{ "image/png": { width: 640 } }`. */
export type PublishOptions = {
  displayId?: string;
  update?: boolean;
  metadata?: Record<string, unknown>;
};

/** Something that puts a bundle on a page; tests pass their own. */
export type Publisher = (bundle: Bundle, options?: PublishOptions) => Promise<void>;

/** Something that a notebook can draw: as the last line of a cell, or anywhere by `await show(it)`. */
export type Figure = {
  /** The content in words and numbers, for terminals and screen readers. */
  readonly text: string;
  [DISPLAY](): Bundle;
};

/** A pause in milliseconds after an output: newer kernels may say "idle" before they have sent it. */
function settleTime(version: string): number {
  const [major = NaN, minor = NaN, patch = NaN] = version.split(".")
    .map((part) => Number.parseInt(part));
  const keepsOrder = major < 2 || (major === 2 && (minor < 8 || (minor === 8 && patch < 2)));
  return keepsOrder ? 0 : 10;
}

/**
 * Puts a bundle on the page, or draws over the output with the same display id if `update` is set.
 * Outside the kernel it does nothing.
 */
export async function publish(bundle: Bundle, options: PublishOptions = {}): Promise<void> {
  if (!inKernel()) return;
  noteActivity();
  const { displayId, update = false, metadata = {} } = options;
  await Deno.jupyter.broadcast(update ? "update_display_data" : "display_data", {
    data: bundle,
    metadata,
    transient: displayId === undefined ? {} : { display_id: displayId },
  });
  const pause = settleTime(Deno.version.deno);
  if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
}

/** Bytes as the base64 text that Jupyter's messages carry. */
export function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

// A promise that fails with nobody waiting for it leaves no trace in a notebook: print it.
if (inKernel()) {
  globalThis.addEventListener("unhandledrejection", (event) => {
    const reason = event.reason;
    console.error(`A promise failed and nobody was waiting for it: ${reason?.stack ?? reason}`);
  });
}
