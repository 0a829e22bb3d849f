/**
 * How much memory there is: of the machine, or of the container that the process runs in; and amounts of
 * it in words.
 *
 * @module
 */
import { cannot, describe } from "./check.ts";

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/**
 * A number of bytes, or a text such as `2GB`, `1.5 GB`, `800MB` (powers of 1000).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bytesOf } from "./memory.ts";
 *
 * assertEquals([bytesOf("2GB"), bytesOf("1.5 gb"), bytesOf(8e8)], [2e9, 1.5e9, 8e8]);
 * ```
 *
 * @param what What is being done, and how the amount is called, for messages.
 * @throws {RangeError} for anything else.
 */
export function bytesOf(amount: unknown, what = "run", name = "maxMemory"): number {
  const found = typeof amount === "string"
    ? /^\s*(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)\s*$/i.exec(amount)
    : undefined;
  const bytes = found ? Number(found[1]) * UNITS[found[2]!.toUpperCase()]! : amount;
  if (typeof bytes === "number" && Number.isFinite(bytes) && bytes > 0) return Math.round(bytes);
  const rule = `${name} must be a number of bytes above 0, or a text such as 2GB or 800MB`;
  throw new RangeError(cannot(what, rule, describe(amount)));
}

/** Bytes as people say them: `2.1 GB`, `850 MB`. */
export function bytesInWords(bytes: number): string {
  return bytes >= 999.5e6 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

/**
 * The bytes that may still be had: what the machine has available, or less where a limit of the container
 * (cgroup, version 1 or 2) leaves less. Undefined where the permission to ask is missing.
 *
 * @param root Where the limits of the container stand.
 */
export function freeMemory(root = "/sys/fs/cgroup"): number | undefined {
  const found = [ofMachine(), ofContainer(root)].filter((bytes) => bytes !== undefined);
  return found.length === 0 ? undefined : Math.max(0, Math.min(...found));
}

function ofMachine(): number | undefined {
  const query = { name: "sys", kind: "systemMemoryInfo" } as const;
  if (Deno.permissions.querySync(query).state !== "granted") return undefined;
  return Deno.systemMemoryInfo().available;
}

/** Limit less use; what is only cached of files can be given up, and is not counted as used. */
function ofContainer(root: string): number | undefined {
  const versions = [
    { limit: "memory.max", used: "memory.current", stat: "memory.stat" },
    {
      limit: "memory/memory.limit_in_bytes",
      used: "memory/memory.usage_in_bytes",
      stat: "memory/memory.stat",
    },
  ];
  for (const { limit, used, stat } of versions) {
    const most = Number(textOf(`${root}/${limit}`));
    // No limit is `max`, or more than any machine has.
    if (!(most > 0 && most < 2 ** 60)) continue;
    const cached = /^(?:total_)?inactive_file (\d+)$/m.exec(textOf(`${root}/${stat}`) ?? "");
    const now = Number(textOf(`${root}/${used}`) ?? 0);
    return most - Math.max(0, now - Number(cached?.[1] ?? 0));
  }
  return undefined;
}

function textOf(path: string): string | undefined {
  try {
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined; // there is none
  }
}
