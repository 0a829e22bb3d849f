/**
 * Stand-ins for what surrounds a notebook: a kernel that keeps its messages, a console that keeps its lines.
 *
 * @module
 */

/** The lines that were printed while `run` ran. */
export async function printed(run: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const log = console.log;
  console.log = (line: unknown) => lines.push(String(line));
  try {
    await run();
  } finally {
    console.log = log;
  }
  return lines;
}

/** Runs with a kernel's broadcast in place and returns the messages that were sent. */
export async function inFakeKernel(run: () => Promise<void>) {
  const messages: { type: string; content: Record<string, unknown> }[] = [];
  const real = globalThis.Deno;
  const broadcast = (type: string, content: Record<string, unknown>) => {
    messages.push({ type, content });
    return Promise.resolve();
  };
  const fake = Object.create(real, { jupyter: { value: { broadcast } } });
  Object.defineProperty(globalThis, "Deno", { configurable: true, value: fake });
  try {
    await run();
  } finally {
    Object.defineProperty(globalThis, "Deno", { configurable: true, value: real });
  }
  return messages;
}
