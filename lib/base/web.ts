/**
 * What comes from the web, within bounds: so many seconds without a byte, so many bytes in all.
 *
 * @module
 */
import { cannot } from "./check.ts";

/** Ends a wait that has become too long. */
export type Patience = {
  /** Fires when nothing was heard for too long; its reason is an error that says so. */
  signal: AbortSignal;
  /** Something was heard: the time starts anew. */
  heard(): void;
  /** No longer waits. */
  end(): void;
};

/** Patience for so many seconds without a sign of life. */
export function patienceOf(seconds: number): Patience {
  const stall = new AbortController();
  const give = () => stall.abort(new Error(`no byte came for ${seconds} s`));
  let timer = setTimeout(give, seconds * 1000);
  return {
    signal: stall.signal,
    heard() {
      clearTimeout(timer);
      timer = setTimeout(give, seconds * 1000);
    },
    end: () => clearTimeout(timer),
  };
}

/** How much is taken from the web, or from a disk. */
export type ReadLimits = {
  /** The most bytes that are read. @default 1e9 */
  maxBytes?: number;
  /** Web: how many seconds may pass without a byte. @default 30 */
  patience?: number;
};

/**
 * What a web server answers, in full. Redirections are followed, to the web only.
 *
 * @param what What is being done, for messages.
 * @throws Error that names the address if the server does not have it, falls silent, breaks off or
 * sends too much.
 */
export async function fetchBytes(
  url: string,
  what: string,
  { maxBytes = 1e9, patience = 30 }: ReadLimits = {},
): Promise<Uint8Array> {
  const from = what.includes(url) ? "" : ` from ${url}`;
  const refusal = (rule: string, value: string, cause?: unknown) =>
    new Error(cannot(what, rule, value + from), { cause });
  const waiting = patienceOf(patience);
  try {
    const response = await fetch(url, { signal: waiting.signal });
    if (!response.ok) {
      await response.body?.cancel();
      const answer = `${response.status} ${response.statusText}`.trim();
      throw refusal("the server must have it", `the answer ${answer}`);
    }
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = Number(response.headers.get("Content-Length") ?? 0);
    const limit = () => {
      if (length > maxBytes) throw refusal(sizeRule(maxBytes), `${length} bytes or more`);
    };
    if (length > maxBytes) await response.body?.cancel();
    limit();
    length = 0;
    for await (const part of response.body ?? []) {
      waiting.heard();
      length += part.length;
      limit();
      parts.push(part);
    }
    return joined(parts, length);
  } catch (error) {
    // A missing permission says by itself which; a refusal of ours is ready.
    if (error instanceof Deno.errors.NotCapable) throw error;
    const { message } = error as Error;
    if (message.startsWith("Cannot ")) throw error;
    throw refusal("the server must answer in full", message, error);
  } finally {
    waiting.end();
  }
}

/** How messages word the limit on a file's size. */
export const sizeRule = (maxBytes: number): string =>
  `it must have at most ${maxBytes >= 1e6 ? `${maxBytes / 1e6} MB` : `${maxBytes} bytes`}`;

function joined(parts: Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
