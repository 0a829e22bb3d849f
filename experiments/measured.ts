/**
 * What the benchmarks share: measurements in processes of their own, and what such a process knows of its
 * memory.
 *
 * @module
 */

const root = new URL("../", import.meta.url);

/** Signals that end a benchmark, and the exit codes by which that is told. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * What a command prints, run in the project's folder. A signal that ends this program ends it, too.
 *
 * @throws {Error} with its error output when it fails.
 */
export async function outputOf(command: string, args: string[]): Promise<string> {
  const options = { args, cwd: root, stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(command, options).spawn();
  const listeners = Object.entries(SIGNALS).map(([name, code]) => {
    const listener = () => {
      child.kill("SIGKILL"); // what measures keeps nothing
      Deno.exit(code);
    };
    return [name as Deno.Signal, listener] as const;
  });
  const heard = listeners.filter(([name]) => Deno.build.os !== "windows" || name === "SIGINT");
  for (const [name, listener] of heard) Deno.addSignalListener(name, listener);
  const { stdout, stderr, success } = await child.output();
  for (const [name, listener] of heard) Deno.removeSignalListener(name, listener);
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** The object that a command prints as its last line. */
export async function measured<T>(command: string, args: string[]): Promise<T> {
  return JSON.parse((await outputOf(command, args)).split("\n").at(-1)!);
}

/** The median; of an even number of values the upper one of the middle. */
export const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

let sampled = 0;

/** The most memory that this process has had, in bytes; Linux keeps it, elsewhere it is sampled. */
export function peakBytes(): number {
  sampled = Math.max(sampled, Deno.memoryUsage().rss);
  try {
    const [, kib] = Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\s+(\d+)/)!;
    return Number(kib) * 1024;
  } catch {
    return sampled;
  }
}
