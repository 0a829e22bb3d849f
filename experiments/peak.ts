/**
 * The memory of a process.
 *
 * @module
 */

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
