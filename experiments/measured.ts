/**
 * What the benchmarks share: measurements in processes of their own, and what such a process knows of its
 * memory.
 *
 * @module
 */
import { type Stop, stopOnSignals } from "../lib/terminal/command.ts";

const root = new URL("../", import.meta.url);

let stop: Stop | undefined;

/** From now on a signal that ends this program ends what it measures, too. */
export function endTogether(): void {
  stop ??= stopOnSignals();
}

/**
 * What a command prints, run in the project's folder.
 *
 * @throws {Error} with its error output when it fails.
 */
export async function outputOf(command: string, args: string[]): Promise<string> {
  const options = { args, cwd: root, signal: stop?.signal };
  const { stdout, stderr, success } = await new Deno.Command(command, options).output();
  const code = stop?.code();
  if (code !== undefined) Deno.exit(code);
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
